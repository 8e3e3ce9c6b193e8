//===- Outliers.td - The largest values aside --------------*- tablegen -*-===//
#ifndef ZQ_STAGES_OUTLIERS_TD
#define ZQ_STAGES_OUTLIERS_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_OutliersAttr : ZQ_TensorStage<"Outliers", "outliers"> {
  let summary = "The largest values aside, as a sparse matrix";
  let description = [{
    The largest fraction of all magnitudes is stored by compressed rows (CSR), a
    row being the elements along the last axis; the main array is 0 in their
    places. With `search` it is not the largest magnitudes but those values
    without which the stages below err least (`zq/Codec/Outliers.h`). With `add`, what is stored is the difference to what the stages below
    make of that 0, and is added; with `replace` it is the value, and replaces
    what is decoded there.

    ```mlir
    outliers<fraction = 0.01, add, f16>
    outliers<fraction = 0.01, replace, f32>
    outliers<fraction = 0.01, add, search, f16>  // SpQR
    outliers<fraction = 0.01, add, [scale<256, f16>, quantize<si8>, pack]>
    ```

    Takes in values and hands on f32 values; not lossless. Streams: `rows`, i32,
    one more than there are rows; `columns`, i32, and `values`, f32, f16, bf16,
    f8E4M3FN or f8E5M2, one for each outlier. Values with a codec of their own,
    a tensor of rank 1, are as many as the fraction says, in parts per million
    and rounded down. A tensor stage: a contraction
    multiplies by what is added on its own.

    Constraints:
    * (outliers 1) the fraction is from 0 to 1;
    * (outliers 2) an outlier is stored in one of the types of `scale` or has a
      codec;
    * (outliers 3) that is not f8E8M0FNU.
  }];
  let parameters = (ins "::mlir::FloatAttr":$fraction, "bool":$replace,
                        "bool":$search, ZQ_Stored:$stored);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_OUTLIERS_TD
