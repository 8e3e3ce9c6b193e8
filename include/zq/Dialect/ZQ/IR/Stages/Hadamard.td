//===- Hadamard.td - Signed Walsh-Hadamard transform -------*- tablegen -*-===//
#ifndef ZQ_STAGES_HADAMARD_TD
#define ZQ_STAGES_HADAMARD_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_HadamardAttr : ZQ_TensorStage<"Hadamard", "hadamard", [],
    [DeclareAttrInterfaceMethods<TransformAttrInterface>]> {
  let summary = "Signed Walsh-Hadamard transform along one axis";
  let description = [{
    `y = c * H (s .* x)` for each block of the axis: H is the Hadamard matrix of
    the block's size n in natural order, `c = 1 / sqrt(n)`, and s are signs from
    a counter-based generator (`zq/Codec/Hadamard.h`). `block` is a power of two
    of at most 4096; the tail that fills no block is cut into descending powers
    of two.

    ```mlir
    hadamard<axis = 1, block = 128, seed = 1>
    ```

    Takes in values and hands on f32 values; no streams; not lossless. A tensor
    stage, and being orthogonal a transform: `zq-split-codecs` makes a
    `zq.rotate` of it, which `zq-move-rotations` moves.
  }];
  let parameters = (ins "int64_t":$axis, "int64_t":$block, "uint64_t":$seed);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_HADAMARD_TD
