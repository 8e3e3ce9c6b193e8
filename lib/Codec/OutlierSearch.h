//===- OutlierSearch.h - The elements that cost the others most -----------===//
#ifndef ZQ_LIB_CODEC_OUTLIERSEARCH_H
#define ZQ_LIB_CODEC_OUTLIERSEARCH_H

#include "zq/Codec/Stage.h"

namespace zq::codec {

/// Chooses outliers by the error that is left without them, as `Outliers.h`
/// describes. It knows nothing of the stages below but what they make of an
/// array, so that one trial is a round trip of the whole tensor, in which every
/// run leaves one element out.
class OutlierSearch {
public:
  /// Of f32 `values`, of rank 1 or more.
  OutlierSearch(const Array &values, const Below &below)
      : values(values), below(below), width(values.shape.back()),
        isTaken(values.size()) {}

  /// `count` places, ascending, that leave no more error than `others` do.
  Result<std::vector<int64_t>> run(int64_t count,
                                   const std::vector<int64_t> &others);

private:
  using Errors = std::vector<double>;

  Result<Errors> errorsWithout(const std::vector<int64_t> &places) const;
  Status runRound(int64_t wanted);
  std::vector<int64_t> candidates() const;
  void take(int64_t place);

  const Array &values;
  const Below &below;
  int64_t width;
  std::vector<bool> isTaken;
  std::vector<int64_t> taken;
  /// Of every element where those taken are left out.
  Errors errors;
};

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_OUTLIERSEARCH_H
