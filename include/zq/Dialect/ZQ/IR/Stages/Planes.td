//===- Planes.td - The low bits of codes aside -------------*- tablegen -*-===//
#ifndef ZQ_STAGES_PLANES_TD
#define ZQ_STAGES_PLANES_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_PlanesAttr : ZQ_Stage<"Planes", "planes", ["withPlainPart"]> {
  let summary = "The low bits of codes aside, the upper ones handed on";
  let description = [{
    Cuts codes in two planes of bits. The upper bits are handed on as codes of
    their own, for an entropy stage or more planes; the `low` lowest ones are
    stored aside, one to a byte or by a codec of their own.

    ```mlir
    quantize<si8>, planes<low = 4, [pack]>, huffman<chunk = 1024, length = 8>
    planes<low = 2, [pack]>, planes<low = 2, [pack]>, pack  // 6 bits in three
    ```

    Takes in codes of at most 8 bits, more than `low`, and hands on the others;
    lossless where the codec of the low bits is. Stream: `low`, i8 of the
    tensor's shape, or those of its codec (`zq/Codec/Planes.h`).

    Constraints:
    * (planes 1) 1 to 7 bits are low.
  }];
  let parameters = (ins "int64_t":$low,
                        OptionalParameter<"::mlir::zq::CodecAttr">:$stored);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_PLANES_TD
