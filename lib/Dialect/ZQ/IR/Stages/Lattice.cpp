//===- Lattice.cpp - Vectors to points of a lattice -----------------------===//
#include "VectorQuantizers.h"

#include "zq/Codec/Lattice.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::LatticeE8P;

LogicalResult LatticeAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                       Type input) const {
  return verifyValues(emitError, input, "lattice");
}

Type LatticeAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), 16);
}

LogicalResult LatticeAttr::getParts(int64_t, Type, Operation *,
                                    SmallVectorImpl<Part> &) const {
  return success();
}

SmallVector<MainRatio> LatticeAttr::getMainRatios(int64_t rank) const {
  return getRowRatios(rank, 8);
}

Reference LatticeAttr::getReference(Type) const {
  return std::make_shared<LatticeE8P>();
}

// Words of a table for eight values each; the rest is done in lanes.
StageCost LatticeAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {14, 0.5};
}

bool LatticeAttr::isLossless() const { return false; }

/// Twice the base vectors plus 8, a word each, element 0 in the lowest nibble.
static Value emitBases(DecodeBuilder &at) {
  SmallVector<int32_t> words;
  for (const LatticeE8P::Vector &twice : LatticeE8P::twiceBases()) {
    uint32_t word = 0;
    for (int j = 0; j < 8; ++j)
      word |= uint32_t(twice[j] + 8) << 4 * j;
    words.push_back(word);
  }
  auto type = RankedTensorType::get(words.size(), at.builder.getI32Type());
  return arith::ConstantOp::create(
      at.builder, at.loc, DenseElementsAttr::get(type, ArrayRef(words)));
}

FailureOr<Value> LatticeAttr::emitDecode(DecodeBuilder &at, Value main) const {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  int64_t count = at.width / 8;
  auto perCode = VectorType::get(count, b.getI32Type());
  VectorType lanes = getLanes(at, b.getI32Type());
  auto constant = [&](VectorType type, int64_t value) {
    return emitConstant(at, type,
                        SmallVector<int64_t>(type.getNumElements(), value));
  };
  // What belongs to a code, in its eight lanes.
  SmallVector<int64_t> owners;
  for (int64_t lane = 0; lane < at.width; ++lane)
    owners.push_back(lane / 8);
  auto spread = [&](Value perCode) -> Value {
    return vector::ShuffleOp::create(b, loc, perCode, perCode, owners);
  };
  // The number of a lane within its vector, through `map`.
  auto perElement = [&](llvm::function_ref<int64_t(int64_t)> map) {
    SmallVector<int64_t> values;
    for (int64_t lane = 0; lane < at.width; ++lane)
      values.push_back(map(lane % 8));
    return emitConstant(at, lanes, values);
  };

  Value codes = arith::ExtUIOp::create(b, loc, perCode, main);
  Value bases = emitBases(at);
  SmallVector<Value> found;
  for (int64_t i = 0; i < count; ++i) {
    Value code = vector::ExtractOp::create(b, loc, main, i);
    Value index = arith::ShRUIOp::create(
        b, loc, code,
        arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(8)));
    index = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), index);
    found.push_back(tensor::ExtractOp::create(b, loc, bases, index));
  }
  Value words = vector::FromElementsOp::create(b, loc, perCode, found);

  // The parity of the low eight bits, from all of them to bit 0.
  Value parity = codes;
  for (int64_t distance : {4, 2, 1})
    parity = arith::XOrIOp::create(
        b, loc, parity,
        arith::ShRUIOp::create(b, loc, parity, constant(perCode, distance)));
  parity = arith::AndIOp::create(b, loc, parity, constant(perCode, 1));
  Value negated = arith::XOrIOp::create(b, loc, codes, parity);
  // In units of 1/4: one up, or with an odd parity one down.
  Value shift = arith::SubIOp::create(
      b, loc, constant(perCode, 1),
      arith::ShLIOp::create(b, loc, parity, constant(perCode, 1)));

  Value twice = arith::ShRUIOp::create(
      b, loc, spread(words), perElement([](int64_t j) { return 4 * j; }));
  twice = arith::SubIOp::create(
      b, loc, arith::AndIOp::create(b, loc, twice, constant(lanes, 15)),
      constant(lanes, 8));
  Value quarters = arith::AddIOp::create(b, loc, twice, twice);
  Value isNegated = arith::ShRUIOp::create(
      b, loc, spread(negated),
      perElement([](int64_t j) -> int64_t { return LatticeE8P::signBit(j); }));
  isNegated = arith::CmpIOp::create(
      b, loc, arith::CmpIPredicate::ne,
      arith::AndIOp::create(b, loc, isNegated, constant(lanes, 1)),
      constant(lanes, 0));
  quarters = arith::SelectOp::create(
      b, loc, isNegated,
      arith::SubIOp::create(b, loc, constant(lanes, 0), quarters), quarters);
  quarters = arith::AddIOp::create(b, loc, quarters, spread(shift));
  auto f32 = getLanes(at, b.getF32Type());
  Value quarter =
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(f32, 0.25f));
  return arith::MulFOp::create(
             b, loc, arith::SIToFPOp::create(b, loc, f32, quarters), quarter)
      .getResult();
}
