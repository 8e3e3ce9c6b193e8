//===- Permute.td - Another order along an axis ------------*- tablegen -*-===//
#ifndef ZQ_STAGES_PERMUTE_TD
#define ZQ_STAGES_PERMUTE_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_PermuteAttr : ZQ_TensorStage<"Permute", "permute", [],
    [DeclareAttrInterfaceMethods<TransformAttrInterface,
                                 ["movesElements", "emitLineParts"]>]> {
  let summary = "Another order along one axis";
  let description = [{
    `main[j] = value[order[j]]` along the axis. The encoder puts slices of larger
    norm first; a file may hold any order.

    ```mlir
    permute<axis = 1>
    ```

    Takes in values and hands on f32 values. Stream: `order`, i32, a permutation
    of the axis's positions. A tensor stage and, being orthogonal, a transform:
    in a contraction, the activation's elements are gathered in that order.

    Constraints:
    * (permute 1) the axis is not negative.
  }];
  let parameters = (ins "int64_t":$axis);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_PERMUTE_TD
