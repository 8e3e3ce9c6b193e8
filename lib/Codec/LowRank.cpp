//===- LowRank.cpp - A low-rank part beside the rest ----------------------===//

#include "zq/Codec/LowRank.h"
#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/DenseAlgebra.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>

using namespace zq::codec;

LowRank::LowRank(int64_t rank, Of of, StoredFloats stored)
    : rank(rank), of(of), stored(std::move(stored)) {
  assert(rank >= 1 && "a rank is positive");
}

CodecRef LowRank::sideCodec(size_t) const { return stored.codec(); }

/// Whether there is a matrix to approximate.
Status LowRank::checkRank(const Shape &shape) const {
  if (shape.size() < 2)
    return Error{"lowrank needs a matrix, the tensor has rank " +
                 std::to_string(shape.size())};
  return checkShape(shape);
}

Result<Shape> LowRank::sideShape(size_t index, const Shape &shape,
                                 const std::vector<Stream> &) const {
  if (Status valid = checkRank(shape); !valid)
    return valid.error();
  Shape result = shape;
  (index == 0 ? result.back() : result[shape.size() - 2]) = rank;
  return result;
}

/// left x right as decoding computes it.
static Array product(const Array &left, const Array &right, const Shape &shape,
                     int64_t rank) {
  const F32View leftF32(left), rightF32(right);
  Array result(ElementType::F32, shape);
  const int64_t rows = shape[shape.size() - 2], columns = shape.back();
  if (result.size() == 0)
    return result;
  const int64_t grain =
      std::max<int64_t>(1, elementGrain / (columns * (rank + 1)));
  parallelFor(result.size() / columns, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float *sums = elements<float>(result) + row * columns;
      for (int64_t r = 0; r < rank; ++r) {
        const float factor = leftF32->get<float>(row * rank + r);
        const float *other =
            elements<float>(*rightF32) + (row / rows * rank + r) * columns;
        for (int64_t j = 0; j < columns; ++j)
          sums[j] += factor * other[j];
      }
    }
  });
  return result;
}

/// Writes the factors of the matrices in `values` to two f32 arrays.
static void factorizeAll(const std::vector<double> &values, int64_t rank,
                         const Shape &shape, Array &left, Array &right) {
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  int64_t size = rows * columns;
  for (int64_t begin = 0, n = values.size(); begin < n; begin += size) {
    std::vector<double> matrix(values.begin() + begin,
                               values.begin() + begin + size);
    Factors factors = factorize(matrix, rows, columns, rank);
    int64_t batch = begin / size;
    for (int64_t i = 0; i < rows * rank; ++i)
      left.set(batch * rows * rank + i, float(factors.left[i]));
    for (int64_t i = 0; i < rank * columns; ++i)
      right.set(batch * rank * columns + i, float(factors.right[i]));
  }
}

Result<Array> LowRank::encode(const Array &input, const Below &below,
                              std::vector<Stream> &sides) const {
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  const Shape &shape = input.shape;
  if (Status valid = checkRank(shape); !valid)
    return valid.error();
  std::vector<double> decomposed(values->size());
  for (size_t i = 0; i < decomposed.size(); ++i)
    decomposed[i] = values->get<float>(i);
  if (of == Of::Error) {
    Result<Array> read = below.roundTrip(*values);
    if (!read)
      return read;
    read = finiteF32(keyword(), *read);
    if (!read)
      return read;
    for (size_t i = 0; i < decomposed.size(); ++i)
      decomposed[i] -= double(read->get<float>(i));
  }

  Array left(ElementType::F32, *sideShape(0, shape, {}));
  Array right(ElementType::F32, *sideShape(1, shape, {}));
  factorizeAll(decomposed, rank, shape, left, right);
  if (of == Of::Value) {
    Result<Array> leftRead =
        stored.readBack(stored.round(left), "left of lowrank");
    if (!leftRead)
      return leftRead;
    Result<Array> rightRead =
        stored.readBack(stored.round(right), "right of lowrank");
    if (!rightRead)
      return rightRead;
    Array sum = product(*leftRead, *rightRead, shape, rank);
    for (int64_t i = 0, n = values->size(); i < n; ++i)
      values->set(i, values->get<float>(i) - sum.get<float>(i));
  }
  sides.push_back({"left", stored.round(left)});
  sides.push_back({"right", stored.round(right)});
  return values;
}

Status LowRank::check(const Array *main, const std::vector<Stream> &sides,
                      const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 2); !valid)
    return valid;
  if (Status valid = checkRank(shape); !valid)
    return valid;
  const char *names[] = {"stream 'left'", "stream 'right'"};
  for (size_t k : {0, 1})
    if (Status valid = checkArray(names[k], sides[k].array, stored.type(),
                                  *sideShape(k, shape, {}));
        !valid)
      return valid;
  if (main)
    return checkArray("the main array of lowrank", *main, ElementType::F32,
                      shape);
  return {};
}

Result<Array> LowRank::decode(const Array &main,
                              const std::vector<Stream> &sides,
                              const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array result = product(sides[0].array, sides[1].array, shape, rank);
  for (int64_t i = 0, n = result.size(); i < n; ++i)
    result.set(i, main.get<float>(i) + result.get<float>(i));
  return result;
}
