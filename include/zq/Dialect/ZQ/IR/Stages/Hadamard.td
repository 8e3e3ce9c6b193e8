//===- Hadamard.td - Signed Walsh-Hadamard transform -------*- tablegen -*-===//
#ifndef ZQ_STAGES_HADAMARD_TD
#define ZQ_STAGES_HADAMARD_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_HadamardAttr : ZQ_TensorStage<"Hadamard", "hadamard", [],
    [DeclareAttrInterfaceMethods<TransformAttrInterface,
                                 ["getTransformBlock", "emitRuns"]>]> {
  let summary = "Walsh-Hadamard transform along one axis";
  let description = [{
    `y = c * H (s .* x)` for each block of the axis: `c = 1 / sqrt(n)`, H is the
    Hadamard matrix of the block's size n, and s are signs from a counter-based
    generator, or with no seed all 1 (`zq/Codec/Hadamard.h`). `block` is a power
    of two, or that times four times an odd number up to 45 (12, 20, 28 and so
    on to 180), and at most 16384. The tail that fills no block is cut into
    descending powers of two.

    ```mlir
    hadamard<axis = 1, block = 128, seed = 1>
    hadamard<axis = 1, block = 28>  // no signs
    hadamard<axis = 1, block = 11008, seed = 1>  // 172 * 64
    ```

    Takes in values and hands on f32 values; no streams; not lossless. A tensor
    stage, and being linear a transform: `zq-split-codecs` makes a `zq.rotate`
    of it, which `zq-move-rotations` moves.

    Constraints:
    * (hadamard 1) the axis is not negative;
    * (hadamard 2) the block is one of those above.
  }];
  let parameters = (ins "int64_t":$axis, "int64_t":$block,
                        OptionalParameter<"std::optional<uint64_t>">:$seed);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_HADAMARD_TD
