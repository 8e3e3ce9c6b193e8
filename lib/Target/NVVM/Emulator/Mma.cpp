//===- Mma.cpp - mma.sync [ptx 9.7.14.5] ----------------------------------===//
//
// Register r of A holds, for the 32 bytes of K of one step, bytes 4t to 4t + 3
// and 16 (r / 2) on, of row g + 8 (r % 2), where g = lane / 4 and t = lane % 4;
// register r of B holds bytes 4t + 16 r of column g. Products are summed in
// double and rounded once: hardware rounds otherwise, so that results are
// compared with a bound.
//
//===----------------------------------------------------------------------===//
#include "Formats.h"
#include "Machine.h"

#include <algorithm>
#include <cmath>

using namespace zq::emulator;

namespace {
constexpr unsigned rows = 16, columns = 8, maxDepth = 64;

struct Fragments {
  double a[rows][maxDepth], b[columns][maxDepth];
};
} // namespace

/// Large, and a fiber's stack small; only one op is executed at a time.
static thread_local Fragments fragments;

/// The value of element `index` of a register; 4- and 6-bit formats may lie in
/// bytes of their own [ptx 9.7.14.5.10].
static double getElement(Format format, uint32_t word, unsigned index,
                         bool isInBytes) {
  if (!isInBytes)
    return decode(format, word >> (index * getBits(format)));
  uint32_t byte = word >> (8 * index) & 255;
  unsigned shift = format == E2M1 ? 2 : 0;
  uint32_t used = ((1u << getBits(format)) - 1) << shift;
  if (byte & ~used)
    Machine::get().fail("a byte 0x%02x holds bits outside its %u-bit value",
                        byte, getBits(format));
  return decode(format, byte >> shift);
}

static void gather(Collective &op, Format formatA, Format formatB,
                   unsigned depth, bool isInBytes) {
  unsigned bitsA = isInBytes ? 8 : getBits(formatA);
  unsigned perRegister = 32 / bitsA;
  unsigned registersA = rows * depth / perRegister / warpSize;
  unsigned registersB = columns * depth / perRegister / warpSize;
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    unsigned g = lane / 4, t = lane % 4;
    for (unsigned r = 0; r < registersA; ++r)
      for (unsigned j = 0; j < perRegister; ++j)
        fragments.a[g + 8 * (r % 2)][perRegister * (t + 4 * (r / 2)) + j] =
            getElement(formatA, op.getWord(lane, r), j, isInBytes);
    for (unsigned r = 0; r < registersB; ++r)
      for (unsigned j = 0; j < perRegister; ++j)
        fragments.b[g][perRegister * (t + 4 * r) + j] =
            getElement(formatB, op.getWord(lane, registersA + r), j, isInBytes);
  }
}

/// Applies `compute(row, column, c)` to each element of C, giving D.
template <typename Compute>
static void updateAccumulators(Collective &op, unsigned firstC, Format formatC,
                               Format formatD, Compute compute) {
  for (unsigned lane = 0; lane < warpSize; ++lane) {
    unsigned g = lane / 4, t = lane % 4;
    uint32_t halves[4];
    for (unsigned i = 0; i < 4; ++i) {
      unsigned row = g + 8 * (i / 2), column = 2 * t + i % 2;
      // Two f16 share a register.
      uint32_t c = formatC == F16
                       ? op.getWord(lane, firstC + i / 2) >> (16 * (i % 2))
                       : op.getWord(lane, firstC + i);
      halves[i] = compute(row, column, c);
    }
    for (unsigned i = 0; i < 4; ++i) {
      if (formatD != F16)
        op.setWord(lane, i, halves[i]);
      else if (i % 2)
        op.setWord(lane, i / 2, halves[i - 1] | halves[i] << 16);
    }
  }
}

/// Attributes: depth, formats of A, B, C, D, satfinite, values in bytes.
static void multiply(Collective &op) {
  const int32_t *attributes = op.site.attributes;
  unsigned depth = attributes[0];
  auto formatA = Format(attributes[1]), formatB = Format(attributes[2]),
       formatC = Format(attributes[3]), formatD = Format(attributes[4]);
  bool saturates = attributes[5], isInBytes = attributes[6];
  gather(op, formatA, formatB, depth, isInBytes);
  unsigned perRegister = isInBytes ? 4 : 32 / getBits(formatA);
  unsigned firstC = (rows + columns) * depth / perRegister / warpSize;
  updateAccumulators(
      op, firstC, formatC, formatD,
      [&](unsigned row, unsigned column, uint32_t c) -> uint32_t {
        const double *a = fragments.a[row], *b = fragments.b[column];
        if (formatD == S32) {
          int64_t sum = static_cast<int32_t>(c);
          for (unsigned k = 0; k < depth; ++k)
            sum += static_cast<int64_t>(a[k] * b[k]);
          if (saturates)
            sum =
                std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN), INT32_MAX);
          return static_cast<uint32_t>(sum);
        }
        double sum = decode(formatC, c);
        for (unsigned k = 0; k < depth; ++k)
          sum += a[k] * b[k];
        return encode(formatD, sum);
      });
}

ZQSIM_OP(mma_sync) {
  enter(site).collect(site, operands, results, ~0u, /*isAligned=*/true,
                      multiply);
}

//===----------------------------------------------------------------------===//
// Block scales [ptx 9.7.14.3]
//===----------------------------------------------------------------------===//

/// Attributes: depth, formats of A and B, scales per row, their format, values
/// in bytes. After A, B and C come scales, byte and thread of A, then of B.
static void multiplyScaled(Collective &op) {
  Machine &machine = Machine::get();
  const int32_t *attributes = op.site.attributes;
  unsigned depth = attributes[0], numScales = attributes[3];
  auto formatA = Format(attributes[1]), formatB = Format(attributes[2]),
       scaleFormat = Format(attributes[4]);
  bool isInBytes = attributes[5];
  gather(op, formatA, formatB, depth, isInBytes);
  unsigned perRegister = isInBytes ? 4 : 8;
  unsigned firstC = (rows + columns) * depth / perRegister / warpSize;
  unsigned scale = firstC + 4;

  unsigned selectors[4];
  for (unsigned i = 0; i < 4; ++i) {
    unsigned operand = scale + 3 * (i / 2) + 1 + i % 2;
    selectors[i] = op.getWord(0, operand) & 0xffff;
    for (unsigned lane = 1; lane < warpSize; ++lane)
      if ((op.getWord(lane, operand) & 0xffff) != selectors[i])
        machine.fail("the %s-id of the scales of %c differs between lanes",
                     i % 2 ? "thread" : "byte", i < 2 ? 'A' : 'B');
  }
  for (unsigned i = 0; i < 4; i += 2)
    if (selectors[i] % numScales || selectors[i] + numScales > 4)
      machine.fail("byte-id %u of the scales of %c: with scale_vec::%uX it is "
                   "%s",
                   selectors[i], i ? 'B' : 'A', numScales,
                   numScales == 1   ? "0 to 3"
                   : numScales == 2 ? "0 or 2"
                                    : "0");
  if (selectors[1] > 1)
    machine.fail("thread-id %u of the scales of A is not 0 or 1", selectors[1]);
  if (selectors[3] > 3)
    machine.fail("thread-id %u of the scales of B is not 0 to 3", selectors[3]);

  double scaleA[rows][4], scaleB[columns][4];
  for (unsigned row = 0; row < rows; ++row)
    for (unsigned s = 0; s < numScales; ++s)
      scaleA[row][s] = decode(
          scaleFormat,
          op.getWord(4 * (row % 8) + 2 * selectors[1] + row / 8, scale) >>
                  (8 * (selectors[0] + s)) &
              255);
  for (unsigned column = 0; column < columns; ++column)
    for (unsigned s = 0; s < numScales; ++s)
      scaleB[column][s] = decode(
          scaleFormat, op.getWord(4 * column + selectors[3], scale + 3) >>
                               (8 * (selectors[2] + s)) &
                           255);
  unsigned block = depth / numScales;
  updateAccumulators(
      op, firstC, F32, F32, [&](unsigned row, unsigned column, uint32_t c) {
        double sum = asFloat(c);
        for (unsigned k = 0; k < depth; ++k)
          sum += fragments.a[row][k] * fragments.b[column][k] *
                 scaleA[row][k / block] * scaleB[column][k / block];
        return asBits(static_cast<float>(sum));
      });
}

ZQSIM_OP(mma_block_scale) {
  enter(site).collect(site, operands, results, ~0u, /*isAligned=*/true,
                      multiplyScaled);
}
