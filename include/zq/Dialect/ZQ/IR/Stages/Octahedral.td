//===- Octahedral.td - Triplets of a rotated vector --------*- tablegen -*-===//
#ifndef ZQ_STAGES_OCTAHEDRAL_TD
#define ZQ_STAGES_OCTAHEDRAL_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_OctahedralAttr
    : ZQ_Stage<"Octahedral", "octahedral", ["getMainRatios"]> {
  let summary = "Direction and length of three neighbours at a time";
  let description = [{
    The coder of OCTOPUS for unit vectors that are rotated at random: each
    triplet of a row has the coordinates of its direction on the octahedral map
    quantized to 2^(bits+1) levels each, and its length to 2^(bits-1). The tables
    are those that suit unit vectors of `dimension` elements (5 to 65536), as
    long as a row is meant to be. `bits` is 1 to 6.

    ```mlir
    #zq.codec<scale<1x?, f32, l2>, hadamard<axis = 1, block = 128, seed = 1>,
              octahedral<bits = 3, dimension = 128>, pack>
    ```

    Takes in values and hands on codes of 3 bits + 1 bits, `ceildiv(d, 3)` along
    the last dimension; no streams; not lossless. Details are in
    `zq/Codec/Octahedral.h`.

    Constraints:
    * (octahedral 1) bits are 1 to 6;
    * (octahedral 2) the dimension is 5 to 65536.
  }];
  let parameters = (ins "int64_t":$bits, "int64_t":$dimension);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_OCTAHEDRAL_TD
