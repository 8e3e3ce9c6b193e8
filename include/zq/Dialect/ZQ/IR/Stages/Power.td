//===- Power.td - Integers of a power of the value ---------*- tablegen -*-===//
#ifndef ZQ_STAGES_POWER_TD
#define ZQ_STAGES_POWER_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_PowerAttr : ZQ_Stage<"Power", "power"> {
  let summary = "Values to integers of a power of their magnitude";
  let description = [{
    PowerQuant. With Q = 2^(bits-1) - 1 a value x in [-1, 1] becomes
    `sign(x) * round(Q * |x|^exponent)`, in two's complement, and a code c reads
    as `sign(c) * (|c| / Q)^(1 / exponent)`. A scale above brings values into
    that range. `bits` is from 2 to 8; the exponent is positive. An exponent
    below 1 makes steps finer near zero; about 0.75 suits Gaussian values.

    ```mlir
    power<bits = 4, exponent = 7.500000e-01>
    ```

    Takes in values and hands on codes of `bits` bits, which decode to f32; no
    streams; not lossless. NaN is not encoded.

    Constraints:
    * (power 1) codes have 2 to 8 bits;
    * (power 2) the exponent is positive.
  }];
  let parameters = (ins "int64_t":$bits, APFloatParameter<"">:$exponent);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_POWER_TD
