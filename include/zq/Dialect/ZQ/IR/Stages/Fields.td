//===- Fields.td - Fields of a float -----------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_FIELDS_TD
#define ZQ_STAGES_FIELDS_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_FieldsAttr : ZQ_Stage<"Fields", "fields"> {
  let summary = "A float's exponent on the main way, sign and mantissa aside";
  let description = [{
    Splits each value of a `bf16` tensor bit by bit: the exponent is handed on
    as an 8-bit code, `sign << 7 | mantissa` is a side stream. Every bit pattern
    survives.

    ```mlir
    fields<bf16>
    ```

    Takes in bf16 values and hands on 8-bit codes; lossless. Stream:
    `sign_mantissa`, i8 of the tensor's shape.
  }];
  let parameters = (ins "::mlir::Type":$type);
  let assemblyFormat = "`<` $type `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_FIELDS_TD
