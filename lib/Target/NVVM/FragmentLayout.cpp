//===- FragmentLayout.cpp - Which lane holds which element ----------------===//
#include "zq/Target/NVVM/FragmentLayout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir::zq;

FragmentLayout::FragmentLayout(llvm::ArrayRef<MatrixOffset> lanes,
                               llvm::ArrayRef<MatrixOffset> elements,
                               int64_t bits)
    : lanes(lanes), elements(elements), bits(bits) {}

FragmentLayout FragmentLayout::getMma(MmaOperand operand, int64_t bits) {
  llvm::SmallVector<MatrixOffset> elements;
  if (operand == MmaOperand::C)
    return {{{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}}, {{0, 1}, {8, 0}}, 32};
  assert((bits == 16 || bits == 8 || bits == 4) && "mma has no such operands");
  // All shapes are one: a row of K is 32 bytes, of which a register holds 4.
  int64_t perRegister = 32 / bits;
  for (int64_t column = 1; column < perRegister; column *= 2)
    elements.push_back({0, column});
  if (operand == MmaOperand::A)
    elements.push_back({8, 0});
  elements.push_back({0, 4 * perRegister});
  return {{{0, perRegister}, {0, 2 * perRegister}, {1, 0}, {2, 0}, {4, 0}},
          elements,
          bits};
}

FragmentLayout FragmentLayout::getMmaScales() {
  return {{{8, 0}, {16, 0}, {1, 0}, {2, 0}, {4, 0}}, {}, 32};
}

int64_t FragmentLayout::getScaleLane(MmaOperand operand, int64_t row,
                                     int64_t threadId) {
  assert(operand != MmaOperand::C && "C has no scales");
  int64_t atomRows = operand == MmaOperand::A ? 16 : 8;
  return getMmaScales().find({row + threadId * atomRows, 0})->lane;
}

/// The sum of the offsets of the bits that are set in `number`.
static MatrixOffset combine(llvm::ArrayRef<MatrixOffset> offsets,
                            int64_t number) {
  MatrixOffset sum;
  for (auto [bit, offset] : llvm::enumerate(offsets))
    if (number >> bit & 1)
      sum = sum ^ offset;
  return sum;
}

MatrixOffset FragmentLayout::at(FragmentPlace place) const {
  return combine(lanes, place.lane) ^ combine(elements, place.element);
}

std::optional<FragmentPlace> FragmentLayout::find(MatrixOffset offset) const {
  // Elimination, with both coordinates as one number: each pivot with the lanes
  // and elements that it is the sum of.
  struct Pivot {
    uint64_t value;
    FragmentPlace place;
  };
  auto pack = [](MatrixOffset o) {
    return uint64_t(o.row) << 32 | uint64_t(o.column);
  };
  llvm::SmallVector<Pivot> pivots;
  auto reduce = [&](Pivot vector) {
    for (const Pivot &pivot : pivots)
      if (vector.value >> llvm::Log2_64(pivot.value) & 1) {
        vector.value ^= pivot.value;
        vector.place.lane ^= pivot.place.lane;
        vector.place.element ^= pivot.place.element;
      }
    return vector;
  };
  auto add = [&](Pivot vector) {
    vector = reduce(vector);
    // A vector that is nothing new is of a copy in other lanes.
    if (vector.value)
      pivots.push_back(vector);
  };
  for (auto [bit, element] : llvm::enumerate(elements))
    add({pack(element), {0, int64_t(1) << bit}});
  for (auto [bit, lane] : llvm::enumerate(lanes))
    add({pack(lane), {int64_t(1) << bit, 0}});
  Pivot rest = reduce({pack(offset), {}});
  if (rest.value)
    return std::nullopt;
  return rest.place;
}

int64_t FragmentLayout::getContiguous() const {
  int64_t count = 1;
  for (MatrixOffset element : elements) {
    if (!(element == MatrixOffset{0, count}))
      break;
    count *= 2;
  }
  return count;
}

MatrixOffset
FragmentLayout::getLdmatrixRow(int64_t lane,
                               llvm::ArrayRef<MatrixOffset> beyond) const {
  // Lane 8 i + j points to row j of matrix i, which fills register i.
  llvm::SmallVector<MatrixOffset> registers(llvm::ArrayRef(elements).drop_front(
      llvm::Log2_64(getElementsPerRegister())));
  registers.append(beyond.begin(), beyond.end());
  MatrixOffset matrix = combine(registers, lane / 8);
  return {matrix.row ^ (lane % 8), matrix.column * bits / 8};
}

int64_t Swizzle::operator()(int64_t address) const {
  switch (span) {
  case 0:
    return address;
  case 32:
  case 64:
  case 128:
    return address ^ (address >> 3 & (span - 1) & ~int64_t(15));
  default:
    llvm_unreachable("shared memory is swizzled in spans of 32, 64 or 128");
  }
}

int64_t mlir::zq::countBankTurns(llvm::ArrayRef<int64_t> addresses,
                                 int64_t bytes) {
  // A turn serves 128 bytes: all lanes with 4 bytes each, half with 8, a
  // quarter with 16. Lanes that want one word share it.
  int64_t lanesAtOnce = 128 / bytes, turns = 0;
  for (size_t begin = 0; begin < addresses.size(); begin += lanesAtOnce) {
    llvm::SmallVector<llvm::SmallSet<int64_t, 4>> words(32);
    int64_t most = 0;
    for (int64_t address : addresses.slice(
             begin, std::min<size_t>(lanesAtOnce, addresses.size() - begin)))
      for (int64_t word = address / 4; word < (address + bytes) / 4; ++word) {
        auto &bank = words[word % 32];
        bank.insert(word);
        most = std::max<int64_t>(most, bank.size());
      }
    turns += most;
  }
  return turns;
}

int64_t mlir::zq::getScaleOffset128x4(int64_t row, int64_t scale,
                                      int64_t scalesPerRow) {
  assert(scalesPerRow % 4 == 0 && "rows are padded to whole words");
  int64_t chunk = row / 128 * (scalesPerRow / 4) + scale / 4;
  int64_t place = chunk * scaleChunkBytes128x4 + scale % 4;
  for (auto [bit, offset] : llvm::enumerate(scaleRowOffsets128x4))
    if (row >> bit & 1)
      place += offset;
  return place;
}
