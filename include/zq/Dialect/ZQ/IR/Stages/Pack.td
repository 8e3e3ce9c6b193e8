//===- Pack.td - Codes to strings of bits ------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_PACK_TD
#define ZQ_STAGES_PACK_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_PackAttr : ZQ_Stage<"Pack", "pack", ["getGranule"]> {
  let summary = "N-bit codes, packed row by row";
  let description = [{
    Each row (last axis) is one string of bits, the code of element j at bits
    `[j * N, (j + 1) * N)`, lowest bit first, padded to a whole byte.

    Takes in N-bit codes and ends the chain; lossless. Stream: `codes`, i8 of the
    tensor's shape but for the last dimension, which is `ceildiv(d * N, 8)`.
  }];
  let assemblyFormat = "";
}

#endif // ZQ_STAGES_PACK_TD
