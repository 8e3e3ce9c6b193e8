//===- Rans.td - Codes to table-driven rANS ----------------*- tablegen -*-===//
#ifndef ZQ_STAGES_RANS_TD
#define ZQ_STAGES_RANS_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_RansAttr
    : ZQ_Stage<"Rans", "rans", ["getChunk", "emitInit", "getGranule",
                             "getCodesCost"]> {
  let summary = "Codes to chunks of rANS with a table, 32 states side by side";
  let description = [{
    Asymmetric numeral systems with probabilities in units of 2^-precision (1 to
    12) and 32 interleaved states of 32 bits, which take up words of 16 bits.
    `chunk`, a multiple of 64, is the number of symbols along the last axis that
    start with states of their own, 128 bytes.

    ```mlir
    rans<precision = 12, chunk = 4096>
    ```

    Takes in codes of at most 8 bits and ends the chain; lossless. Streams:
    `table`, i32, of `1 << precision` entries `symbol | (frequency - 1) << 8 |
    (slot - start) << 20`; `offsets`, i32, the word at which each chunk of each
    row begins; `words`, i16, of a size that depends on the data, with 32 zeros
    at its end (`zq/Codec/Rans.h`). The decoder has state: the 32 states and the
    position in `words`.

    Constraints:
    * (rans 1) the precision is 1 to 12 bits;
    * (rans 2) a chunk is a multiple of 64 symbols, at most 1048576.
  }];
  let parameters = (ins "int64_t":$precision, "int64_t":$chunk);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_RANS_TD
