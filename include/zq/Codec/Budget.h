//===- Budget.h - One of several codecs for each tensor -------------------===//
#ifndef ZQ_CODEC_BUDGET_H
#define ZQ_CODEC_BUDGET_H

#include "zq/Codec/Result.h"

#include <cstddef>
#include <vector>

namespace zq::codec {

/// A way to store a tensor: what it takes, and what it loses.
struct Choice {
  double size;
  double error;
};

/// Of the choices of each tensor the number of one, such that the sizes sum to
/// `budget` or less, and the errors to as little as then can be (LQ-LoRA,
/// arXiv:2311.12023, does so by an integer program, L-GreCo, arXiv:2210.17357,
/// as here). Sizes beyond each tensor's least are counted in steps of a
/// thousandth of a tensor's mean share, rounded up; what that leaves over goes
/// to the tensors that gain most from it. Fails where the least of all do not
/// fit.
Result<std::vector<size_t>>
chooseWithin(const std::vector<std::vector<Choice>> &choices, double budget);

} // namespace zq::codec

#endif // ZQ_CODEC_BUDGET_H
