//===- MatrixMoves.cpp - ldmatrix, stmatrix [ptx 9.7.14.5.15, .16] --------===//
#include "Machine.h"

using namespace zq::emulator;

/// The address of a row, which a lane gives, checked.
static char *getRow(Collective &op, unsigned lane) {
  char *row = reinterpret_cast<char *>(op.getLong(lane, 0));
  if (reinterpret_cast<uintptr_t>(row) % 16)
    Machine::get().fail("the row address 0x%llx of lane %u is not aligned to "
                        "16 bytes",
                        static_cast<unsigned long long>(op.getLong(lane, 0)),
                        lane);
  return row;
}

/// Whose rows: lane 8i + j gives row j of matrix i.
static char *readRow(Collective &op, unsigned lane, unsigned bytes) {
  Machine &machine = Machine::get();
  char *row = getRow(op, lane);
  machine.shared.access(machine, op.lanes[lane], row, bytes, /*isWrite=*/false);
  return row;
}

static uint16_t load16(const char *from) {
  uint16_t value;
  std::memcpy(&value, from, 2);
  return value;
}

/// Attributes: matrices, transposed, kind.
static void loadMatrix(Collective &op) {
  unsigned count = op.site.attributes[0];
  bool isTransposed = op.site.attributes[1];
  auto kind = MatrixKind(op.site.attributes[2]);
  for (unsigned i = 0; i < count; ++i) {
    char *rowsOfMatrix[8];
    // Of rows with padding only the values are read.
    unsigned bytes = kind == Matrix8x16b4 ? 8 : kind == Matrix8x16b6 ? 12 : 16;
    for (unsigned j = 0; j < 8; ++j)
      rowsOfMatrix[j] = readRow(op, 8 * i + j, bytes);
    for (unsigned lane = 0; lane < warpSize; ++lane) {
      unsigned g = lane / 4, t = lane % 4;
      uint32_t word = 0;
      if (kind == Matrix8x8b16 && !isTransposed) {
        std::memcpy(&word, rowsOfMatrix[g] + 4 * t, 4);
      } else if (kind == Matrix8x8b16) {
        word = load16(rowsOfMatrix[2 * t] + 2 * g) |
               uint32_t(load16(rowsOfMatrix[2 * t + 1] + 2 * g)) << 16;
      } else {
        // Each value of 4 or 6 bits to the low bits of a byte.
        unsigned width = kind == Matrix8x16b4 ? 4 : 6;
        for (unsigned k = 0; k < 4; ++k) {
          unsigned bit = width * (4 * t + k);
          uint32_t pair = static_cast<uint8_t>(rowsOfMatrix[g][bit / 8]);
          if (bit % 8 + width > 8)
            pair |= uint32_t(static_cast<uint8_t>(rowsOfMatrix[g][bit / 8 + 1]))
                    << 8;
          word |= (pair >> (bit % 8) & ((1u << width) - 1)) << (8 * k);
        }
      }
      op.setWord(lane, i, word);
    }
  }
}

ZQSIM_OP(ldmatrix) {
  Machine &machine = enter(site);
  if (site->attributes[2] == Matrix16x8b8)
    machine.fail("ldmatrix of 16x16 bytes has no semantics here: the manual "
                 "leaves its layout open");
  machine.collect(site, operands, results, ~0u, /*isAligned=*/true, loadMatrix);
}

/// Attributes as above. Operand 0 is the row's address, then a word for each
/// matrix.
static void storeMatrix(Collective &op) {
  Machine &machine = Machine::get();
  unsigned count = op.site.attributes[0];
  bool isTransposed = op.site.attributes[1];
  for (unsigned i = 0; i < count; ++i) {
    char matrix[8][16];
    for (unsigned lane = 0; lane < warpSize; ++lane) {
      unsigned g = lane / 4, t = lane % 4;
      uint32_t word = op.getWord(lane, 1 + i);
      uint16_t halves[2] = {uint16_t(word), uint16_t(word >> 16)};
      for (unsigned h = 0; h < 2; ++h) {
        unsigned row = isTransposed ? 2 * t + h : g;
        unsigned column = isTransposed ? g : 2 * t + h;
        std::memcpy(matrix[row] + 2 * column, &halves[h], 2);
      }
    }
    for (unsigned j = 0; j < 8; ++j) {
      char *row = getRow(op, 8 * i + j);
      machine.shared.access(machine, op.lanes[8 * i + j], row, 16,
                            /*isWrite=*/true);
      std::memcpy(row, matrix[j], 16);
    }
  }
}

ZQSIM_OP(stmatrix) {
  Machine &machine = enter(site);
  if (site->attributes[2] != Matrix8x8b16)
    machine.fail("stmatrix of bytes has no semantics here");
  machine.collect(site, operands, results, ~0u, /*isAligned=*/true,
                  storeMatrix);
}
