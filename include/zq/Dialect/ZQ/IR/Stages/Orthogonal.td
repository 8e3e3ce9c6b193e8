//===- Orthogonal.td - Rotation by a stored matrix ---------*- tablegen -*-===//
#ifndef ZQ_STAGES_ORTHOGONAL_TD
#define ZQ_STAGES_ORTHOGONAL_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_OrthogonalAttr : ZQ_TensorStage<"Orthogonal", "orthogonal", [],
    [DeclareAttrInterfaceMethods<TransformAttrInterface,
                                 ["getTransformBlock", "emitContraction"]>]> {
  let summary = "Rotation by a stored matrix along one axis";
  let description = [{
    `y = M x` for each whole block of n elements of the axis, decoded by
    `x = M^T y`; the rest of the axis stays as it is. The encoder draws M from
    the Haar measure by the seed; a file may hold any other one, such as one that
    was learned. With `per_block` each block has a matrix of its own.

    ```mlir
    orthogonal<axis = 1, block = 128, seed = 1>
    orthogonal<axis = 1, block = 64, seed = 1, per_block>
    ```

    Takes in values and hands on f32 values; not lossless. Stream: `matrix`, f32,
    [n, n] or [blocks, n, n]. Sums begin with 0 and run in ascending order, in
    f32 with a rounding after each operation. A tensor stage and a transform.

    Constraints:
    * (orthogonal 1) the axis is not negative;
    * (orthogonal 2) a block has 1 to 16384 elements.
  }];
  let parameters = (ins "int64_t":$axis, "int64_t":$block, "uint64_t":$seed,
                        "bool":$perBlock);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_ORTHOGONAL_TD
