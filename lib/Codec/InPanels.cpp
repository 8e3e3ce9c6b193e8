//===- InPanels.cpp - Codes stored with rows side by side -----------------===//

#include "zq/Codec/InPanels.h"
#include "Validate.h"

#include <algorithm>
#include <cassert>

using namespace zq::codec;

InPanels::InPanels(int64_t lanes, int64_t depth,
                   std::shared_ptr<const Stage> coder)
    : lanes(lanes), depth(depth), coder(std::move(coder)) {
  assert(lanes >= 1 && depth >= 1 && "a panel has rows and columns");
  assert(this->coder->isTerminal() && "the other stage ends the chain");
}

/// The panels of a matrix of `shape` as lines.
Shape InPanels::linesOf(const Shape &shape) const {
  return {ceilDiv(shape[0], lanes), ceilDiv(shape[1], depth) * lanes * depth};
}

/// Calls `copy(element, place, count)` for each run of elements that are
/// neighbours in the matrix as in the lines.
template <typename Copy>
void InPanels::forEachRun(const Shape &shape, Copy copy) const {
  const int64_t width = linesOf(shape)[1];
  for (int64_t i = 0; i < shape[0]; ++i)
    for (int64_t j = 0; j < shape[1]; j += depth)
      copy(i * shape[1] + j,
           i / lanes * width + (j * lanes + i % lanes * depth),
           std::min(depth, shape[1] - j));
}

Result<Array> InPanels::encode(const Array &input, const Below &below,
                               std::vector<Stream> &sides) const {
  if (input.shape.size() != 2)
    return Error{keyword() + " needs a tensor of rank 2"};
  if (Status valid = checkArray("the input of " + keyword(), input,
                                coder->decodedType(), input.shape);
      !valid)
    return valid.error();
  const size_t bytes = byteWidth(input.type);
  Array lines(input.type, linesOf(input.shape));
  forEachRun(input.shape, [&](int64_t element, int64_t place, int64_t count) {
    std::copy_n(input.bytes.data() + element * bytes, count * bytes,
                lines.bytes.data() + place * bytes);
  });
  return coder->encode(lines, below, sides);
}

Status InPanels::check(const Array *main, const std::vector<Stream> &sides,
                       const Shape &shape) const {
  if (shape.size() != 2)
    return Error{keyword() + " needs a tensor of rank 2"};
  if (Status valid = checkShape(shape); !valid)
    return valid;
  return coder->check(main, sides, linesOf(shape));
}

Result<Array> InPanels::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Result<Array> lines = coder->decode(main, sides, linesOf(shape));
  if (!lines)
    return lines;
  const size_t bytes = byteWidth(lines->type);
  Array result(lines->type, shape);
  forEachRun(shape, [&](int64_t element, int64_t place, int64_t count) {
    std::copy_n(lines->bytes.data() + place * bytes, count * bytes,
                result.bytes.data() + element * bytes);
  });
  return result;
}
