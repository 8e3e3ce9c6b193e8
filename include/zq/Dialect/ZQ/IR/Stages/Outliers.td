//===- Outliers.td - The largest values aside --------------*- tablegen -*-===//
#ifndef ZQ_STAGES_OUTLIERS_TD
#define ZQ_STAGES_OUTLIERS_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_OutliersAttr : ZQ_TensorStage<"Outliers", "outliers"> {
  let summary = "The largest values aside, as a sparse matrix";
  let description = [{
    The largest fraction of all magnitudes is stored by compressed rows (CSR), a
    row being the elements along the last axis; the main array is 0 in their
    places. With `add`, what is stored is the difference to what the stages below
    make of that 0, and is added; with `replace` it is the value, and replaces
    what is decoded there.

    ```mlir
    outliers<fraction = 0.01, add, f16>
    outliers<fraction = 0.01, replace, f32>
    ```

    Takes in values and hands on f32 values; not lossless. Streams: `rows`, i32,
    one more than there are rows; `columns`, i32, and `values`, f32, f16, bf16,
    f8E4M3FN or f8E5M2, one for each outlier. A tensor stage: a contraction
    multiplies by what is added on its own.
  }];
  let parameters = (ins "::mlir::FloatAttr":$fraction, "bool":$replace,
                        ZQ_Stored:$stored);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_OUTLIERS_TD
