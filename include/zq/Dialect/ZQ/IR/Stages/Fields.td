//===- Fields.td - Fields of a float -----------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_FIELDS_TD
#define ZQ_STAGES_FIELDS_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_FieldsAttr : ZQ_Stage<"Fields", "fields", ["withPlainPart"]> {
  let summary = "A float's exponent on the main way, sign and mantissa aside";
  let description = [{
    Splits floats bit by bit. The exponent field, of e bits, is handed on as a
    code for an entropy stage; sign and mantissa, as good as random, are stored
    as codes of m + 1 bits, the sign on top, or by a codec of their own. Every
    bit pattern survives.

    ```mlir
    fields<bf16>            // of bf16 values: e = 8, m = 7
    fields<f16, [pack]>     // of f16 values: e = 5, the rest packed to 11 bits
    fields<f8E4M3FN, [pack]>  // of a quantizer's codes: e = 4, the rest 4 bits
    ```

    Takes in values of type f16, bf16 or f32, or the codes of `quantize` to a
    smaller float, and hands on e-bit codes; lossless. Stream: `sign_mantissa`,
    i8, i16 or i32 of the tensor's shape, or those of its codec
    (`zq/Codec/FloatFields.h`).

    Constraints:
    * (fields 1) the type is f16, bf16, f32 or a smaller float of `quantize`.
  }];
  let parameters = (ins "::mlir::Type":$type,
                        OptionalParameter<"::mlir::Attribute">:$stored);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_FIELDS_TD
