//===- LowRank.td - A low-rank part beside the rest --------*- tablegen -*-===//
#ifndef ZQ_STAGES_LOWRANK_TD
#define ZQ_STAGES_LOWRANK_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_LowRankAttr : ZQ_TensorStage<"LowRank", "lowrank"> {
  let summary = "A low-rank part beside the rest";
  let description = [{
    `x = main + left * right` for the matrices of the last two dimensions. The
    factors are the leading terms of a singular value decomposition: with
    `value` that of x, and the main array is what they leave of it; with `error`
    that of what the stages below lose of x, which is the main array. With
    `search` both take turns, begun as with `value`, until they lose no less.

    ```mlir
    lowrank<rank = 8, value, f16>
    lowrank<rank = 64, search, f16>  // LQ-LoRA
    lowrank<rank = 8, error, [scale<1x?, f32>, quantize<si8>, pack]>
    ```

    Takes in values and hands on f32 values; not lossless. Streams: `left`
    [..., rows, rank] and `right` [..., rank, columns], f32, f16 or bf16, or in a
    codec of their own. Decodes to `main + sum`, the sum begun with 0 and in
    ascending order, in f32 with a rounding after each operation. A tensor stage:
    a contraction multiplies by the factors one after the other.

    Constraints:
    * (lowrank 1) the rank is positive;
    * (lowrank 2) a factor is stored as f32, f16 or bf16, or has a codec.
  }];
  let parameters = (ins "int64_t":$rank,
    AttrParameter<"::zq::codec::LowRank::Of", "what is decomposed">:$of,
    ZQ_Stored:$stored);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_LOWRANK_TD
