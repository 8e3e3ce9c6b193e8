//===- Tables.td - A table chosen for every block ----------*- tablegen -*-===//
#ifndef ZQ_STAGES_TABLES_TD
#define ZQ_STAGES_TABLES_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_TablesAttr : ZQ_Stage<"Tables", "tables",
    ["withPlainPart", "withLanes", "decodesInLanes"],
    [DeclareAttrInterfaceMethods<FactorAttrInterface>,
     DeclareAttrInterfaceMethods<ChoiceAttrInterface>]> {
  let summary = "A scale and one of several tables per block of the tensor";
  let description = [{
    BitMoD. Every block has a scale and a tag, the number of the table that
    errs least on it; the scale is part of the stage because it depends on the
    table. Blocks and scales are written as in `scale`, tables as in `lookup`.
    There are two or more of them; a code and its tag fit 8 bits together.
    `tags` is a codec for the tags, without which each is an i8. With `rows = 16`
    scales and tags that have no codec are stored in panels of 16 rows, as those
    of `scale` are.

    ```mlir
    // FP3 with +3 or -3 in the place of the negative zero.
    tables<1x128, f16, [[-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0],
                        [-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0]],
           tags = [pack]>
    ```

    Takes in values and hands on codes of as few bits as number the longest
    table; not lossless. Streams: `scale` and `tag`, of one element per block
    with the tensor's rank. Decodes to `tables[tag][code] * scale` in f32. How
    encoding chooses is in `zq/Codec/Tables.h`.

    Constraints:
    * (tables 1) a scale is stored in one of the types of `scale` or has a
      codec;
    * (tables 2) there are two tables or more;
    * (tables 3) a table has 2 to 256 entries;
    * (tables 4) they are finite and increase;
    * (tables 5) a code and its tag have at most 8 bits;
    * (tables 6) panels have 1 to 255 rows;
    * (tables 7) they are of arrays without a codec, one at least.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$block,
                        ZQ_Stored:$stored,
                        ArrayRefParameter<"::mlir::DenseF32ArrayAttr">:$tables,
                        OptionalParameter<"::mlir::zq::CodecAttr">:$tags,
                        "int64_t":$rows);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Bits of a code, and of a tag.
    int64_t getCodeBits() const;
    int64_t getTagBits() const;
    /// What each code stands for under each tag that its bits can say: all
    /// tables behind one another, each as long as codes can reach. Whatever the
    /// streams say, nothing beyond them is read.
    ::llvm::SmallVector<float> getEntries() const;
  }];
}

#endif // ZQ_STAGES_TABLES_TD
