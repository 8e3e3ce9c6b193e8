//===- Lines.h - The lines of a tensor along one of its axes --------------===//
#ifndef ZQ_LIB_CODEC_LINES_H
#define ZQ_LIB_CODEC_LINES_H

#include "Validate.h"

#include <string>

namespace zq::codec {

/// Whether a tensor of `rank` has this axis; `keyword` names who needs it.
inline Status checkAxis(const std::string &keyword, int64_t axis, size_t rank) {
  if (axis < int64_t(rank))
    return {};
  return Error{keyword + " along axis " + std::to_string(axis) +
               " of a tensor of rank " + std::to_string(rank)};
}

/// The same of a tensor of `shape`, and whether the stage has as many side
/// streams as expected.
inline Status checkAlong(const std::string &keyword, int64_t axis,
                         size_t numSides, size_t expected,
                         const std::vector<int64_t> &shape) {
  if (Status valid = checkCount(keyword, numSides, expected); !valid)
    return valid;
  if (Status valid = checkAxis(keyword, axis, shape.size()); !valid)
    return valid;
  return checkShape(shape);
}

/// The distance of neighbours along `axis` in a row-major tensor of `shape`.
inline int64_t strideOf(const std::vector<int64_t> &shape, int64_t axis) {
  return numElements({shape.begin() + axis + 1, shape.end()});
}

/// Calls visit(begin) for every line along `axis` of a tensor of `shape`: its
/// elements are begin + i * strideOf(shape, axis).
template <typename Visit>
void forEachLine(const std::vector<int64_t> &shape, int64_t axis, Visit visit) {
  int64_t size = numElements(shape), stride = strideOf(shape, axis);
  for (int64_t outer = 0; outer < size; outer += shape[axis] * stride)
    for (int64_t inner = 0; inner < stride; ++inner)
      visit(outer + inner);
}

/// f32 `values` with each run of `block` elements of a line along `axis`, but
/// not the rest that fills no run, multiplied by the matrix [block, block] in
/// f32 at `matrix`, or by its transpose; run b of a line by the matrix b *
/// `apart` elements further on. An element is summed in the order of the run's.
Array multiplyLines(const Array &values, int64_t axis, int64_t block,
                    const Array &matrix, int64_t apart, bool transpose);

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_LINES_H
