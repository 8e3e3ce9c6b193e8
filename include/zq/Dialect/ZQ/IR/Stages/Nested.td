//===- Nested.td - Codes of many bits, read at fewer -------*- tablegen -*-===//
#ifndef ZQ_STAGES_NESTED_TD
#define ZQ_STAGES_NESTED_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_NestedAttr : ZQ_Stage<"Nested", "nested"> {
  let summary = "Codes of many bits, read at fewer";
  let description = [{
    Double Rounding: one stored tensor serves at several widths, which differ in
    the type alone. Codes of h bits, in two's complement as of `quantize<siN>`,
    are stored as they are; a code c reads as that of the integer
    `2^(h-l) * clamp(round(c / 2^(h-l)), -2^(l-1), 2^(l-1) - 1)` with l = `bits`
    of at most h. `ties` says where half way goes, as in `quantize`; the default
    is `even`. The scale above is the same for every width.

    ```mlir
    nested<bits = 4>
    nested<bits = 4, ties = up>
    ```

    Takes in codes of at most 8 bits and hands on the same; no streams; lossless
    only where `bits` is all of them.

    Constraints:
    * (nested 1) codes are read at 1 to 8 bits.
  }];
  let parameters = (ins "int64_t":$bits,
    AttrParameter<"::zq::codec::Ties", "where ties go">:$ties);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_NESTED_TD
