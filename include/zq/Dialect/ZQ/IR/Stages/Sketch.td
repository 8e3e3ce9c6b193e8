//===- Sketch.td - Gaussian projection ---------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_SKETCH_TD
#define ZQ_STAGES_SKETCH_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_SketchAttr : ZQ_TensorStage<"Sketch", "sketch", [],
    [DeclareAttrInterfaceMethods<TransformAttrInterface,
                                 ["getTransformBlock", "emitContraction"]>]> {
  let summary = "Gaussian projection, for unbiased inner products";
  let description = [{
    `y = S x` for each block of n elements along an axis, with a Gaussian matrix
    S, decoded by `x = sqrt(pi / 2) / n * S^T y`. Over a quantizer of one bit it
    is the quantized Johnson-Lindenstrauss transform, an unbiased estimator of
    inner products with unit vectors (`zq/Codec/Sketch.h`). A block is `block`
    elements, the whole axis unless that is given; of the last one, which may
    have fewer, as many rows and columns of S are used.

    ```mlir
    #zq.codec<scale<1x?, f32>, sketch<axis = 1, seed = 1>, quantize<si1>, pack>
    #zq.codec<scale<1x128, f32, l2>, sketch<axis = 1, block = 128, seed = 1>,
              quantize<si1, bipolar>, pack>
    ```

    Takes in values and hands on f32 values; not lossless. Stream: `matrix`, f32,
    [n, n]. Sums begin with 0 and run in ascending order, in f32 with a rounding
    after each operation, the factor last. A tensor stage and a transform: in a
    contraction, S x is computed of the activation, and never the estimate.

    Constraints:
    * (sketch 1) the axis is not negative;
    * (sketch 2) a block has 1 to 16384 elements.
  }];
  let parameters = (ins "int64_t":$axis,
                        OptionalParameter<"std::optional<int64_t>">:$block,
                        "uint64_t":$seed);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_SKETCH_TD
