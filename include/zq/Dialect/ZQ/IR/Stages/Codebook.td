//===- Codebook.td - Vectors to entries of codebooks -------*- tablegen -*-===//
#ifndef ZQ_STAGES_CODEBOOK_TD
#define ZQ_STAGES_CODEBOOK_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_CodebookAttr
    : ZQ_Stage<"Codebook", "codebook", ["withPlainPart", "getMainRatios"],
               [DeclareAttrInterfaceMethods<EntriesAttrInterface>]> {
  let summary = "Vectors to codes of learned entries, whose sum they are";
  let description = [{
    A vector of values along one axis becomes one `bits`-bit code (1 to 16) for
    each of `books` codebooks (1 to 16, 1 if left out); it decodes to the sum of
    their entries, in f32 in the order of the books. The whole tensor shares the
    books, or each `group` of it has its own; along the vectors' axis a group
    holds whole vectors. With `residual` (the default) a book holds what those
    before it leave; with `additive` the encoder refines all of them together,
    and the decoder is the same. Entries are stored as f32, f16, bf16, f8E4M3FN
    or f8E5M2, or with a codec of their own. How they are learned is in
    `zq/Codec/Codebook.h`.

    ```mlir
    codebook<1x8, bits = 16, f16>                       // along rows (AQLM 1x16)
    codebook<1x8, bits = 8, books = 2, additive, f16>   // AQLM 2x8
    codebook<8x1, bits = 16, f16>                       // down columns (VPTQ)
    codebook<1x1, bits = 4, group = 1x?, f16>           // a table for each row
    codebook<1x8, bits = 8, group = ?x8, f32>           // product quantization
    codebook<1x8, bits = 8, [scale<1x64, f16>, quantize<si8>, pack]>
    ```

    Takes in values and hands on codes: a dimension that vectors of L elements
    lie along has `ceildiv(d, L)`, and the last one `books` times as many, those
    of a vector as neighbours. Not lossless. Stream: `codebook`, of the tensor's
    rank with `ceildiv(d, group)` per dimension, the last times
    `books * 2^bits * L`.

    Constraints:
    * (codebook 1) a vector lies along one axis;
    * (codebook 2) a vector has 1 to 1024 elements;
    * (codebook 3) codes have 1 to 16 bits;
    * (codebook 4) there are 1 to 16 books;
    * (codebook 5) a group has the rank of a vector;
    * (codebook 6) a group holds whole vectors;
    * (codebook 7) an entry is stored in one of the types above or has a codec;
    * (codebook 8) that is not f8E8M0FNU.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$vector, "int64_t":$bits,
                        "int64_t":$books, "bool":$additive,
                        OptionalArrayRefParameter<"int64_t">:$group,
                        ZQ_Stored:$stored);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The axis that vectors lie along.
    int64_t getAxis() const;
    /// The elements of a vector.
    int64_t getLength() const { return getVector()[getAxis()]; }
  }];
}

#endif // ZQ_STAGES_CODEBOOK_TD
