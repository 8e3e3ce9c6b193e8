//===- Scale.td - Scales of blocks -------------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_SCALE_TD
#define ZQ_STAGES_SCALE_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_ScaleAttr : ZQ_Stage<"Scale", "scale", ["withPlainPart"]> {
  let summary = "One scale, and perhaps a zero point, per block of the tensor";
  let description = [{
    Divides each block by a scale such that it fills the range of the stage
    below. The block is `tensor`, or a size per dimension with `?` for a whole
    dimension; sizes need not divide the tensor's. Scales are stored as f32, f16,
    bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU. With `zero`, an integer zero point is
    added, so that blocks that do not lie around zero use all codes.

    ```mlir
    scale<tensor, f32>        // one for the whole tensor
    scale<1x16, f8E4M3FN>     // one per row and 16 columns
    scale<1x?, f32>           // one per row
    scale<1x128, bf16, zero>  // with zero point
    scale<1x32, [scale<1x8, f16>, quantize<ui6>, pack]>  // scales of scales
    ```

    Takes in values and hands on f32 values; not lossless. Streams: `scale`, of
    one element per block with the tensor's rank, and with a zero point `zero`,
    i8 of the same shape. Decodes to `value * scale`, or `(value - zero) * scale`,
    in f32 with a rounding after each operation. How a scale is chosen and
    rounded is in `zq/Codec/Scale.h`.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$block,
                        ZQ_Stored:$stored, "bool":$zero);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether one scale serves the whole tensor.
    bool isPerTensor() const { return getBlock().empty(); }
  }];
}

#endif // ZQ_STAGES_SCALE_TD
