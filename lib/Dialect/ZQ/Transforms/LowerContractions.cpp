//===- LowerContractions.cpp - Compute domains to loops of vectors --------===//
#include "ContractTiles.h"
#include "LaneKernel.h"
#include "LoopBuilder.h"
#include "LowerTiles.h"
#include "RoundedPanels.h"
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Vectors.h"
#include "zq/Dialect/ZQ/Transforms/Contractions.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>
#include <numeric>

namespace mlir::zq {
#define GEN_PASS_DEF_LOWERCONTRACTIONS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

//===----------------------------------------------------------------------===//
// zq.planes
//===----------------------------------------------------------------------===//

/// Magnitudes below this count as zero, so that no quotient overflows.
static constexpr float leastMagnitude = 0x1p-100f;

/// Columns of a group that are taken without a loop.
static constexpr int64_t longestRun = 32;

static int64_t getColumns(PlanesOp op) {
  return cast<RankedTensorType>(op.getSource().getType()).getDimSize(1);
}

namespace {

/// The loops of one `zq.planes`.
class PlanesLowering {
public:
  PlanesLowering(OpBuilder &b, PlanesOp op)
      : b(b), loc(op.getLoc()), op(op), loops(b, loc), count(op.getCount()),
        group(op.getGroup()),
        groupsOfRun(getRun(op.getScales(), getColumns(op), group) / group),
        rows(op.getRows()), width(std::gcd<int64_t>(group, 16)),
        floats(VectorType::get(width, b.getF32Type())),
        integers(VectorType::get(width, b.getI32Type())) {}

  SmallVector<Value> emit();

private:
  SmallVector<Value> emitRun(Value block, Value row, Value run,
                             ValueRange carried);
  SmallVector<Value> emitGroup(Value block, Value row, Value group,
                               Value factor, ValueRange carried);
  Value getRow(Value block, Value row) {
    return loops.add(loops.multiply(block, loops.index(rows)), row);
  }
  Value load(Value at, Value column);
  SmallVector<Value>
  forGroups(Value run, ValueRange carried,
            function_ref<SmallVector<Value>(Value, ValueRange)> body);
  SmallVector<Value>
  emitVectors(Value column, ValueRange carried,
              function_ref<SmallVector<Value>(Value, ValueRange)> body);
  Value emitExtent(Value at, Value run);
  SmallVector<Value> emitIntegers(Value values, Value inverse);
  SmallVector<Value> emitParts(ArrayRef<Value> values);
  Value constant(float value) {
    return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
  }
  Value splat(VectorType type, int64_t value) {
    return mlir::zq::splat(b, loc, type, value);
  }
  Value broadcast(Value value) {
    return vector::BroadcastOp::create(
        b, loc, VectorType::get(width, value.getType()), value);
  }

  OpBuilder &b;
  Location loc;
  PlanesOp op;
  LoopBuilder loops;
  int64_t count, group, groupsOfRun, rows, width;
  VectorType floats, integers;
};

} // namespace

/// `width` elements of row `at`; zeros beyond its end, and beyond the last row.
Value PlanesLowering::load(Value at, Value column) {
  Value height = tensor::DimOp::create(b, loc, op.getSource(), 0);
  Value last = arith::SubIOp::create(b, loc, height, loops.index(1));
  Value inside = arith::MinUIOp::create(b, loc, at, last);
  Value values = vector::TransferReadOp::create(
      b, loc, floats, op.getSource(), ValueRange{inside, column},
      std::optional<Value>(constant(0)),
      ArrayRef<bool>(getColumns(op) % group == 0));
  Value exists =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, at, height);
  Value zeros = arith::ConstantOp::create(b, loc, b.getZeroAttr(floats));
  return arith::SelectOp::create(b, loc, exists, values, zeros);
}

/// What `body` makes of `carried` with each group of run `run`, of which the
/// last one may have fewer.
SmallVector<Value> PlanesLowering::forGroups(
    Value run, ValueRange carried,
    function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  if (groupsOfRun == 1)
    return body(run, carried);
  Value begin = loops.multiply(run, loops.index(groupsOfRun));
  Value end = arith::MinUIOp::create(
      b, loc, loops.add(begin, loops.index(groupsOfRun)),
      loops.index(llvm::divideCeil(getColumns(op), group)));
  auto loop = scf::ForOp::create(
      b, loc, begin, end, loops.index(1), carried,
      [&](OpBuilder &, Location, Value group, ValueRange carried) {
        scf::YieldOp::create(b, loc, body(group, carried));
      });
  return loop.getResults();
}

/// What `body` makes of `carried` with each vector of the group that begins at
/// `column`, given where the vector begins.
SmallVector<Value> PlanesLowering::emitVectors(
    Value column, ValueRange carried,
    function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  SmallVector<Value> values(carried);
  if (group <= longestRun) {
    for (int64_t i = 0; i < group; i += width)
      values = body(loops.add(column, loops.index(i)), values);
    return values;
  }
  auto loop = scf::ForOp::create(
      b, loc, loops.index(0), loops.index(group), loops.index(width), values,
      [&](OpBuilder &, Location, Value i, ValueRange carried) {
        scf::YieldOp::create(b, loc, body(loops.add(column, i), carried));
      });
  return loop.getResults();
}

/// The largest magnitude of a run; infinity or NaN where there is one.
Value PlanesLowering::emitExtent(Value at, Value run) {
  // As integers, the bits of magnitudes have their order, NaN last.
  auto raise = [&](Value begin, ValueRange carried) -> SmallVector<Value> {
    Value bits = arith::BitcastOp::create(b, loc, integers, load(at, begin));
    bits = arith::AndIOp::create(b, loc, bits, splat(integers, 0x7fffffff));
    return {arith::MaxUIOp::create(b, loc, carried[0], bits)};
  };
  Value largest =
      forGroups(run, splat(integers, 0), [&](Value group, ValueRange carried) {
        Value column = loops.multiply(group, loops.index(this->group));
        return emitVectors(column, carried, raise);
      }).front();
  Value bits = vector::ReductionOp::create(b, loc, vector::CombiningKind::MAXUI,
                                           largest);
  return arith::BitcastOp::create(b, loc, b.getF32Type(), bits);
}

/// The planes of `values` times `inverse`, rounded to nearest even; one for
/// 16-bit integers.
SmallVector<Value> PlanesLowering::emitIntegers(Value values, Value inverse) {
  // Added to 1.5 * 2^23 an integer is in the lowest bits.
  Value magic = broadcast(constant(0x1.8p23f));
  Value shifted = arith::AddFOp::create(
      b, loc, arith::MulFOp::create(b, loc, values, inverse), magic);
  Value q = arith::SubIOp::create(
      b, loc, arith::BitcastOp::create(b, loc, integers, shifted),
      arith::BitcastOp::create(b, loc, integers, magic));
  if (count == 1)
    return {q};
  Value high = arith::ShRSIOp::create(
      b, loc, arith::AddIOp::create(b, loc, q, splat(integers, 128)),
      splat(integers, 8));
  Value low = arith::SubIOp::create(
      b, loc, q, arith::ShLIOp::create(b, loc, high, splat(integers, 8)));
  return {high, low};
}

/// What is stored of the planes `values`, with a row for each four columns: the
/// bytes of each, or the even columns' 16-bit integers and the odd ones'.
SmallVector<Value> PlanesLowering::emitParts(ArrayRef<Value> values) {
  auto type = cast<RankedTensorType>(op.getPlanes().getType());
  int64_t depth = type.getDimSize(4);
  auto narrow = VectorType::get(width, type.getElementType());
  SmallVector<Value> parts;
  for (Value value : values)
    parts.push_back(arith::TruncIOp::create(b, loc, narrow, value));
  if (op.getLimit()) {
    auto both = vector::DeinterleaveOp::create(b, loc, parts.front());
    parts.assign(both->result_begin(), both->result_end());
  }
  auto rows =
      VectorType::get({width / laneDepth, depth}, type.getElementType());
  for (Value &part : parts)
    part = vector::ShapeCastOp::create(b, loc, rows, part);
  return parts;
}

/// One run of one row: returns the four results with it.
SmallVector<Value> PlanesLowering::emitRun(Value block, Value row, Value run,
                                           ValueRange carried) {
  Value extent = emitExtent(getRow(block, row), run);
  float limit = op.getLimit() ? *op.getLimit() : count == 1 ? 127 : 32512;
  Value infinity = constant(std::numeric_limits<float>::infinity());
  Value isFinite = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT,
                                         extent, infinity);
  extent = arith::SelectOp::create(
      b, loc,
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, extent,
                            constant(leastMagnitude)),
      extent, constant(leastMagnitude));
  Value inverse = arith::DivFOp::create(b, loc, constant(limit), extent);
  Value scale = arith::DivFOp::create(b, loc, extent, constant(limit));
  scale = arith::SelectOp::create(
      b, loc, isFinite, scale,
      constant(std::numeric_limits<float>::quiet_NaN()));
  Value factor = broadcast(inverse);
  SmallVector<Value> results(carried);
  results[1] = loops.insert(scale, results[1], {block, run, row});
  return forGroups(run, results, [&](Value group, ValueRange carried) {
    return emitGroup(block, row, group, factor, carried);
  });
}

/// The planes of one group of one row, and their sum.
SmallVector<Value> PlanesLowering::emitGroup(Value block, Value row,
                                             Value group, Value factor,
                                             ValueRange carried) {
  Value planes = carried[0], starts = carried[2], totals = carried[3], total;
  Value at = getRow(block, row);
  Value column = loops.multiply(group, loops.index(this->group));
  SmallVector<Value> sums(count, splat(integers, 0));
  sums.insert(sums.begin(), planes);
  sums = emitVectors(column, sums, [&](Value begin, ValueRange carried) {
    SmallVector<Value> results(carried);
    SmallVector<Value> values = emitIntegers(load(at, begin), factor);
    Value depth = arith::DivUIOp::create(b, loc, begin, loops.index(laneDepth));
    for (auto [sum, value] :
         llvm::zip(MutableArrayRef(results).drop_front(), values))
      sum = arith::AddIOp::create(b, loc, sum, value);
    for (auto [part, narrow] : llvm::enumerate(emitParts(values))) {
      // Every fourth column begins another row.
      auto map =
          AffineMap::getMultiDimMapWithTargets(5, {1, 4}, b.getContext());
      results[0] =
          vector::TransferWriteOp::create(
              b, loc, narrow, results[0],
              ValueRange{block, depth, loops.index(part), row, loops.index(0)},
              map, ArrayRef<bool>{true, true})
              .getResult();
    }
    return results;
  });
  planes = sums.front();
  sums.erase(sums.begin());
  for (Value plane : sums) {
    Value sum =
        vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD, plane);
    // 256 times the one plane and the other.
    if (total)
      total = arith::ShLIOp::create(
          b, loc, total, arith::ConstantIntOp::create(b, loc, 8, 32));
    total = total ? arith::AddIOp::create(b, loc, total, sum).getResult() : sum;
  }
  Value negated = arith::ConstantIntOp::create(
      b, loc, -static_cast<int64_t>(op.getOffset()), 32);
  starts = loops.insert(arith::MulIOp::create(b, loc, total, negated), starts,
                        {block, group, row});
  total = arith::SIToFPOp::create(b, loc, b.getF32Type(), total);
  totals = loops.insert(total, totals, {block, group, row});
  return {planes, carried[1], starts, totals};
}

SmallVector<Value> PlanesLowering::emit() {
  Value height = tensor::DimOp::create(b, loc, op.getSource(), 0);
  Value blocks = arith::CeilDivUIOp::create(b, loc, height, loops.index(rows));
  SmallVector<Value> results;
  for (Value result : op.getResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<Value> dynamic;
    if (type.isDynamicDim(0))
      dynamic.push_back(blocks);
    results.push_back(tensor::EmptyOp::create(b, loc, type, dynamic));
  }
  int64_t runs = llvm::divideCeil(getColumns(op), group * groupsOfRun);
  auto loop = [&](Value end, ValueRange carried,
                  function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    auto loop = scf::ForOp::create(
        b, loc, loops.index(0), end, loops.index(1), carried,
        [&](OpBuilder &, Location, Value i, ValueRange values) {
          scf::YieldOp::create(b, loc, body(i, values));
        });
    return SmallVector<Value>(loop.getResults());
  };
  return loop(blocks, results, [&](Value block, ValueRange values) {
    return loop(loops.index(rows), values, [&](Value row, ValueRange values) {
      return loop(loops.index(runs), values, [&](Value run, ValueRange values) {
        return emitRun(block, row, run, values);
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// zq.contract
//===----------------------------------------------------------------------===//

/// Bytes of the activation that several panels are multiplied with before the
/// next: they lie in the second cache, with results of few pages.
static constexpr int64_t roundBytes = 1 << 18;

namespace {

class ContractLowering {
public:
  ContractLowering(OpBuilder &b, ContractOp op, LaneKernel &kernel)
      : b(b), loc(op.getLoc()), op(op), kernel(kernel), loops(b, loc),
        lanes(op.getLanes()) {}

  Value emit();

private:
  Value emitRounds(Value into, function_ref<Value(Value, Value, Value)> body);
  Value emitPanels(Value first, Value into);
  Value emitPanel(Value panel, Value into, Value column, bool isWhole,
                  Value begin, Value end);
  Value writeRows(ArrayRef<Value> sums, Value block, Value into, Value column,
                  bool isWhole);

  OpBuilder &b;
  Location loc;
  ContractOp op;
  LaneKernel &kernel;
  LoopBuilder loops;
  int64_t lanes;
  /// Whether the sums are the result.
  bool startsFromZero = false;
};

} // namespace

/// Adds the sums of a block of rows to `into`, at `column`, or writes them.
Value ContractLowering::writeRows(ArrayRef<Value> sums, Value block, Value into,
                                  Value column, bool isWhole) {
  auto type = cast<RankedTensorType>(into.getType());
  int64_t rows = sums.size();
  Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0));
  Value height = tensor::DimOp::create(b, loc, into, 0);
  for (int64_t row = 0; row < rows; ++row) {
    Value sum = sums[row];
    Value at =
        loops.add(loops.multiply(block, loops.index(rows)), loops.index(row));
    auto add = [&](Value into) -> Value {
      Value after = sum;
      if (!startsFromZero) {
        Value before = vector::TransferReadOp::create(
            b, loc, cast<VectorType>(sum.getType()), into,
            ValueRange{at, column}, std::optional<Value>(zero),
            ArrayRef<bool>(isWhole));
        after = arith::AddFOp::create(b, loc, before, sum);
      }
      return vector::TransferWriteOp::create(b, loc, after, into,
                                             ValueRange{at, column},
                                             ArrayRef<bool>(isWhole))
          .getResult();
    };
    if (!type.isDynamicDim(0) && type.getDimSize(0) % rows == 0) {
      into = add(into);
      continue;
    }
    Value exists =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, at, height);
    into =
        scf::IfOp::create(
            b, loc, exists,
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(b, loc, add(into));
            },
            [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, into); })
            .getResult(0);
  }
  return into;
}

/// The blocks of rows of the activation from `begin` up to `end` with one
/// panel, which is written from `column` of `into` on.
Value ContractLowering::emitPanel(Value panel, Value into, Value column,
                                  bool isWhole, Value begin, Value end) {
  return loops.loop(begin, end, 1, into, [&](Value block, Value carried) {
    return writeRows(kernel.emitSums(panel, block), block, carried, column,
                     isWhole);
  });
}

/// What `body` makes of `into` with all blocks of rows, some at a time where
/// there are many: as many as stay in cache while it goes over several panels.
Value ContractLowering::emitRounds(
    Value into, function_ref<Value(Value, Value, Value)> body) {
  auto result = cast<RankedTensorType>(op.getResult().getType());
  auto weight = cast<CompressedTensorType>(op.getWeight().getType());
  int64_t rows = kernel.getRows();
  int64_t bytes = weight.getShape()[1] * kernel.getElementBytes();
  int64_t round = std::max<int64_t>(roundBytes / (bytes * rows), 1);
  Value height = tensor::DimOp::create(b, loc, into, 0);
  Value blocks = arith::CeilDivUIOp::create(b, loc, height, loops.index(rows));
  if (!result.isDynamicDim(0) && result.getDimSize(0) <= round * rows)
    return body(loops.index(0), blocks, into);
  return loops.loop(loops.index(0), blocks, round, into,
                    [&](Value begin, Value carried) {
                      Value end = loops.add(begin, loops.index(round));
                      end = arith::MinUIOp::create(b, loc, end, blocks);
                      return body(begin, end, carried);
                    });
}

/// The panels from `first` on, whose rows are the columns of `into`.
Value ContractLowering::emitPanels(Value first, Value into) {
  int64_t columns = cast<RankedTensorType>(into.getType()).getDimSize(1);
  int64_t count = columns / lanes;
  return emitRounds(into, [&](Value begin, Value end, Value into) {
    into = loops.loop(loops.index(0), loops.index(count), 1, into,
                      [&](Value i, Value carried) {
                        return emitPanel(loops.add(first, i), carried,
                                         loops.multiply(i, loops.index(lanes)),
                                         /*isWhole=*/true, begin, end);
                      });
    if (columns % lanes)
      into =
          emitPanel(loops.add(first, loops.index(count)), into,
                    loops.index(count * lanes), /*isWhole=*/false, begin, end);
    return into;
  });
}

Value ContractLowering::emit() {
  auto [result, isZero] = emitDestination(b, loc, op.getInit());
  startsFromZero = isZero;
  // A part of the result is a task of its own.
  if (Value row = op.getRow())
    return emitPanels(arith::DivUIOp::create(b, loc, row, loops.index(lanes)),
                      result);
  int64_t height =
      cast<CompressedTensorType>(op.getWeight().getType()).getShape()[0];
  int64_t panels = height / lanes, task = getPanelsPerTask(panels);
  if (panels) {
    result = loops.tasks(
        panels / task, result,
        [&](Value i, Value whole) {
          return TaskSlice{
              {b.getIndexAttr(0), loops.multiply(i, loops.index(task * lanes))},
              {tensor::getMixedSize(b, loc, whole, 0),
               b.getIndexAttr(task * lanes)}};
        },
        [&](Value i, Value slice) {
          return emitPanels(loops.multiply(i, loops.index(task)), slice);
        });
  }
  if (height % lanes)
    result = emitRounds(result, [&](Value begin, Value end, Value into) {
      return emitPanel(loops.index(panels), into, loops.index(panels * lanes),
                       /*isWhole=*/false, begin, end);
    });
  return result;
}

static LogicalResult lower(ContractOp op) {
  OpBuilder b(op);
  auto weight = cast<CompressedTensorType>(op.getWeight().getType());
  auto types = weight.getStreamTypes(op);
  if (failed(types))
    return op.emitOpError("has a weight whose decoder is missing");
  SmallVector<Type> streamTypes(types->begin(), types->end());
  SmallVector<Value> streams;
  b.createOrFold<DisassembleOp>(streams, op.getLoc(), streamTypes,
                                op.getWeight());
  auto parts = getStoredParts(op.getLoc(), weight.getCodec(), weight.getShape(),
                              weight.getElementType(), streams, op);
  if (failed(parts))
    return failure();
  LaneKernel kernel(b, op, std::move(*parts));
  Value result = op.isOnTiles()    ? lowerContractOnTiles(b, op, kernel)
                 : op.getRounded() ? lowerRoundedContract(b, op, kernel)
                                   : ContractLowering(b, op, kernel).emit();
  op.getResult().replaceAllUsesWith(result);
  auto fill = op.getInit().getDefiningOp<linalg::FillOp>();
  op.erase();
  if (fill && fill->use_empty())
    fill.erase();
  return success();
}

namespace {
struct LowerContractionsPass
    : mlir::zq::impl::LowerContractionsBase<LowerContractionsPass> {
  void runOnOperation() override {
    SmallVector<PlanesOp> planes;
    SmallVector<TilesOp> tiles;
    SmallVector<ContractOp> contracts;
    SmallVector<ContractRowsOp> rows;
    getOperation().walk([&](Operation *op) {
      if (auto own = dyn_cast<PlanesOp>(op))
        planes.push_back(own);
      if (auto own = dyn_cast<TilesOp>(op))
        tiles.push_back(own);
      if (auto own = dyn_cast<ContractOp>(op))
        contracts.push_back(own);
      if (auto own = dyn_cast<ContractRowsOp>(op))
        rows.push_back(own);
    });
    for (PlanesOp op : planes) {
      OpBuilder b(op);
      op->replaceAllUsesWith(PlanesLowering(b, op).emit());
      op->erase();
    }
    for (TilesOp op : tiles) {
      OpBuilder b(op);
      op.getResult().replaceAllUsesWith(lowerTiles(b, op));
      op.erase();
    }
    for (ContractRowsOp op : rows) {
      OpBuilder b(op);
      op.getResult().replaceAllUsesWith(lowerContractRows(b, op));
      op.erase();
    }
    for (ContractOp op : contracts)
      if (failed(lower(op)))
        return signalPassFailure();
  }
};
} // namespace
