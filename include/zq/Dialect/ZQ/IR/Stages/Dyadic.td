//===- Dyadic.td - Integers times powers of two -----------*- tablegen -*-===//
#ifndef ZQ_STAGES_DYADIC_TD
#define ZQ_STAGES_DYADIC_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_DyadicAttr : ZQ_Stage<"Dyadic", "dyadic"> {
  let summary = "Each value as an integer mantissa, its exponent aside";
  let description = [{
    A value that is not negative becomes `m * 2^e`: m, an integer of `bits` bits
    (1 to 24) rounded half up, is handed on, and e is stored. HAWQ-V3 has its
    scales in this form, so that integers are rescaled by a multiplication and a
    shift.

    ```mlir
    scale<1x?, [dyadic<bits = 8>, pack]>
    ```

    Takes in values and hands on codes of `bits` bits, which decode to f32
    exactly; not lossless. Part: `exponent`, i8, of the tensor's shape, from -126
    to 128 - `bits` (`zq/Codec/Dyadic.h`).

    Constraints:
    * (dyadic 1) a mantissa has 1 to 24 bits.
  }];
  let parameters = (ins "int64_t":$bits);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_DYADIC_TD
