//===- Huffman.td - Codes to a Huffman code ----------------*- tablegen -*-===//
#ifndef ZQ_STAGES_HUFFMAN_TD
#define ZQ_STAGES_HUFFMAN_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_HuffmanAttr
    : ZQ_Stage<"Huffman", "huffman", ["getChunk", "emitInit", "getGranule",
                             "getCodesCost"]> {
  let summary = "Codes, Huffman-coded in chunks of a fixed number of symbols";
  let description = [{
    Chunks run along the last axis and start on a byte, at the offset that a
    side stream gives; a row begins a chunk. `length` bounds the length of a code
    in bits (1 to 16), and so the size of the decode table. `chunk` is a multiple
    of 64 symbols.

    ```mlir
    huffman<chunk = 1024, length = 10>
    ```

    Takes in codes of at most `length` bits and ends the chain; lossless.
    Streams: `table`, i16, of `1 << length` entries `symbol | length << 8`;
    `offsets`, i32, the byte at which each chunk of each row begins; `bits`, i8,
    of a size that depends on the data, with 8 bytes of zeros at its end
    (`zq/Codec/Huffman.h`). Its decoder has state: the codes of a chunk,
    or the position in `bits` where chunks are long and on GPUs.

    Constraints:
    * (huffman 1) a chunk is a multiple of 64 symbols, at most 1048576;
    * (huffman 2) the longest code has 1 to 16 bits.
  }];
  let parameters = (ins "int64_t":$chunk, "int64_t":$length);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_HUFFMAN_TD
