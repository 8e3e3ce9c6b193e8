//===- FragmentLayout.cpp - Which lane holds which element ----------------===//
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::zq;

/// The sum of the offsets of the bits that are set in `number`.
static MatrixOffset combine(ArrayRef<MatrixOffset> offsets, int64_t number) {
  MatrixOffset sum;
  for (auto [bit, offset] : llvm::enumerate(offsets))
    if (number >> bit & 1)
      sum = sum ^ offset;
  return sum;
}

namespace {
/// Offsets, both coordinates as one number, none a sum of others, each with the
/// lanes and elements that it is the sum of.
class Basis {
public:
  struct Vector {
    uint64_t value;
    FragmentPlace place;
  };

  static uint64_t pack(MatrixOffset offset) {
    return uint64_t(offset.row) << 32 | uint64_t(offset.column);
  }

  /// What is left of `vector` without sums of what is here.
  Vector reduce(Vector vector) const {
    for (const Vector &pivot : pivots)
      if (vector.value >> llvm::Log2_64(pivot.value) & 1) {
        vector.value ^= pivot.value;
        vector.place.lane ^= pivot.place.lane;
        vector.place.element ^= pivot.place.element;
      }
    return vector;
  }

  /// False where `vector` is a sum of what is here.
  bool add(Vector vector) {
    vector = reduce(vector);
    if (vector.value)
      pivots.push_back(vector);
    return vector.value;
  }

private:
  SmallVector<Vector> pivots;
};
} // namespace

LogicalResult
FragmentLayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                           ArrayRef<MatrixOffset> lanes,
                           ArrayRef<MatrixOffset> elements, int64_t bits) {
  auto isPlace = [](MatrixOffset offset) {
    return llvm::isUInt<31>(offset.row) && llvm::isUInt<31>(offset.column);
  };
  if (lanes.size() > 16 || elements.size() > 16 ||
      !llvm::all_of(lanes, isPlace) || !llvm::all_of(elements, isPlace))
    return emitError() << "(fragment_layout 1) has more than 16 offsets of a "
                          "kind, or rows or columns beyond 2^31 - 1";
  if (bits < 1 || bits > 32 || !llvm::isPowerOf2_64(bits))
    return emitError() << "(fragment_layout 2) has elements of " << bits
                       << " bits, which is no power of two up to 32";
  Basis basis;
  for (MatrixOffset element : elements)
    if (!basis.add({Basis::pack(element), {}}))
      return emitError() << "(fragment_layout 3) holds an element twice: ("
                         << element.row << ", " << element.column
                         << ") is a sum of other offsets";
  return success();
}

MatrixOffset FragmentLayoutAttr::at(FragmentPlace place) const {
  return combine(getLanes(), place.lane) ^
         combine(getElements(), place.element);
}

std::optional<FragmentPlace>
FragmentLayoutAttr::find(MatrixOffset offset) const {
  Basis basis;
  for (auto [bit, element] : llvm::enumerate(getElements()))
    basis.add({Basis::pack(element), {0, int64_t(1) << bit}});
  // A lane's offset that is nothing new is of a copy in other lanes.
  for (auto [bit, lane] : llvm::enumerate(getLanes()))
    basis.add({Basis::pack(lane), {int64_t(1) << bit, 0}});
  Basis::Vector rest = basis.reduce({Basis::pack(offset), {}});
  if (rest.value)
    return std::nullopt;
  return rest.place;
}

int64_t FragmentLayoutAttr::getContiguous() const {
  int64_t count = 1;
  for (MatrixOffset element : getElements()) {
    if (!(element == MatrixOffset{0, count}))
      break;
    count *= 2;
  }
  return count;
}
