//===- Scale.td - Scales of blocks -------------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_SCALE_TD
#define ZQ_STAGES_SCALE_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_ScaleAttr : ZQ_Stage<"Scale", "scale", ["withPlainPart", "withLanes",
                                          "decodesInLanes"],
    [DeclareAttrInterfaceMethods<TensorStageAttrInterface,
                                 ["isBlockStage", "canSplit"]>,
     DeclareAttrInterfaceMethods<FactorAttrInterface, ["isDivisor"]>]> {
  let summary = "One scale, and perhaps a zero point, per block of the tensor";
  let description = [{
    Divides each block by a scale such that it fills the range of the stage
    below. The block is `tensor`, or a size per dimension with `?` for a whole
    dimension; sizes need not divide the tensor's. Scales are stored as f32, f16,
    bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU, or by a codec of their own in brackets.

    ```mlir
    scale<tensor, f32>        // one for the whole tensor
    scale<1x16, f8E4M3FN>     // one per row and 16 columns
    scale<1x?, f32, l2>       // the norm of each row
    scale<1x128, bf16, zero>  // with zero point
    scale<1x128, f16, zero = [quantize<ui4>, pack], search>  // as GPTQ stores it
    scale<1x32, f8E8M0FNU, floor>  // OCP MX
    scale<tensor, f32, divide>     // stores the inverse, by which it divides
    scale<1x32, [scale<1x8, f16>, quantize<ui6>, pack]>  // scales of scales
    ```

    A zero point is added, so that blocks that do not lie around zero use all
    codes: with `zero` an integer, with `zero = ` a value, not rounded but by the
    float type or codec that it is stored in. It covers minimum to maximum.

    What a scale is chosen by:

    | | |
    |---|---|
    | `absmax`, or nothing | the largest magnitude fills the target; with a zero point minimum and maximum do |
    | `search` | the scale near that one with the least squared error in the block, after all stages below |
    | `peak` | the element of largest magnitude, sign included, maps to the end of the target farther from zero |
    | `meanabs`, `l2`, `rms` | the mean magnitude, norm or root mean square of the block itself |

    For f8E8M0FNU scales, `ceil` (or nothing) takes the next power of two, so
    that nothing saturates; `floor` the rule of OCP MX, 2^(floor(log2 extent) -
    floor(log2 limit)), so that the top of a binade may; `down` the power of two
    below, so that any of a binade may.

    With `divide` what is stored, in f32 or bf16, is what decoding divides by, as
    in compressed-tensors' NVFP4; its quotients round differently than products.

    With `rows = 16` scales, and zero points, that have no codec are stored in
    panels of 16 rows, column by column, for vector units that have a row in each
    lane; rows beyond the last one are zero. Those with a codec have a layout of
    their own: `scale<1x32, [scale<1x8, f16, rows = 16>, quantize<ui6>,
    pack<lanes = 16x1>]>`.

    Takes in values and hands on f32 values; not lossless. Parts: `scale`, of
    one element per block with the tensor's rank, and with a zero point `zero`, of
    the same shape, i8 where it is an integer. Decodes to `value * scale`, or
    `(value - zero) * scale`, in f32 with a rounding after each operation; with
    `divide` a division in the place of the product. Above a tensor stage, scales
    of 16 bits or more of whole dimensions (`1x?`, `tensor`) become an op on
    tensors. More on how scales are chosen and rounded is in `zq/Codec/Scale.h`.

    Constraints:
    * (scale 1) a scale is stored in one of the types above or has a codec;
    * (scale 2) block sizes are positive;
    * (scale 3) the same of a zero point that is no integer;
    * (scale 4) that is not f8E8M0FNU;
    * (scale 5) a zero point goes with `absmax` or `search`;
    * (scale 6) `floor` and `down` are rules for f8E8M0FNU;
    * (scale 7) panels have 1 to 255 rows;
    * (scale 8) they are of arrays without a codec, one at least;
    * (scale 9) a peak scale is not stored as f8E8M0FNU;
    * (scale 10) what divides is stored as f32 or bf16.
  }];
  let parameters = (ins
      ArrayRefParameter<"int64_t">:$block, ZQ_Stored:$stored,
      OptionalParameter<"::mlir::Attribute",
                        "unit for an integer, or how it is stored">:$zero,
      "::zq::codec::ScaleStatistic":$statistic,
      "::zq::codec::PowerOfTwoRule":$rule, "bool":$divide, "int64_t":$rows);
  let builders = [
    AttrBuilder<(ins "::llvm::ArrayRef<int64_t>":$block,
                     "::mlir::Attribute":$stored, "bool":$integerZero), [{
      return $_get($_ctxt, block, stored,
                   integerZero ? ::mlir::Attribute(::mlir::UnitAttr::get($_ctxt))
                               : ::mlir::Attribute(),
                   ::zq::codec::ScaleStatistic::AbsMax,
                   ::zq::codec::PowerOfTwoRule::Ceil, /*divide=*/false,
                   /*rows=*/0);
    }]>
  ];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether the zero point, if there is one, is an integer.
    bool hasIntegerZero() const {
      return ::llvm::isa_and_nonnull<::mlir::UnitAttr>(getZero());
    }
  }];
}

#endif // ZQ_STAGES_SCALE_TD
