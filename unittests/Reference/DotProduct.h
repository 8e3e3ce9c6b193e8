//===- DotProduct.h - Dot products in f32, in several orders --------------===//
#ifndef ZQ_UNITTESTS_REFERENCE_DOTPRODUCT_H
#define ZQ_UNITTESTS_REFERENCE_DOTPRODUCT_H

#include <cmath>
#include <cstdint>
#include <vector>

namespace mlir::zq::test {

/// How a compiled program may go about a sum of products.
enum class Order { Forward, Backward, Lanes, Pairwise };
inline constexpr Order allOrders[] = {Order::Forward, Order::Backward,
                                      Order::Lanes, Order::Pairwise};

inline float sumPairwise(const float *terms, int64_t size) {
  if (size == 1)
    return terms[0];
  return sumPairwise(terms, size / 2) +
         sumPairwise(terms + size / 2, size - size / 2);
}

/// x . y + init.
inline float dot(const float *x, const float *y, int64_t size, float init,
                 Order order, bool fused) {
  auto accumulate = [&](float sum, int64_t k) {
    return fused ? std::fma(x[k], y[k], sum) : sum + x[k] * y[k];
  };
  switch (order) {
  case Order::Forward:
    for (int64_t k = 0; k < size; ++k)
      init = accumulate(init, k);
    return init;
  case Order::Backward:
    for (int64_t k = size; k-- > 0;)
      init = accumulate(init, k);
    return init;
  case Order::Lanes: {
    float lanes[16] = {};
    for (int64_t k = 0; k < size; ++k)
      lanes[k % 16] = accumulate(lanes[k % 16], k);
    return init + sumPairwise(lanes, 16);
  }
  case Order::Pairwise: {
    std::vector<float> terms = {init};
    for (int64_t k = 0; k < size; ++k)
      terms.push_back(x[k] * y[k]);
    return sumPairwise(terms.data(), terms.size());
  }
  }
  return 0;
}

/// x (m x k) times the transpose of w (n x k).
inline std::vector<float> matmul(const std::vector<float> &x,
                                 const std::vector<float> &w, int64_t m,
                                 int64_t n, int64_t k, Order order,
                                 bool fused) {
  std::vector<float> y;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      y.push_back(dot(x.data() + i * k, w.data() + j * k, k, 0, order, fused));
  return y;
}

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_REFERENCE_DOTPRODUCT_H
