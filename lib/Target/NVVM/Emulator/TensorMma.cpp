//===- TensorMma.cpp - tcgen05.mma [ptx 9.7.16.10] ------------------------===//
//
// One step of K, 32 bytes of a row, with cta_group::1 and both matrices with K
// innermost. As mma.sync, it sums in double and rounds once.
//
//===----------------------------------------------------------------------===//
#include "Formats.h"
#include "Machine.h"

#include <algorithm>
#include <cmath>

using namespace zq::emulator;

namespace {
/// What an instruction descriptor and an op's attributes say
/// [ptx 9.7.16.4.2].
struct Shape {
  unsigned m, n, depth;
  Format a, b, d;
  bool negatesA, negatesB, saturates;
  /// Scales of a row; 0: none.
  unsigned numScales;
  Format scale;
  unsigned scaleIdA, scaleIdB;
  bool isAInTensorMemory;
};

constexpr unsigned maxRows = 256, maxDepth = 64;
} // namespace

static constexpr Format smallFormats[] = {E4M3, E5M2, NoFormat, E2M3,
                                          E3M2, E2M1, NoFormat, NoFormat};

/// The format of a matrix by its three bits.
static Format getOperandFormat(TensorKind kind, unsigned bits) {
  switch (kind) {
  case TensorF16:
    return bits == 0 ? F16 : bits == 1 ? BF16 : NoFormat;
  case TensorTF32:
    return bits == 2 ? TF32 : NoFormat;
  case TensorI8:
    return bits == 0 ? U8 : bits == 1 ? S8 : NoFormat;
  case TensorF8F6F4:
  case TensorMXF8F6F4:
    return smallFormats[bits];
  default:
    return bits == 1 ? E2M1 : NoFormat;
  }
}

/// Attributes: kind, A is in tensor memory, scales of a row, has an input
/// scale.
static Shape decodeShape(Machine &machine, const Site &site, uint32_t bits) {
  auto wrong = [&](const char *why) {
    machine.fail("instruction descriptor 0x%08x: %s", bits, why);
  };
  auto kind = TensorKind(site.attributes[0]);
  bool isScaled = kind >= TensorMXF8F6F4;
  Shape shape{};
  shape.isAInTensorMemory = site.attributes[1];
  shape.numScales = isScaled ? site.attributes[2] : 0;
  shape.a = getOperandFormat(kind, bits >> 7 & 7);
  shape.b =
      getOperandFormat(kind, bits >> 10 & (kind > TensorMXF8F6F4 ? 3 : 7));
  if (shape.a == NoFormat || shape.b == NoFormat)
    wrong("the kind has no such type of A or B");
  if (bits & 7)
    wrong("bits 0 to 2 are for sparse matrices");
  if (bits >> 6 & 1)
    wrong("bit 6 is reserved");
  if (bits >> 15 & 3)
    wrong("matrices whose K is not innermost are not emulated");
  shape.negatesA = bits >> 13 & 1;
  shape.negatesB = bits >> 14 & 1;
  shape.saturates = bits >> 3 & 1;
  if (shape.saturates && kind != TensorI8)
    wrong("bit 3 is for i8");
  shape.n = (bits >> 17 & 63) << 3;
  if (isScaled) {
    shape.d = F32;
    shape.m = (bits >> 27 & 3) << 7;
    shape.scaleIdB = bits >> 4 & 3;
    shape.scaleIdA = bits >> 29 & 3;
    shape.scale = bits >> 23 & 1 ? UE8M0 : UE4M3;
    if (bits >> 24 & 7)
      wrong("bits 24 to 26 are reserved");
    if (bits >> 31)
      wrong("K of 96 is not emulated");
    if (shape.scale == UE4M3 && kind != TensorMXF4NVF4)
      wrong("the kind has scales of ue8m0");
    if (shape.scale == UE4M3 && shape.numScales != 4)
      wrong("scales of ue4m3 are for 16 values each");
    if (shape.scaleIdA % shape.numScales || shape.scaleIdB % shape.numScales)
      wrong("no such id of scales with this many of them");
  } else {
    unsigned type = bits >> 4 & 3;
    shape.d = type == 0 ? F16 : type == 1 ? F32 : S32;
    shape.m = (bits >> 24 & 31) << 4;
    if (type == 3 || (shape.d == S32) != (kind == TensorI8) ||
        (shape.d == F16 && kind == TensorTF32))
      wrong("the kind has no such type of D");
    if (bits >> 23 & 1 || bits >> 29 & 1)
      wrong("bits 23 and 29 are reserved");
    if (bits >> 30)
      wrong("bits 30 and 31 are for tcgen05.mma.ws");
  }
  if (shape.m != 128 && (isScaled || shape.m != 64))
    wrong(isScaled ? "M is not 128" : "M is not 64 or 128");
  unsigned step = kind == TensorI8 && shape.n > 32 ? 16 : 8;
  if (!isScaled && shape.m == 128 && shape.n > 8)
    step = std::max(step, 16u);
  if (!shape.n || shape.n > 256 || shape.n % step)
    wrong("no such N for this kind and M");
  shape.depth = kind == TensorF16                              ? 16
                : kind == TensorTF32                           ? 8
                : kind == TensorMXF4 || kind == TensorMXF4NVF4 ? 64
                                                               : 32;
  return shape;
}

/// The lane of tensor memory that holds row m of D [ptx 9.7.16.10.5].
static unsigned getLane(const Shape &shape, unsigned row) {
  return shape.m == 128 ? row : row / 16 * 32 + row % 16;
}

/// Values of a row, from its 32 bytes of a step of K. Values of 4 or 6 bits lie
/// 16 to 16 bytes, with a gap after them, unless all are of 4 bits.
static void decodeRow(const Shape &shape, Format format, const uint8_t *bytes,
                      bool isNegative, double *values) {
  unsigned bits = getBits(format);
  bool isPadded = bits < 8 && shape.depth == 32;
  for (unsigned k = 0; k < shape.depth; ++k) {
    unsigned bit = isPadded ? k / 16 * 128 + k % 16 * bits : k * bits;
    uint32_t code = 0;
    std::memcpy(&code, bytes + bit / 8, std::min<size_t>(4, 32 - bit / 8));
    code = code >> bit % 8;
    if (bits < 32)
      code &= (1u << bits) - 1;
    double value = decode(format, code);
    values[k] = isNegative ? -value : value;
  }
}

static void readMatrix(Machine &machine, const Shape &shape, uint64_t bits,
                       unsigned rows, Format format, bool isNegative,
                       double (*values)[maxDepth]) {
  MatrixDescriptor descriptor = decodeDescriptor(machine, bits);
  for (unsigned row = 0; row < rows; ++row) {
    uint8_t bytes[32];
    for (unsigned chunk = 0; chunk < 2; ++chunk)
      std::memcpy(
          bytes + 16 * chunk,
          machine.shared.fromDescriptor(descriptor.getChunk(row, chunk)), 16);
    decodeRow(shape, format, bytes, isNegative, values[row]);
  }
}

/// Word of the scales of a row: lane row % 32 of each quarter, column row / 32.
static void readScales(Machine &machine, const Shape &shape, uint64_t address,
                       unsigned rows, unsigned id, double (*scales)[4]) {
  TensorMemory &tensor = machine.tensor;
  for (unsigned row = 0; row < rows; ++row) {
    unsigned column = (address & 0xffff) + row / 32;
    uint32_t word = tensor.at(row % 32, column);
    for (unsigned quarter = 1; quarter < 4; ++quarter)
      if (tensor.at(32 * quarter + row % 32, column) != word)
        machine.fail("the scales of row %u, column %u of tensor memory, are "
                     "not the same in all four quarters",
                     row, column);
    for (unsigned s = 0; s < shape.numScales; ++s)
      scales[row][s] = decode(shape.scale, word >> (8 * (id + s)) & 255);
  }
}

/// values: D, A, B, instruction, accumulates, scales of A, of B, input scale.
static void multiply(Machine &machine, AsyncWork &work) {
  static thread_local double a[maxRows][maxDepth], b[maxRows][maxDepth];
  static thread_local double scaleA[maxRows][4], scaleB[maxRows][4];
  TensorMemory &tensor = machine.tensor;
  Shape shape = decodeShape(machine, *work.site, work.values[3]);
  if (shape.isAInTensorMemory) {
    for (unsigned row = 0; row < shape.m; ++row) {
      uint32_t words[8];
      for (unsigned i = 0; i < 8; ++i)
        words[i] =
            tensor.at(getLane(shape, row), (work.values[1] & 0xffff) + i);
      decodeRow(shape, shape.a, reinterpret_cast<uint8_t *>(words),
                shape.negatesA, a[row]);
    }
  } else {
    readMatrix(machine, shape, work.values[1], shape.m, shape.a, shape.negatesA,
               a);
  }
  readMatrix(machine, shape, work.values[2], shape.n, shape.b, shape.negatesB,
             b);
  if (shape.numScales) {
    readScales(machine, shape, work.values[5], shape.m, shape.scaleIdA, scaleA);
    readScales(machine, shape, work.values[6], shape.n, shape.scaleIdB, scaleB);
    unsigned block = shape.depth / shape.numScales;
    for (unsigned k = 0; k < shape.depth; ++k) {
      for (unsigned row = 0; row < shape.m; ++row)
        a[row][k] *= scaleA[row][k / block];
      for (unsigned row = 0; row < shape.n; ++row)
        b[row][k] *= scaleB[row][k / block];
    }
  }
  bool accumulates = work.values[4] & 1;
  double inputScale = std::ldexp(1.0, -int(work.values[7]));
  for (unsigned row = 0; row < shape.m; ++row)
    for (unsigned column = 0; column < shape.n; ++column) {
      uint32_t &word =
          tensor.at(getLane(shape, row), (work.values[0] & 0xffff) + column);
      double sum = accumulates ? decode(shape.d, word) * inputScale : 0;
      for (unsigned k = 0; k < shape.depth; ++k)
        sum += a[row][k] * b[column][k];
      if (shape.d != S32) {
        word = encode(shape.d, sum);
        continue;
      }
      auto integer = static_cast<int64_t>(sum);
      if (shape.saturates)
        integer =
            std::min<int64_t>(std::max<int64_t>(integer, INT32_MIN), INT32_MAX);
      word = static_cast<uint32_t>(integer);
    }
}

/// What has to hold when the op is issued, by its thread.
static void issue(const Site *site, AsyncWork &work) {
  Machine &machine = enter(site);
  Lane &lane = machine.getLane();
  work.engine = AsyncWork::Tensor;
  work.site = site;
  work.thread = lane.thread;
  work.tick = ++machine.ticks[AsyncWork::Tensor];
  work.run = multiply;
  Shape shape = decodeShape(machine, *site, work.values[3]);
  auto checkMatrix = [&](uint64_t bits, unsigned rows) {
    MatrixDescriptor descriptor = decodeDescriptor(machine, bits);
    for (unsigned row = 0; row < rows; ++row)
      for (unsigned chunk = 0; chunk < 2; ++chunk)
        machine.shared.readAsync(
            machine, lane,
            machine.shared.fromDescriptor(descriptor.getChunk(row, chunk)), 16,
            machine.getTensorAgent(), work.tick);
  };
  auto checkAddress = [&](uint64_t address, const char *what) {
    if (uint32_t(address) >> 16)
      machine.fail("%s begins at lane %u of tensor memory, and not at lane 0",
                   what, uint32_t(address) >> 16);
  };
  checkAddress(work.values[0], "D");
  checkEngineAccess(machine, work.values[0] & 0xffff, shape.n,
                    "tcgen05.mma writes");
  if (shape.isAInTensorMemory) {
    if (getBits(shape.a) < 8 && shape.depth == 32)
      machine.fail("values of %u bits in tensor memory are not emulated",
                   getBits(shape.a));
    checkAddress(work.values[1], "A");
    checkEngineAccess(machine, work.values[1] & 0xffff, 8, "tcgen05.mma reads");
  } else {
    checkMatrix(work.values[1], shape.m);
  }
  checkMatrix(work.values[2], shape.n);
  if (shape.numScales) {
    checkAddress(work.values[5], "the scales of A");
    checkAddress(work.values[6], "the scales of B");
    checkEngineAccess(machine, work.values[5] & 0xffff, (shape.m + 31) / 32,
                      "tcgen05.mma reads");
    checkEngineAccess(machine, work.values[6] & 0xffff, (shape.n + 31) / 32,
                      "tcgen05.mma reads");
  }
  markEngineWrite(machine, work.values[0] & 0xffff, shape.n, work.tick);
  machine.enqueue(work);
  machine.preempt();
}

/// Operands: D, A, B, instruction descriptor, accumulates, input scale if the
/// attributes say so.
ZQSIM_OP(tcgen05_mma) {
  (void)results;
  AsyncWork work{};
  std::memcpy(work.values, operands, 4 * sizeof(uint64_t));
  work.values[4] = getOperand<uint8_t>(operands, 4);
  work.values[7] = site->attributes[3] ? operands[5] : 0;
  issue(site, work);
}

/// Operands: D, A, B, instruction descriptor, accumulates, scales of A, of B.
ZQSIM_OP(tcgen05_mma_block_scale) {
  (void)results;
  AsyncWork work{};
  std::memcpy(work.values, operands, 7 * sizeof(uint64_t));
  work.values[4] = getOperand<uint8_t>(operands, 4);
  issue(site, work);
}
