//===- Sparse.td - N of every M values ---------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_SPARSE_TD
#define ZQ_STAGES_SPARSE_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_SparseAttr
    : ZQ_Stage<"Sparse", "sparse", ["withPlainPart", "getGranule", "getMainRatios"]> {
  let summary = "N of every M consecutive values, the others zero";
  let description = [{
    Keeps those N of every M consecutive values of a row (last axis) that are of
    largest magnitude, the earlier of equal ones, in their order. M is at most
    256. The stages below see a tensor of the kept values only. The last group
    of a row is filled up with zeros.

    ```mlir
    sparse<2:4, [pack]>
    sparse<2:4>          // one byte per position
    ```

    Takes in values and hands on f32 values, `ceildiv(d, M) * N` along the last
    dimension; not lossless. Stream: `index`, of the shape of what is handed on,
    the position of each value in its group, ascending: i8, or the streams of a
    codec that takes in codes of `ceil(log2(M))` bits.

    Constraints:
    * (sparse 1) at least one value of a group is kept and not all; a group has
      at most 256.
  }];
  let parameters = (ins "int64_t":$kept, "int64_t":$group,
                        "::mlir::zq::CodecAttr":$index);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Bits of a position.
    int64_t getIndexBits() const;
  }];
}

#endif // ZQ_STAGES_SPARSE_TD
