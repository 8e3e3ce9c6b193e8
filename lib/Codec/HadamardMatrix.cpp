//===- HadamardMatrix.cpp - Hadamard matrices by Paley's constructions ----===//

#include "zq/Codec/Hadamard.h"

using namespace zq::codec;

int64_t zq::codec::hadamardOrder(int64_t size) {
  for (int64_t order : hadamardOrders)
    for (int64_t n = order; n > 0 && n <= size; n *= 2)
      if (n == size)
        return order;
  return 0;
}

/// 1 where `value` is a square modulo the prime `q`, -1 where it is not, 0
/// where it is 0.
static int quadraticCharacter(int64_t value, int64_t q) {
  int64_t residue = (value % q + q) % q;
  if (residue == 0)
    return 0;
  for (int64_t root = 1; root < q; ++root)
    if (root * root % q == residue)
      return 1;
  return -1;
}

/// The conference matrix of order q + 1, q an odd prime: zero on the diagonal,
/// signs elsewhere, its rows orthogonal.
static std::vector<int8_t> conferenceMatrix(int64_t q) {
  int64_t order = q + 1;
  std::vector<int8_t> c(order * order);
  for (int64_t i = 0; i < q; ++i) {
    c[i + 1] = 1;
    c[(i + 1) * order] = quadraticCharacter(-1, q);
    for (int64_t j = 0; j < q; ++j)
      c[(i + 1) * order + j + 1] = quadraticCharacter(i - j, q);
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

const std::vector<int8_t> &zq::codec::hadamardMatrix(int64_t order) {
  static const std::vector<int8_t> of1{1},
      of12 = paleyFirst(11), of20 = paleyFirst(19), of28 = paleySecond(13),
      of36 = paleySecond(17);
  switch (order) {
  case 12:
    return of12;
  case 20:
    return of20;
  case 28:
    return of28;
  case 36:
    return of36;
  default:
    assert(order == 1 && "no matrix of this order");
    return of1;
  }
}
