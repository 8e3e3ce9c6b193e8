//===- Offset.td - Offsets of blocks ----------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_OFFSET_TD
#define ZQ_STAGES_OFFSET_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_OffsetAttr
    : ZQ_Stage<"Offset", "offset",
               ["withPlainPart", "withLanes", "decodesInLanes"],
               [DeclareAttrInterfaceMethods<OffsetAttrInterface>]> {
  let summary = "One value per block, subtracted from its elements";
  let description = [{
    Moves each block towards zero by its `mean`, its least element (`min`) or
    the middle between the least and the greatest (`mid`). The block is `tensor`,
    or a size per dimension with `?` for a whole dimension. Offsets are stored as
    f32, f16, bf16, f8E4M3FN or f8E5M2, or by a codec of their own in brackets.

    ```mlir
    offset<1x32, f16, min>       // GGUF Q4_1
    offset<tensor, f32, mean>
    offset<1x32, [scale<1x8, f16, peak>, quantize<ui6>, pack], min>  // Q4_K
    offset<1x32, f16, min, rows = 16>  // in panels of 16 rows, as in `scale`
    ```

    Takes in values and hands on f32 values; not lossless. Part: `offset`, of one
    element per block with the tensor's rank. Decodes to `value + offset` in f32
    (`zq/Codec/Offset.h`).

    Constraints:
    * (offset 1) an offset is stored in one of the types of `scale` or has a
      codec;
    * (offset 2) that is not f8E8M0FNU;
    * (offset 3) block sizes are positive;
    * (offset 4) panels have 1 to 255 rows;
    * (offset 5) they are of offsets without a codec.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$block,
                        ZQ_Stored:$stored,
                        "::zq::codec::OffsetStatistic":$statistic,
                        "int64_t":$rows);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_OFFSET_TD
