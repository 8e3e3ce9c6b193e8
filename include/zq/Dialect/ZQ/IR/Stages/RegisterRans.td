//===- RegisterRans.td - rANS that fits vector registers ---*- tablegen -*-===//
#ifndef ZQ_STAGES_REGISTERRANS_TD
#define ZQ_STAGES_REGISTERRANS_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_RegisterRansAttr
    : ZQ_Stage<"RegisterRans", "register_rans",
               ["getChunk", "getRowsPerChunk", "emitInit",
                "getGranule", "withLanes", "getCodesCost"]> {
  let summary = "Codes to rANS whose model fits vector registers";
  let description = [{
    Asymmetric numeral systems with sixteen symbols, probabilities in units of
    1/256 and states of 16 bits, one for each of `lanes` (32, 64, 128 or 256),
    that take up bytes: no look-up leaves the registers. Of symbols of more than
    4 bits the rare ones are escapes, stored apart as bytes. A chunk is `rows`
    whole rows and costs about a byte for each lane; to decode a row, those
    before it in its chunk are decoded too.

    ```mlir
    register_rans<lanes = 64, rows = 4>
    ```

    Takes in codes of at most 8 bits and ends the chain; lossless. Streams:
    `frequencies`, i8, of the 16 ranks, 256 in all; `offsets`, i32, of each chunk
    the byte of `bits` at which it begins and, with escapes, the index of its
    first one; with escapes `palette`, i8, the symbol of each rank, and
    `escapes`, i8; `bits`, i8. The last two are of a size that depends on the
    data, with 64 bytes of zeros at their end (`zq/Codec/RegisterRans.h`). The
    decoder has state: low and high bytes of the lanes' states, and the places in
    `bits` and `escapes`.

    Constraints:
    * (register_rans 1) there are 32, 64, 128 or 256 lanes;
    * (register_rans 2) a chunk has one row or more.
  }];
  let parameters = (ins "int64_t":$lanes, "int64_t":$rows);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// What codes may be stored by that are read fast.
    static ::mlir::Attribute getRecoding(::mlir::MLIRContext *context);
  }];
}

#endif // ZQ_STAGES_REGISTERRANS_TD
