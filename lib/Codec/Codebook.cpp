//===- Codebook.cpp - Vector quantization with learned entries ------------===//

#include "zq/Codec/Codebook.h"
#include "Elements.h"
#include "SumOfBooks.h"
#include "Validate.h"
#include "zq/Codec/Parallel.h"

#include <algorithm>
#include <cassert>

using namespace zq::codec;

/// Where the vectors of a tensor are.
struct Codebook::Vectors {
  int64_t outer = 1, size, inner = 1, length;

  Vectors(const Shape &shape, size_t axis, int64_t length)
      : size(shape[axis]), length(length) {
    for (size_t i = 0; i < axis; ++i)
      outer *= shape[i];
    for (size_t i = axis + 1; i < shape.size(); ++i)
      inner *= shape[i];
  }

  int64_t count() const { return outer * ceilDiv(size, length) * inner; }

  /// Calls `visit(number, element, count)` for every vector, numbered from 0
  /// as its codes are: its `count` elements start at `element`, each one
  /// `inner` after the other.
  template <typename Visit>
  void forEach(Visit visit) const {
    int64_t number = 0;
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t first = 0; first < size; first += length)
        for (int64_t i = 0; i < inner; ++i)
          visit(number++, (o * size + first) * inner + i,
                std::min(length, size - first));
  }
};

Codebook::Codebook(Options given)
    : options(std::move(given)), groups(options.group) {
  assert(!options.vector.empty() && "a vector has a shape");
  axis = options.vector.size() - 1;
  for (size_t i = 0; i < options.vector.size(); ++i)
    if (options.vector[i] != 1)
      axis = i;
  length = options.vector[axis];
  for (size_t i = 0; i < options.vector.size(); ++i)
    assert((i == axis || options.vector[i] == 1) && options.vector[i] >= 1 &&
           "a vector lies along one axis");
  assert(1 <= options.bits && options.bits <= 16 && "1 to 16 bits");
  assert(1 <= options.books && options.books <= 16 && "1 to 16 books");
  assert((options.group.empty() ||
          (options.group.size() == options.vector.size() &&
           options.group[axis] % length == 0)) &&
         "groups hold whole vectors");
  assert(options.stored.isSigned() && "entries have a sign");
}

CodecRef Codebook::sideCodec(size_t) const { return options.stored.codec(); }

Status Codebook::checkRank(size_t rank) const {
  if (options.vector.size() == rank)
    return {};
  return Error{"codebook has vectors of rank " +
               std::to_string(options.vector.size()) +
               ", the tensor has rank " + std::to_string(rank)};
}

/// The shape of the stream for a tensor of `shape`.
Result<Shape> Codebook::entriesShape(const Shape &shape) const {
  if (Status valid = checkRank(shape.size()); !valid)
    return valid.error();
  if (Status valid = checkShape(shape); !valid)
    return valid.error();
  Shape entries = groups.count(shape), factors = entries;
  factors.insert(factors.end(), {options.books, perBook(), length});
  if (Status valid = checkShape(factors); !valid)
    return valid.error();
  entries.back() *= options.books * perBook() * length;
  return entries;
}

Result<Shape> Codebook::sideShape(size_t, const Shape &shape,
                                  const std::vector<Stream> &) const {
  return entriesShape(shape);
}

Shape Codebook::mainShape(const Shape &shape) const {
  Shape result = shape;
  if (shape.size() == options.vector.size()) {
    result[axis] = ceilDiv(shape[axis], length);
    result.back() *= options.books;
  }
  return result;
}

Range Codebook::inputRange(Range target) const {
  (void)target;
  return {-1, 1};
}

/// The rows of a group that its books are trained on.
static std::vector<float> sampleRows(const std::vector<float> &rows,
                                     const std::vector<int64_t> &members,
                                     int64_t length, int64_t limit) {
  int64_t size = int64_t(members.size()), count = std::min(size, limit);
  std::vector<float> sample;
  for (int64_t i = 0; i < count; ++i) {
    auto row = rows.begin() + members[i * size / count] * length;
    sample.insert(sample.end(), row, row + length);
  }
  return sample;
}

Result<Array> Codebook::encode(const Array &input, const Below &below,
                               std::vector<Stream> &sides) const {
  (void)below;
  Result<Array> values = finiteF32(keyword(), input);
  if (!values)
    return values;
  Result<Shape> entriesShape = this->entriesShape(input.shape);
  if (!entriesShape)
    return entriesShape.error();
  int64_t perGroup = options.books * perBook() * length;
  const std::vector<float> rows = rowsOf(*values);
  const std::vector<std::vector<int64_t>> members =
      membersOf(input.shape, numElements(*entriesShape) / perGroup);

  Array entries(options.stored.type(), *entriesShape);
  parallelFor(members.size(), 1, [&](int64_t group, int64_t) {
    std::vector<float> trained =
        trainBooks(sampleRows(rows, members[group], length,
                              std::max<int64_t>(1 << 14, 4 * perBook())),
                   length, perBook(), options.books, sweeps());
    for (size_t i = 0; i < trained.size(); ++i)
      entries.setFloat(group * trained.size() + i,
                       options.stored.round(trained[i]));
  });

  // What vectors choose from is what will be read.
  Result<Array> read = options.stored.readBack(entries, "codebook");
  if (!read)
    return read;
  Result<Array> codes = encodeBy({{"codebook", std::move(*read)}}, *values);
  sides.push_back({"codebook", std::move(entries)});
  return codes;
}

/// The vectors of `values`, one after the other.
std::vector<float> Codebook::rowsOf(const Array &values) const {
  Vectors vectors(values.shape, axis, length);
  std::vector<float> rows(vectors.count() * length, 0.0f);
  vectors.forEach([&](int64_t number, int64_t element, int64_t count) {
    for (int64_t k = 0; k < count; ++k)
      rows[number * length + k] =
          values.get<float>(element + k * vectors.inner);
  });
  return rows;
}

/// The numbers of the vectors of each of `count` groups.
std::vector<std::vector<int64_t>> Codebook::membersOf(const Shape &shape,
                                                      int64_t count) const {
  std::vector<std::vector<int64_t>> members(count);
  Vectors vectors(shape, axis, length);
  vectors.forEach([&](int64_t number, int64_t element, int64_t) {
    members[groups.blockOf(element, shape)].push_back(number);
  });
  return members;
}

Result<Array> Codebook::encodeBy(const std::vector<Stream> &sides,
                                 const Array &values) const {
  const int64_t perGroup = options.books * perBook() * length;
  const Array entries = widened(sides[0].array);
  const std::vector<float> rows = rowsOf(values);
  const std::vector<std::vector<int64_t>> members =
      membersOf(values.shape, entries.size() / perGroup);
  Array codes(codeType(options.bits), mainShape(values.shape));
  parallelFor(members.size(), 1, [&](int64_t group, int64_t) {
    BookSearch search(elements<float>(entries) + group * perGroup, perBook(),
                      options.books, length, sweeps());
    const std::vector<int64_t> &own = members[group];
    parallelFor(own.size(), searchGrain, [&](int64_t begin, int64_t end) {
      std::vector<uint32_t> chosen(options.books);
      for (int64_t i = begin; i < end; ++i) {
        search.find(&rows[own[i] * length], chosen.data());
        for (int book = 0; book < options.books; ++book)
          setCode(codes, own[i] * options.books + book, chosen[book]);
      }
    });
  });
  return codes;
}

/// Element `element` of what the entries of a group, one of each book, add up
/// to.
template <typename CodeOf>
float Codebook::sumOfEntries(const Array &entries, int64_t group,
                             int64_t element, CodeOf codeOf) const {
  float sum = 0;
  for (int64_t book = 0; book < options.books; ++book) {
    int64_t row = (group * options.books + book) * perBook() + codeOf(book);
    float entry = entries.get<float>(row * length + element);
    sum = book == 0 ? entry : sum + entry;
  }
  return sum;
}

/// The sum of entries nearest to each vector.
class Codebook::Map : public ElementMap {
public:
  Map(const Codebook &stage, const std::vector<Stream> &sides,
      const Shape &shape)
      : stage(stage), entries(widened(sides[0].array)), shape(shape),
        vectors(shape, stage.axis, stage.length) {
    const float *first = elements<float>(entries);
    const int64_t perGroup =
        stage.options.books * stage.perBook() * stage.length;
    for (int64_t i = 0; i < entries.size(); i += perGroup)
      searches.emplace_back(first + i, stage.perBook(), stage.options.books,
                            stage.length, stage.sweeps());
  }

  Together together() const override {
    if (stage.axis + 1 == shape.size())
      return {1, stage.length};
    // Rows between neighbours of a vector. Where vectors are cut short within
    // the tensor they begin anew at multiples of the whole axis only.
    const int64_t rows = vectors.inner / shape.back();
    const bool isWhole =
        vectors.outer == 1 || vectors.size % vectors.length == 0;
    return {rows * (isWhole ? vectors.length : vectors.size), 1};
  }

  void encode(const ElementLine &line, float *values) const override {
    // Elements of the line between neighbours of a vector.
    const int64_t step = vectors.inner / line.stride;
    std::vector<float> vector(stage.length);
    std::vector<uint32_t> codes(stage.options.books);
    for (int64_t i = 0; i < line.count; ++i) {
      const int64_t at = line.at(i), place = at / vectors.inner % vectors.size;
      if (place % stage.length != 0)
        continue;
      const int64_t count = std::min(stage.length, vectors.size - place);
      const int64_t group = stage.groups.blockOf(at, shape);
      std::fill(vector.begin(), vector.end(), 0.0f);
      for (int64_t k = 0; k < count; ++k)
        vector[k] = values[i + k * step];
      searches[group].find(vector.data(), codes.data());
      for (uint32_t &code : codes)
        if (!codesRead.empty())
          code = codesRead[code];
      for (int64_t k = 0; k < count; ++k)
        values[i + k * step] = stage.sumOfEntries(
            entries, group, k, [&](int64_t book) { return codes[book]; });
    }
  }
  void decode(const ElementLine &, float *) const override {}
  void readAs(const std::vector<uint8_t> &read) override { codesRead = read; }

private:
  const Codebook &stage;
  Array entries;
  std::vector<uint8_t> codesRead;
  Shape shape;
  Vectors vectors;
  std::vector<BookSearch> searches;
};

std::unique_ptr<ElementMap>
Codebook::elementMap(const std::vector<Stream> &sides,
                     const Shape &shape) const {
  return std::make_unique<Map>(*this, sides, shape);
}

Status Codebook::check(const Array *main, const std::vector<Stream> &sides,
                       const Shape &shape) const {
  if (Status valid = checkCount(keyword(), sides.size(), 1); !valid)
    return valid;
  Result<Shape> expected = entriesShape(shape);
  if (!expected)
    return expected.error();
  if (Status valid = checkArray("stream 'codebook'", sides[0].array,
                                options.stored.type(), *expected);
      !valid)
    return valid;
  if (Status valid =
          checkMain(keyword(), main, mainShape(shape), codeType(options.bits));
      !valid || !main)
    return valid;
  return checkCodes(keyword(), *main, int64_t(1) << options.bits);
}

Result<Array> Codebook::decode(const Array &main,
                               const std::vector<Stream> &sides,
                               const Shape &shape) const {
  if (Status valid = check(&main, sides, shape); !valid)
    return valid.error();
  const Array entries = widened(sides[0].array);
  Array result(ElementType::F32, shape);
  Vectors vectors(shape, axis, length);
  vectors.forEach([&](int64_t number, int64_t element, int64_t count) {
    int64_t group = groups.blockOf(element, shape);
    for (int64_t k = 0; k < count; ++k)
      result.set(element + k * vectors.inner,
                 sumOfEntries(entries, group, k, [&](int64_t book) {
                   return getCode(main, number * options.books + book);
                 }));
  });
  return result;
}
