//===- VectorQuantize.cpp - Runs of values to one code each ---------------===//

#include "zq/Codec/VectorQuantize.h"
#include "Elements.h"
#include "Validate.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>

using namespace zq::codec;

Shape VectorQuantize::mainShape(const Shape &shape) const {
  Shape result = shape;
  if (!result.empty())
    result.back() = ceilDiv(result.back(), length());
  return result;
}

/// Calls `visit(vector, first, count)` for every vector of a tensor of `shape`
/// in row-major order: its code is number `vector`, its values are the `count`
/// elements from `first` on.
template <typename Visit>
void VectorQuantize::forEachVector(const Shape &shape, Visit visit) const {
  const int64_t row = shape.back(), perRow = ceilDiv(row, length());
  if (numElements(shape) == 0)
    return;
  const int64_t grain = std::max<int64_t>(1, elementGrain / 16 / row);
  parallelFor(numElements(shape) / row, grain, [&](int64_t begin, int64_t end) {
    for (int64_t vector = begin * perRow; vector < end * perRow; ++vector) {
      int64_t i = vector % perRow * length();
      visit(vector, vector / perRow * row + i,
            std::min<int64_t>(length(), row - i));
    }
  });
}

Result<Array> VectorQuantize::encode(const Array &input, const Below &below,
                                     std::vector<Stream> &sides) const {
  (void)below, (void)sides;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  if (input.shape.empty())
    return Error{keyword() + " needs a tensor of rank 1 or more"};
  Array codes(codeType(codeBits()), mainShape(input.shape));
  forEachVector(input.shape, [&](int64_t vector, int64_t first, int64_t count) {
    std::vector<float> padded(length());
    for (int64_t i = 0; i < count; ++i)
      padded[i] = values->get<float>(first + i);
    setCode(codes, vector, encodeVector(padded.data()));
  });
  return codes;
}

/// The point of each vector.
class VectorQuantize::Map : public ElementMap {
public:
  Map(const VectorQuantize &stage, int64_t row) : stage(stage), row(row) {}

  Together together() const override { return {1, stage.length()}; }

  void encode(const ElementLine &line, float *values) const override {
    const int64_t length = stage.length();
    for (int64_t i = 0; i < line.count; ++i) {
      const int64_t place = line.at(i) % row;
      if (place % length != 0)
        continue;
      const int64_t count = std::min(length, row - place);
      std::vector<float> padded(length);
      std::copy_n(values + i, count, padded.begin());
      uint32_t code = stage.encodeVector(padded.data());
      if (!codesRead.empty())
        code = codesRead[code];
      stage.decodeVector(code, padded.data());
      std::copy_n(padded.begin(), count, values + i);
    }
  }
  void decode(const ElementLine &, float *) const override {}
  void readAs(const std::vector<uint8_t> &read) override { codesRead = read; }

private:
  const VectorQuantize &stage;
  int64_t row;
  std::vector<uint8_t> codesRead;
};

std::unique_ptr<ElementMap>
VectorQuantize::elementMap(const std::vector<Stream> &,
                           const Shape &shape) const {
  return std::make_unique<Map>(*this, shape.back());
}

Status VectorQuantize::check(const Array *main,
                             const std::vector<Stream> &sides,
                             const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 0); !valid)
    return valid;
  if (Status valid = checkRows(keyword(), shape); !valid)
    return valid;
  if (Status valid =
          checkMain(keyword(), main, mainShape(shape), codeType(codeBits()));
      !valid || !main)
    return valid;
  return checkCodes(keyword(), *main, numCodes());
}

Result<Array> VectorQuantize::decode(const Array &main,
                                     const std::vector<Stream> &sides,
                                     const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  Array values(ElementType::F32, shape);
  forEachVector(shape, [&](int64_t vector, int64_t first, int64_t count) {
    std::vector<float> decoded(length());
    decodeVector(getCode(main, vector), decoded.data());
    for (int64_t i = 0; i < count; ++i)
      values.set(first + i, decoded[i]);
  });
  return values;
}
