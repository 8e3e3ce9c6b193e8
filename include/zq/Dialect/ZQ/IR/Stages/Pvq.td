//===- Pvq.td - Pyramid vector quantization ----------------*- tablegen -*-===//
#ifndef ZQ_STAGES_PVQ_TD
#define ZQ_STAGES_PVQ_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_PvqAttr : ZQ_Stage<"Pvq", "pvq", ["getMainRatios", "getGranule",
                                       "getScalarGranule"]> {
  let summary = "Directions of vectors, as pulses on their coordinates";
  let description = [{
    Each vector of `length` neighbours of a row becomes the index of an integer
    vector p with as many `pulses` (the sum of |p_i|) as near to its direction
    as may be, in Fischer's order; it decodes to p / ||p||_2. The length of the
    vector is for a scale of the same blocks. `length` and `pulses` are at most
    1024, and there are at most 2^32 such vectors.

    ```mlir
    #zq.codec<scale<1x16, f16, l2>, pvq<length = 16, pulses = 12>, pack>
    ```

    Takes in values and hands on codes of as few bits as number the vectors,
    `ceildiv(d, length)` along the last dimension; no streams; not lossless.
    Details are in `zq/Codec/Pvq.h`. Vectors of at most 64 elements and 255
    pulses are decoded 16 at a time where registers hold vectors, longer ones
    one after the other, with a remark.

    Constraints:
    * (pvq 1) the length is 1 to 1024;
    * (pvq 2) there are 1 to 1024 pulses;
    * (pvq 3) there are at most 2^32 such vectors.
  }];
  let parameters = (ins "int64_t":$length, "int64_t":$pulses);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_PVQ_TD
