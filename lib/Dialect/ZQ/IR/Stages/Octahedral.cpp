//===- Octahedral.cpp - Triplets of a rotated vector ----------------------===//
#include "VectorQuantizers.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "zq/Codec/Octahedral.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Octahedral;

LogicalResult OctahedralAttr::verify(ErrorFn emitError, int64_t bits,
                                     int64_t dimension) {
  if (bits < 1 || bits > Octahedral::maxBits)
    return emitError() << "(octahedral 1) bits are 1 to " << Octahedral::maxBits
                       << ", and not " << bits;
  if (dimension < Octahedral::minDimension ||
      dimension > Octahedral::maxDimension)
    return emitError() << "(octahedral 2) the dimension is "
                       << Octahedral::minDimension << " to "
                       << Octahedral::maxDimension << ", and not " << dimension;
  return success();
}

LogicalResult OctahedralAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                          Type input) const {
  return verifyValues(emitError, input, "octahedral");
}

Type OctahedralAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), 3 * getBits() + 1);
}

LogicalResult OctahedralAttr::getParts(int64_t, Type, Operation *,
                                       SmallVectorImpl<Part> &) const {
  return success();
}

SmallVector<MainRatio> OctahedralAttr::getMainRatios(int64_t rank) const {
  return getRowRatios(rank, 3);
}

Reference OctahedralAttr::getReference(Type) const {
  return std::make_shared<Octahedral>(getBits(), getDimension());
}

// Some forty operations on a third of the lanes, with a root and divisions.
StageCost OctahedralAttr::getCost(ArrayRef<int64_t>, Type, Operation *) const {
  return {80, 0};
}

bool OctahedralAttr::isLossless() const { return false; }

/// The entries of `table` that the bits of `codes` from `begin` on number.
static Value emitField(DecodeBuilder &at, Value codes, int64_t begin,
                       ArrayRef<float> table) {
  OpBuilder &b = at.builder;
  auto type = cast<VectorType>(codes.getType());
  auto constant = [&](int64_t value) {
    return emitConstant(at, type,
                        SmallVector<int64_t>(type.getNumElements(), value));
  };
  auto f32 = type.clone(b.getF32Type());
  if (table.size() == 1)
    return arith::ConstantOp::create(b, at.loc,
                                     DenseElementsAttr::get(f32, table[0]));
  Value field = arith::ShRUIOp::create(b, at.loc, codes, constant(begin));
  field = arith::AndIOp::create(b, at.loc, field, constant(table.size() - 1));
  field = arith::TruncIOp::create(b, at.loc, type.clone(b.getI8Type()), field);
  auto tableType = VectorType::get(table.size(), b.getF32Type());
  Value entries = arith::ConstantOp::create(
      b, at.loc, DenseElementsAttr::get(tableType, table));
  return LookupOp::create(b, at.loc, f32, field, entries);
}

FailureOr<Value> OctahedralAttr::emitDecode(DecodeBuilder &at,
                                            Value main) const {
  OpBuilder &b = at.builder;
  Location loc = at.loc;
  Octahedral reference(getBits(), getDimension());
  int64_t count = at.width / 3, fieldBits = getBits() + 1;
  auto f32 = VectorType::get(count, b.getF32Type());
  auto constant = [&](float value) -> Value {
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(f32, value));
  };
  auto multiply = [&](Value x, Value y) -> Value {
    return arith::MulFOp::create(b, loc, x, y);
  };

  Value codes = arith::ExtUIOp::create(
      b, loc, VectorType::get(count, b.getI32Type()), main);
  Value xi = emitField(at, codes, 0, reference.directionLevels());
  Value eta = emitField(at, codes, fieldBits, reference.directionLevels());
  Value rho = emitField(at, codes, 2 * fieldBits, reference.lengthLevels());

  Value one = constant(1), magnitudeXi = math::AbsFOp::create(b, loc, xi),
        magnitudeEta = math::AbsFOp::create(b, loc, eta);
  Value restXi = arith::SubFOp::create(b, loc, one, magnitudeXi);
  Value restEta = arith::SubFOp::create(b, loc, one, magnitudeEta);
  Value z = arith::SubFOp::create(b, loc, restXi, magnitudeEta);
  Value isLower =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, z, constant(0));
  Value x = arith::SelectOp::create(
      b, loc, isLower, math::CopySignOp::create(b, loc, restEta, xi), xi);
  Value y = arith::SelectOp::create(
      b, loc, isLower, math::CopySignOp::create(b, loc, restXi, eta), eta);
  Value squares = arith::AddFOp::create(
      b, loc, arith::AddFOp::create(b, loc, multiply(x, x), multiply(y, y)),
      multiply(z, z));
  Value norm = math::SqrtOp::create(b, loc, squares);
  auto emitElement = [&](Value coordinate) {
    return multiply(arith::DivFOp::create(b, loc, coordinate, norm), rho);
  };

  // x, y and z of the first triplet, of the second, and so on.
  SmallVector<int64_t> inOrder, pairs;
  for (int64_t i = 0; i < 2 * count; ++i)
    pairs.push_back(i);
  for (int64_t lane = 0; lane < at.width; ++lane)
    inOrder.push_back(lane % 3 * count + lane / 3);
  Value xy =
      vector::ShuffleOp::create(b, loc, emitElement(x), emitElement(y), pairs);
  return vector::ShuffleOp::create(b, loc, xy, emitElement(z), inOrder)
      .getResult();
}
