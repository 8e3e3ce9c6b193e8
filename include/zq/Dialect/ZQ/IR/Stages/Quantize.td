//===- Quantize.td - Values to small codes -----------------*- tablegen -*-===//
#ifndef ZQ_STAGES_QUANTIZE_TD
#define ZQ_STAGES_QUANTIZE_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_QuantizeAttr : ZQ_Stage<"Quantize", "quantize"> {
  let summary = "Values to the codes of an integer or a small float";
  let description = [{
    Rounds to nearest even and saturates. The type is `siN` or `uiN` with N from
    1 to 8, or f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2. A code is the
    bit pattern of the value, in two's complement for `siN`.

    ```mlir
    quantize<ui4>
    quantize<f4E2M1FN>
    ```

    Takes in values and hands on codes of the type's width, which decode to f32;
    no streams; not lossless. NaN is not encoded.
  }];
  let parameters = (ins "::mlir::Type":$type);
  let assemblyFormat = "`<` $type `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_QUANTIZE_TD
