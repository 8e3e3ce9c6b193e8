//===- DamagedStreams.cpp - Ways in which stored streams get damaged ------===//
#include "DamagedStreams.h"

#include "zq/Codec/Random.h"

#include <algorithm>

using namespace zq::codec;
using namespace zq::test;

static constexpr int numRegions = 16, numKinds = 5;

namespace {
/// Random numbers by a seed and a counter.
class Counter {
public:
  explicit Counter(uint64_t seed) : seed(seed) {}
  uint64_t next() { return splitmix64(seed, count++); }
  uint64_t below(uint64_t bound) { return next() % bound; }

private:
  uint64_t seed, count = 0;
};
} // namespace

/// Damages some of the `size` bytes at `bytes`, at least one, in one of
/// `numKinds` ways.
static void damageBytes(uint8_t *bytes, size_t size, int kind,
                        Counter &random) {
  switch (kind) {
  case 0:
    bytes[random.below(size)] ^= 1 << random.below(8);
    return;
  case 1:
    for (int i = 0; i < 8; ++i)
      bytes[random.below(size)] ^= 1 << random.below(8);
    return;
  case 2:
    std::fill_n(bytes, size, 0);
    return;
  case 3:
    std::fill_n(bytes, size, 0xFF);
    return;
  default:
    std::generate_n(bytes, size, [&] { return uint8_t(random.next()); });
  }
}

/// Calls `visit` with each region of `size` bytes that is not empty.
template <typename Visit>
static void forEachRegion(size_t size, Visit visit) {
  for (int region = 0; region < numRegions; ++region) {
    size_t begin = size * region / numRegions;
    size_t end = size * (region + 1) / numRegions;
    if (begin < end)
      visit(region, begin, end - begin);
  }
}

/// `array` with dimension `dim` of another size, the bytes cut off or repeated.
static Array resized(const Array &array, size_t dim, int64_t size) {
  Shape shape = array.shape;
  shape[dim] = size;
  Array result(array.type, shape);
  for (size_t i = 0; !array.bytes.empty() && i < result.bytes.size(); ++i)
    result.bytes[i] = array.bytes[i % array.bytes.size()];
  return result;
}

/// The arrays that say something else of themselves than `array`.
static std::vector<std::pair<std::string, Array>>
withOtherSizes(const Array &array) {
  std::vector<std::pair<std::string, Array>> made;
  auto add = [&](const std::string &what) -> Array & {
    made.emplace_back(what, array);
    return made.back().second;
  };
  if (!array.bytes.empty()) {
    add("has no bytes").bytes.clear();
    add("lacks a byte").bytes.pop_back();
  }
  add("has a byte more").bytes.push_back(0x5A);
  add("has a dimension more").shape.push_back(1);
  add("has a dimension below 0").shape.push_back(-1);
  add("has a huge dimension").shape.push_back(int64_t(1) << 62);
  add("has another type").type =
      array.type == ElementType::I8 ? ElementType::F8E5M2 : ElementType::I8;
  for (size_t dim = 0; dim < array.shape.size(); ++dim)
    for (int64_t size :
         {array.shape[dim] * 2, array.shape[dim] + 1, array.shape[dim] - 1,
          array.shape[dim] / 2, int64_t(9), int64_t(8), int64_t(7), int64_t(0)})
      if (size >= 0 && size != array.shape[dim])
        add("has size " + std::to_string(size) + " along dimension " +
            std::to_string(dim)) = resized(array, dim, size);
  return made;
}

void zq::test::forEachDamage(const std::vector<Stream> &streams, uint64_t seed,
                             const VisitDamaged &visit) {
  Counter random(seed);
  std::vector<Stream> damaged = streams;
  for (size_t i = 0; i < streams.size(); ++i) {
    const std::string stream = "stream '" + streams[i].name + "' ";
    for (auto &[what, array] : withOtherSizes(streams[i].array)) {
      damaged[i].array = std::move(array);
      visit(damaged, stream + what);
    }
    forEachRegion(streams[i].array.bytes.size(), [&](int region, size_t begin,
                                                     size_t size) {
      for (int kind = 0; kind < numKinds; ++kind) {
        damaged[i].array = streams[i].array;
        damageBytes(damaged[i].array.bytes.data() + begin, size, kind, random);
        visit(damaged, stream + "damaged in sixteenth " +
                           std::to_string(region) + " in way " +
                           std::to_string(kind));
      }
    });
    damaged[i].array = streams[i].array;
  }
}

void zq::test::forEachDamage(
    const std::string &bytes, uint64_t seed,
    const std::function<void(const std::string &bytes)> &visit) {
  Counter random(seed);
  visit(bytes + "a");
  forEachRegion(bytes.size(), [&](int, size_t begin, size_t size) {
    visit(bytes.substr(0, begin + random.below(size)));
    std::string damaged = bytes;
    damageBytes(reinterpret_cast<uint8_t *>(damaged.data()) + begin, size, 0,
                random);
    visit(damaged);
  });
}
