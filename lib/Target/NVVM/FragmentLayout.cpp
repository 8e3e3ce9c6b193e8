//===- FragmentLayout.cpp - The layouts of NVIDIA's tensor cores ----------===//
#include "zq/Target/NVVM/FragmentLayout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::zq;

using Offsets = SmallVector<MatrixOffset>;

FragmentLayoutAttr mlir::zq::getMmaLayout(MLIRContext *context,
                                          MmaOperand operand, int64_t bits) {
  if (operand == MmaOperand::C)
    return FragmentLayoutAttr::get(
        context, Offsets{{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}},
        Offsets{{0, 1}, {8, 0}}, 32);
  assert((bits == 16 || bits == 8 || bits == 4) && "mma has no such operands");
  // All shapes are one: a row of K is 32 bytes, of which a register holds 4.
  int64_t perRegister = 32 / bits;
  Offsets elements;
  for (int64_t column = 1; column < perRegister; column *= 2)
    elements.push_back({0, column});
  if (operand == MmaOperand::A)
    elements.push_back({8, 0});
  elements.push_back({0, 4 * perRegister});
  return FragmentLayoutAttr::get(
      context,
      Offsets{{0, perRegister}, {0, 2 * perRegister}, {1, 0}, {2, 0}, {4, 0}},
      elements, bits);
}

FragmentLayoutAttr mlir::zq::gatherColumns(FragmentLayoutAttr layout) {
  Offsets lanes(layout.getLanes()), elements(layout.getElements());
  int64_t next = 1;
  for (Offsets *offsets : {&elements, &lanes})
    for (MatrixOffset &offset : *offsets)
      if (offset.column) {
        assert(!offset.row && "columns have offsets of their own");
        offset.column = next;
        next *= 2;
      }
  return FragmentLayoutAttr::get(layout.getContext(), lanes, elements,
                                 layout.getBits());
}

FragmentLayoutAttr mlir::zq::getMmaScaleLayout(MLIRContext *context) {
  return FragmentLayoutAttr::get(
      context, Offsets{{8, 0}, {16, 0}, {1, 0}, {2, 0}, {4, 0}}, Offsets(), 32);
}

FragmentLayoutAttr mlir::zq::getScaleLayout128x4(MLIRContext *context) {
  return FragmentLayoutAttr::get(
      context,
      Offsets{{0, 16}, {0, 32}, {0, 64}, {0, 128}, {0, 256}, {0, 4}, {0, 8}},
      Offsets{{0, 1}, {0, 2}}, 8);
}

/// A layout of the 16 bytes that lanes point to: lane 8 i + j to row j of
/// matrix i, which fills register i.
static FragmentLayoutAttr
getPointers(FragmentLayoutAttr layout, ArrayRef<MatrixOffset> beyond,
            function_ref<MatrixOffset(MatrixOffset)> inMemory) {
  Offsets lanes{{1, 0}, {2, 0}, {4, 0}};
  int64_t bytes = std::max<int64_t>(layout.getBits(), 8) / 8;
  int64_t perByte = std::max<int64_t>(8 / layout.getBits(), 1);
  auto add = [&](MatrixOffset offset) {
    offset = inMemory(offset);
    lanes.push_back({offset.row, offset.column * bytes / perByte});
  };
  ArrayRef<MatrixOffset> elements = layout.getElements();
  llvm::for_each(
      elements.drop_front(llvm::Log2_64(layout.getElementsPerRegister())), add);
  llvm::for_each(beyond, add);
  // With fewer matrices the other lanes repeat what these point to.
  lanes.resize(5);
  return FragmentLayoutAttr::get(layout.getContext(), lanes,
                                 Offsets{{0, 1}, {0, 2}, {0, 4}, {0, 8}}, 8);
}

FragmentLayoutAttr mlir::zq::getLdmatrixLayout(FragmentLayoutAttr layout,
                                               ArrayRef<MatrixOffset> beyond) {
  return getPointers(layout, beyond,
                     [](MatrixOffset offset) { return offset; });
}

FragmentLayoutAttr
mlir::zq::getTransposedLdmatrixLayout(FragmentLayoutAttr layout,
                                      ArrayRef<MatrixOffset> beyond) {
  assert(layout.getBits() == 16 && "ldmatrix transposes elements of 16 bits");
  return getPointers(layout, beyond, [](MatrixOffset offset) {
    return MatrixOffset{offset.column, offset.row};
  });
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

FragmentLayoutAttr mlir::zq::getSwizzled(FragmentLayoutAttr layout,
                                         Swizzle swizzle) {
  assert(layout.getBits() == 8 && "addresses are of bytes");
  if (!swizzle.span)
    return layout;
  // Of a linear map the images of the offsets tell all.
  auto move = [&](ArrayRef<MatrixOffset> offsets) {
    return llvm::map_to_vector(offsets, [&](MatrixOffset offset) {
      int64_t address = swizzle(offset.row * swizzle.span + offset.column);
      return MatrixOffset{address / swizzle.span, address % swizzle.span};
    });
  };
  return FragmentLayoutAttr::get(layout.getContext(), move(layout.getLanes()),
                                 move(layout.getElements()), 8);
}

int64_t mlir::zq::countBankTurns(ArrayRef<int64_t> addresses, int64_t bytes) {
  // A turn serves 128 bytes: all lanes with 4 bytes each, half with 8, a
  // quarter with 16. Lanes that want one word share it.
  int64_t lanesAtOnce = 128 / bytes, turns = 0;
  for (size_t begin = 0; begin < addresses.size(); begin += lanesAtOnce) {
    SmallVector<llvm::SmallSet<int64_t, 4>> words(32);
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
