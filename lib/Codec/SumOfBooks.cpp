//===- SumOfBooks.cpp - Vectors as sums of entries ------------------------===//

#include "SumOfBooks.h"
#include "KMeans.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>

using namespace zq::codec;

BookSearch::BookSearch(const float *entries, int64_t count, int64_t books,
                       int64_t length, int sweeps)
    : entries(entries), count(count), length(length), sweeps(sweeps) {
  for (int64_t book = 0; book < books; ++book)
    this->books.emplace_back(entries + book * count * length, count, length);
}

void BookSearch::add(float sign, int64_t book, uint32_t code,
                     float *vector) const {
  const float *entry = entries + (book * count + code) * length;
  for (int64_t k = 0; k < length; ++k)
    vector[k] += sign * entry[k];
}

void BookSearch::find(const float *vector, uint32_t *codes) const {
  std::vector<float> rest(vector, vector + length);
  for (size_t book = 0; book < books.size(); ++book) {
    codes[book] = uint32_t(books[book].find(rest.data()));
    add(-1, book, codes[book], rest.data());
  }
  bool changes = true;
  for (int sweep = 0; changes && sweep < sweeps; ++sweep) {
    changes = false;
    for (size_t book = 0; book < books.size(); ++book) {
      add(1, book, codes[book], rest.data());
      uint32_t code = uint32_t(books[book].find(rest.data()));
      changes |= code != codes[book];
      codes[book] = code;
      add(-1, book, code, rest.data());
    }
  }
}

/// Makes the entries of `book` the means of what the others leave of `rows`.
static void refit(const std::vector<float> &rows, int64_t length, int64_t count,
                  int64_t books, int64_t book,
                  const std::vector<uint32_t> &codes,
                  std::vector<float> &entries) {
  std::vector<double> sums(count * length, 0);
  std::vector<int64_t> members(count, 0);
  for (size_t row = 0; row * length < rows.size(); ++row) {
    uint32_t own = codes[row * books + book];
    ++members[own];
    for (int64_t k = 0; k < length; ++k) {
      double left = rows[row * length + k];
      for (int64_t b = 0; b < books; ++b)
        if (b != book)
          left -= entries[(b * count + codes[row * books + b]) * length + k];
      sums[own * length + k] += left;
    }
  }
  for (int64_t i = 0; i < count; ++i)
    for (int64_t k = 0; members[i] > 0 && k < length; ++k)
      entries[(book * count + i) * length + k] =
          static_cast<float>(sums[i * length + k] / double(members[i]));
}

std::vector<float> zq::codec::trainBooks(const std::vector<float> &rows,
                                         int64_t length, int64_t count,
                                         int64_t books, int sweeps) {
  std::vector<float> entries, rest = rows;
  for (int64_t book = 0; book < books; ++book) {
    std::vector<float> centers = kMeans(rest, length, count);
    NearestRow nearest(centers.data(), count, length);
    if (book + 1 < books)
      parallelFor(
          rest.size() / length, searchGrain, [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row) {
              float *own = &rest[row * length];
              const float *center = &centers[nearest.find(own) * length];
              for (int64_t k = 0; k < length; ++k)
                own[k] -= center[k];
            }
          });
    entries.insert(entries.end(), centers.begin(), centers.end());
  }
  const int rounds = sweeps > 0 && books > 1 ? 2 : 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<uint32_t> codes(rows.size() / length * books);
    BookSearch search(entries.data(), count, books, length, sweeps);
    parallelFor(rows.size() / length, searchGrain,
                [&](int64_t begin, int64_t end) {
                  for (int64_t row = begin; row < end; ++row)
                    search.find(&rows[row * length], &codes[row * books]);
                });
    for (int64_t book = 0; book < books; ++book)
      refit(rows, length, count, books, book, codes, entries);
  }
  return entries;
}
