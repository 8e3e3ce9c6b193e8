//===- Channels.td - Some channels by their own codec ------*- tablegen -*-===//
#ifndef ZQ_STAGES_CHANNELS_TD
#define ZQ_STAGES_CHANNELS_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_ChannelsAttr : ZQ_TensorStage<"Channels", "channels",
                                     ["getMainRatios"]> {
  let summary = "The first channels by a codec of their own";
  let description = [{
    The first channels along the axis are a side array, the others the main
    array: mixed precision. After `permute`, the first ones are the largest.

    ```mlir
    #zq.codec<channels<axis = 1, first = 32, [scale<1x?, f32>, quantize<si8>, pack]>,
              scale<1x?, f32>, quantize<si2>, pack>
    ```

    Takes in values and hands on f32 values; not lossless. Stream: `first`, f32,
    f16 or bf16, or in a codec of its own. A tensor stage: a contraction is split
    in two.

    Constraints:
    * (channels 1) the axis is not negative;
    * (channels 2) the number of channels is not negative;
    * (channels 3) the first part is stored as f32, f16 or bf16, or has a codec.
  }];
  let parameters = (ins "int64_t":$axis, "int64_t":$first, ZQ_Stored:$stored);
  let assemblyFormat = [{
    `<` `axis` `=` $axis `,` `first` `=` $first `,` custom<Stored>($stored) `>`
  }];
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_CHANNELS_TD
