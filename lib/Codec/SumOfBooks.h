//===- SumOfBooks.h - Vectors as sums of entries --------------------------===//
#ifndef ZQ_LIB_CODEC_SUMOFBOOKS_H
#define ZQ_LIB_CODEC_SUMOFBOOKS_H

#include "NearestRow.h"

namespace zq::codec {

/// Chooses one entry out of every book. The entries of book b are the rows
/// [b * count, (b + 1) * count) of `entries`.
class BookSearch {
public:
  /// Keeps a pointer to the entries. `sweeps` is how often every book may
  /// choose again, given the choices of the others.
  BookSearch(const float *entries, int64_t count, int64_t books, int64_t length,
             int sweeps);

  /// Writes the codes of the entries whose sum is to be near `vector`: book
  /// after book the one nearest to what is left, in f32; then the sweeps.
  void find(const float *vector, uint32_t *codes) const;

  /// Adds `sign` times the entry of `code` in `book` to `vector`.
  void add(float sign, int64_t book, uint32_t code, float *vector) const;

private:
  const float *entries;
  int64_t count, length;
  int sweeps;
  std::vector<NearestRow> books;
};

/// The entries of `books` books of `count` entries for the rows of `length`
/// elements in `rows`: each book from the means (`kMeans`) of what those before
/// it leave. With sweeps, two rounds follow in which rows choose (`BookSearch`)
/// and the entries of each book become the means of what the others leave.
std::vector<float> trainBooks(const std::vector<float> &rows, int64_t length,
                              int64_t count, int64_t books, int sweeps);

} // namespace zq::codec

#endif // ZQ_LIB_CODEC_SUMOFBOOKS_H
