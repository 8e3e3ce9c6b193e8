//===- Placement.h - Where a decode runs, and what it costs ---------------===//
//
// The cost model. It knows no codec and no target: bytes follow from the
// streams, operations from what each stage states, lanes from the target.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_TRANSFORMS_PLACEMENT_H
#define ZQ_DIALECT_ZQ_TRANSFORMS_PLACEMENT_H

#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <optional>

namespace mlir::zq {

/// Whether `op` produces a weight: a decode, or elementwise work on one.
bool isWeight(Operation *op);

/// The decode at the beginning of a weight.
DecodeOp getDecode(Operation *weight);

/// What it takes to decode one value.
struct DecodeCost {
  /// Of all streams. An entropy-coded one counts with the bits that its codes
  /// have before.
  double bytes = 0;
  /// An operation on a vector counts for 1 / lanes.
  double operations = 0;
  /// Of the value in a tensor.
  double denseBytes = 0;
};

/// Where a decode runs.
enum class Placement {
  /// In the innermost loop, where its values are used; none is written.
  InRegisters,
  /// Once for each parallel tile, into a buffer that stays in cache.
  PerPanel,
  /// Once, into memory, before the op that uses it.
  UpFront,
};

StringRef stringify(Placement placement);

/// A placement and what it is predicted to cost in one run of the op.
struct Prediction {
  Placement placement;
  double bytesRead = 0;
  double operations = 0;
  double bytesWritten = 0;
  /// In operations; comparable among placements of one decode.
  double time = 0;
};

/// How often a consumer uses each value of a weight: in all, in a parallel
/// tile, and in a register tile. At least 1 each.
struct WeightUses {
  double whole = 1;
  double tile = 1;
  double registers = 1;
};

class CostModel {
public:
  /// For vectors of `lanes` f32.
  explicit CostModel(int64_t lanes) : lanes(lanes) {}

  /// The cost for the op's compressed tensor, averaged over its values.
  DecodeCost getDecodeCost(DecodeOp op) const;

  /// What `placement` costs for `values` that are each used as `uses` says.
  Prediction predict(Placement placement, const DecodeCost &cost, double values,
                     const WeightUses &uses) const;

  /// The placement that takes the least time.
  Prediction choose(const DecodeCost &cost, double values,
                    const WeightUses &uses) const;

private:
  int64_t lanes;
};

/// Says at `op` what became of it, for example "decode fused in registers:
/// ...", and the prediction. Goes to upstream's remark engine where that is on
/// (`--remarks-filter=zq-placement`; passed if the decode is `fused`, missed
/// otherwise), and is a diagnostic otherwise.
void remarkPlacement(DecodeOp op, bool fused, const Twine &what,
                     const Prediction &prediction);

} // namespace mlir::zq

#endif // ZQ_DIALECT_ZQ_TRANSFORMS_PLACEMENT_H
