//===- Residual.td - A codec for what another one loses ----*- tablegen -*-===//
#ifndef ZQ_STAGES_RESIDUAL_TD
#define ZQ_STAGES_RESIDUAL_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_ResidualAttr : ZQ_TensorStage<"Residual", "residual"> {
  let summary = "What the stages below lose, by a codec of its own";
  let description = [{
    The tensor is stored twice: by the stages below, and what they lose of it
    aside.

    ```mlir
    #zq.codec<residual<[scale<1x?, f32>, quantize<si4>, pack]>,
              scale<1x?, f32>, quantize<si4>, pack>
    ```

    Takes in values and hands on f32 values; not lossless. Stream: `residual`,
    f32, f16 or bf16, or in a codec of its own. Decodes to `main + residual` in
    f32. A tensor stage: a contraction multiplies by each on its own. Where
    activations are known, errors are fed back as the residual is rounded.

    Constraints:
    * (residual 1) the residual is stored as f32, f16 or bf16, or has a codec.
  }];
  let parameters = (ins ZQ_Stored:$stored);
  let assemblyFormat = "`<` custom<Stored>($stored) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_RESIDUAL_TD
