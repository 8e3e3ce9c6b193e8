//===- Quantize.td - Values to small codes -----------------*- tablegen -*-===//
#ifndef ZQ_STAGES_QUANTIZE_TD
#define ZQ_STAGES_QUANTIZE_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_QuantizeAttr : ZQ_Stage<"Quantize", "quantize"> {
  let summary = "Values to the codes of an integer or a small float";
  let description = [{
    Rounds to the nearest number of the format and saturates. The format is one
    of

    | format | numbers | code |
    |---|---|---|
    | `siN`, `uiN`, N from 1 to 8 | all integers of the type | two's complement |
    | `siN, symmetric`, N at least 2 | without -2^(N-1) | two's complement |
    | `siN, bipolar` | the odd integers from -(2^N - 1) to 2^N - 1 | bit i stands for +-2^i |
    | `levels = L`, L odd, 3 to 255 | -(L-1)/2 to (L-1)/2; 3 is ternary | integer plus (L-1)/2 |
    | f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN, f8E5M2 | those of the type | bit pattern |
    | `eXmY`, `ueXmY` of at most 8 bits | floats of X exponent and Y mantissa bits, with sign and without | bit pattern |

    A float that no type names has the bias 2^(X-1) - 1, subnormals, and neither
    infinity nor NaN, but for the scale formats `ue4m3`, `ue5m3` and `ue8m0`
    (`zq/Codec/Minifloat.h`). What is negative goes to the least number of a
    format without sign.

    `ties` says where a value half way between two numbers goes: `even` (or up,
    where both are odd), `up`, `down`, `away` from zero or towards `zero`. With
    `stochastic` a value goes to one of its two neighbours at random, such that
    its mean is the value: by a counter-based generator of this seed and the
    element's index (`zq/Codec/Rounding.h`). Neither changes decoding.

    ```mlir
    quantize<ui4>
    quantize<f4E2M1FN>
    quantize<si4, symmetric, ties = away>
    quantize<si1, bipolar>        // the sign; that of 0 is +1
    quantize<levels = 3>          // ternary
    quantize<ue5m3>
    quantize<f4E2M1FN, stochastic = 42>
    ```

    Takes in values and hands on codes of as few bits as number them, which
    decode to f32; no streams; not lossless. NaN is not encoded.

    Constraints:
    * (quantize 1) the type is one of those above;
    * (quantize 2) `symmetric` and `bipolar` are for siN alone;
    * (quantize 3) symmetric integers have 2 to 8 bits;
    * (quantize 4) the number of levels is odd and from 3 to 255;
    * (quantize 5) stochastic rounding knows no ties.
  }];
  let parameters = (ins
    AttrParameter<"::mlir::zq::QuantizeFormat", "an integer grid or a float">:$format,
    AttrParameter<"::zq::codec::Ties", "where ties go">:$ties,
    AttrParameter<"::std::optional<uint64_t>", "seed of stochastic rounding">:$seed);
  let builders = [
    // Ties to even; requires a type that `quantize` can be given.
    AttrBuilder<(ins "::mlir::Type":$type), [{
      return $_get($_ctxt, *::mlir::zq::QuantizeFormat::get(type),
                   ::zq::codec::Ties::Even, ::std::nullopt);
    }]>
  ];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_QUANTIZE_TD
