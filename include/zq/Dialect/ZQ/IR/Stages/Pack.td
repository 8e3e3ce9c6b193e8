//===- Pack.td - Codes to strings of bits ------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_PACK_TD
#define ZQ_STAGES_PACK_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_PackAttr : ZQ_Stage<"Pack", "pack", ["getGranule", "withLanes", "getCodesCost"],
    [DeclareAttrInterfaceMethods<CodeSourceAttrInterface>]> {
  let summary = "N-bit codes, packed row by row";
  let description = [{
    Each row (last axis) is one string of bits, the code of element j at bits
    `[j * N, (j + 1) * N)`, lowest bit first, padded to a whole byte. Options
    lay the codes out otherwise:

    * `msb`: the first code in the highest bits of a byte, or word;
    * `word = 32` (8, 16, 32 or 64): no code straddles a little-endian word of so
      many bits, as in GPTQ and VPTQ;
    * `radix = 3` (3 to 255): codes are digits of this base, as many to a word (a
      byte without `word`) as fit;
    * `planar`: a plane for each bit of the codes, the highest first, as in
      any-precision formats;
    * `split`: a plane for each binary digit of N, the smallest first, of as many
      bits: 2 + 4 for the 6-bit floats of FP6-LLM;
    * `halves`: a byte (or word) holds one code of each half of the row - of each
      quarter, for 2 bits -, as in ZipCache; `halves = 32`, of each run of so many
      codes, as in GGUF's Q4_0;
    * `tile = 16x16`: not each row is a string but each such tile of the last two
      dimensions, row-major, padded with zero codes. The rows of a tile are whole
      bytes (words);
    * `lanes = 16x4`: tiles of 16 rows whose columns are taken 4 at a time: byte
      4 i + j of the first 64 is that of row i, column j, in its lowest bits, and
      above them those of columns 4 + j, 8 + j and so on. Codes whose width is
      no power of two are split. For vector units that have a row in each lane;
      goes with no other option.

    ```mlir
    pack
    pack<msb, word = 32>
    pack<radix = 3>
    pack<split, tile = 16x16>
    ```

    Takes in codes of 1 to 32 bits and ends the chain; lossless. Stream: `codes`,
    i8 of the tensor's shape but for the last dimension, which is the bytes of a
    row: `ceildiv(d * N, 8)` without options. With tiles its last three
    dimensions are the tiles along the last two, and the bytes of a tile
    (`zq/Codec/Pack.h`).
  }];
  let parameters = (ins "bool":$msb, "int64_t":$word, "int64_t":$radix,
                        "::zq::codec::PackLayout::Planes":$planes,
                        "bool":$halves, "int64_t":$run,
                        ArrayRefParameter<"int64_t">:$tile,
                        ArrayRefParameter<"int64_t">:$lanes);
  let builders = [
    /// Without options.
    AttrBuilder<(ins), [{
      return $_get($_ctxt, false, 0, 0,
                   ::zq::codec::PackLayout::Planes::Whole, false, 0,
                   ::llvm::ArrayRef<int64_t>(), ::llvm::ArrayRef<int64_t>());
    }]>
  ];
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    ::zq::codec::PackLayout getLayout() const;
    /// What codes may be stored by that are read fast: as they are.
    static ::mlir::Attribute getRecoding(::mlir::MLIRContext *context);
  }];
}

#endif // ZQ_STAGES_PACK_TD
