//===- Lattice.td - Vectors to points of a lattice ---------*- tablegen -*-===//
#ifndef ZQ_STAGES_LATTICE_TD
#define ZQ_STAGES_LATTICE_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_LatticeAttr : ZQ_Stage<"Lattice", "lattice", ["getMainRatios"]> {
  let summary = "Vectors to the nearest of a lattice's points";
  let description = [{
    `e8p` is the codebook of QuIP#: 2^16 points of E8 + 1/4 within [-2.75, 2.75],
    as its released code numbers them (`zq/Codec/Lattice.h`). Eight neighbours
    of a row are a vector.

    ```mlir
    #zq.codec<scale<1x?, f32, rms>, lattice<e8p>, pack>
    ```

    Takes in values and hands on 16-bit codes, `ceildiv(d, 8)` along the last
    dimension; no streams; not lossless.
  }];
  let assemblyFormat = "`<` `e8p` `>`";
}

#endif // ZQ_STAGES_LATTICE_TD
