//===- HadamardMatrix.cpp - Hadamard matrices of odd multiples of four ----===//

#include "zq/Codec/Hadamard.h"

#include <array>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <utility>

using namespace zq::codec;

int64_t zq::codec::hadamardOrder(int64_t size) {
  if (size <= 0)
    return 0;
  int64_t odd = size;
  while (odd % 2 == 0)
    odd /= 2;
  if (odd > largestHadamardOrder / 4)
    return 0;
  const int64_t order = odd == 1 ? 1 : 4 * odd;
  return size % order == 0 ? order : 0;
}

static bool isPrime(int64_t value) {
  for (int64_t factor = 2; factor * factor <= value; ++factor)
    if (value % factor == 0)
      return false;
  return value > 1;
}

/// Of each value modulo the prime `q`: 1 where it is a square, -1 where it is
/// not, 0 of 0.
static std::vector<int8_t> quadraticCharacter(int64_t q) {
  std::vector<int8_t> character(q, -1);
  for (int64_t root = 0; root < q; ++root)
    character[root * root % q] = root ? 1 : 0;
  return character;
}

/// The conference matrix of order q + 1, q an odd prime: zero on the diagonal,
/// signs elsewhere, its rows orthogonal.
static std::vector<int8_t> conferenceMatrix(int64_t q) {
  int64_t order = q + 1;
  const std::vector<int8_t> character = quadraticCharacter(q);
  std::vector<int8_t> c(order * order);
  for (int64_t i = 0; i < q; ++i) {
    c[i + 1] = 1;
    c[(i + 1) * order] = character[q - 1];
    for (int64_t j = 0; j < q; ++j)
      c[(i + 1) * order + j + 1] = character[(i - j + q) % q];
  }
  return c;
}

/// H = I + C, for primes that are 3 modulo 4.
static std::vector<int8_t> paleyFirst(int64_t q) {
  std::vector<int8_t> h = conferenceMatrix(q);
  for (int64_t i = 0; i <= q; ++i)
    h[i * (q + 1) + i] = 1;
  return h;
}

/// H = C x [1 1; 1 -1] + I x [1 -1; -1 -1], for primes that are 1 modulo 4.
static std::vector<int8_t> paleySecond(int64_t q) {
  const int8_t offDiagonal[2][2] = {{1, 1}, {1, -1}};
  const int8_t diagonal[2][2] = {{1, -1}, {-1, -1}};
  std::vector<int8_t> c = conferenceMatrix(q);
  int64_t order = 2 * (q + 1);
  std::vector<int8_t> h(order * order);
  for (int64_t i = 0; i < order; ++i)
    for (int64_t j = 0; j < order; ++j)
      h[i * order + j] = i / 2 == j / 2 ? diagonal[i % 2][j % 2]
                                        : c[i / 2 * (q + 1) + j / 2] *
                                              offDiagonal[i % 2][j % 2];
  return h;
}

namespace {
/// The first rows of four circulant matrices A, B, C and D.
using FourRows = std::array<const char *, 4>;
} // namespace

/// Of the orders that no construction by primes has: found by a search among
/// rows that are equal at i and g i modulo their length, for some g, which for
/// all but 39 elements is -1 or has it among its powers.
static constexpr FourRows fourRows[] = {
    {{"+---+-++-+---", "++--++++++--+", "+-++------++-", "+---+-++-+---"}},
    {{"+--++-+-+-++++-+-+-++--", "+--+-+-++++++++++-+-+--",
      "+--+--+++------+++--+--", "+++---++--++++--++---++"}},
    {{"++-+---++-++++++-++---+-+", "+--+++---++++++++---+++--",
      "+-+++-+--+-+--+-+--+-+++-", "+---+----++-++-++----+---"}},
    {{"+--+---+-+--++++++--+-+---+--", "+--++----+-++++++++-+----++--",
      "++--++-+-++++----++++-+-++--+", "+-+++-+++--+-++++-+--+++-+++-"}},
    {{"+------++--++-+--+-+++-++-+-++++-++++++",
      "+---+---+-+++++--+-+++-++++-++++-+-++-+",
      "+-----+-+--++-++--+++-----+-++++---++--",
      "++----+++--+--+++-+-+++-+-+--+---+++-+-"}},
    {{"++-+--++-+++----+++-++++-+++----+++-++--+-+",
      "+-+-+----++++-++++-++--++-++++-++++----+-+-",
      "+--++----+-+---+--++++++++--+---+-+----++--",
      "+--+++--+-+--+-+++++-++-+++++-+--+-+--+++--"}},
};

/// By the array of Goethals and Seidel.
static std::vector<int8_t> ofFourCirculants(const FourRows &rows) {
  // The circulant of each block and its sign: 1 is A, -2 is -B. Those beside
  // the diagonal are reversed, and those of its 3 by 3 corner transposed.
  const int blocks[4][4] = {
      {1, 2, 3, 4}, {-2, 1, 4, -3}, {-3, -4, 1, 2}, {-4, 3, -2, 1}};
  const int64_t n = int64_t(std::strlen(rows[0])), order = 4 * n;
  std::vector<int8_t> h(order * order);
  for (int64_t i = 0; i < order; ++i)
    for (int64_t j = 0; j < order; ++j) {
      const int64_t down = i / n, across = j / n;
      const int block = blocks[down][across];
      int64_t row = i % n, column = j % n;
      if (down != across)
        column = n - 1 - column;
      if (down != across && down > 0 && across > 0)
        std::swap(row, column);
      const char sign = rows[std::abs(block) - 1][(column - row + n) % n];
      h[i * order + j] = (sign == '+') == (block > 0) ? 1 : -1;
    }
  return h;
}

static std::vector<int8_t> makeMatrix(int64_t order) {
  if (order == 1)
    return {1};
  if (isPrime(order - 1))
    return paleyFirst(order - 1);
  if (const int64_t q = order / 2 - 1; q % 4 == 1 && isPrime(q))
    return paleySecond(q);
  for (const FourRows &rows : fourRows)
    if (int64_t(4 * std::strlen(rows[0])) == order)
      return ofFourCirculants(rows);
  assert(false && "no matrix of this order");
  return {};
}

const std::vector<int8_t> &zq::codec::hadamardMatrix(int64_t order) {
  static const std::vector<std::vector<int8_t>> matrices = [] {
    std::vector<std::vector<int8_t>> all(largestHadamardOrder + 1);
    for (int64_t size = 1; size <= largestHadamardOrder; ++size)
      if (hadamardOrder(size) == size)
        all[size] = makeMatrix(size);
    return all;
  }();
  assert(hadamardOrder(order) == order && "no matrix of this order");
  return matrices[order];
}
