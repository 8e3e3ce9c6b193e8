//===- PropertyTest.cpp - Codecs that nobody thought of -------------------===//
//
// Composes legal codecs at random: each is encoded by the reference, decoded
// whole and in windows to the bit, and multiplied within the bound.
//
//   ZQ_PROPERTY_CASES=2000 ZQ_PROPERTY_SEED=7 bin/ZQIntegrationTests
//     --gtest_filter='Property.*'
//
// runs more of them, or others, and scripts/night.sh thousands. A failure
// prints the codec and the shape, a crash too.
//
//===----------------------------------------------------------------------===//
#include "CodecGenerator.h"
#include "Programs.h"

#include "llvm/Support/PrettyStackTrace.h"
#include "gtest/gtest.h"

#include <cstdlib>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;
using ::zq::codec::Result;

namespace {

int64_t getNumber(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::atoll(text) : otherwise;
}

/// A function of two compressed tensors' worth of work on one: all of it, and a
/// window at a place known at run time.
std::string printDecodes(const TestCodec &codec, const Shape &shape,
                         const Shape &window) {
  std::string type = codec.type(shape);
  std::string whole = "tensor<" + printShape(shape) + "x" + codec.element + ">";
  std::string part = "tensor<" + printShape(window) + "x" + codec.element + ">";
  return "func.func @f(%w: " + type + ", %place: tensor<2xi64>) -> (" + whole +
         ", " + part + ") {\n" +
         "  %c0 = arith.constant 0 : index\n"
         "  %c1 = arith.constant 1 : index\n"
         "  %i64 = tensor.extract %place[%c0] : tensor<2xi64>\n"
         "  %j64 = tensor.extract %place[%c1] : tensor<2xi64>\n"
         "  %i = arith.index_cast %i64 : i64 to index\n"
         "  %j = arith.index_cast %j64 : i64 to index\n"
         "  %e0 = tensor.empty() : " +
         whole + "\n  %d0 = zq.decode %w at [0, 0] outs(%e0 : " + whole +
         ") : " + type + " -> " + whole + "\n  %e1 = tensor.empty() : " + part +
         "\n  %d1 = zq.decode %w at [%i, %j] outs(%e1 : " + part +
         ") : " + type + " -> " + part + "\n  return %d0, %d1 : " + whole +
         ", " + part + "\n}\n";
}

TEST(Property, RandomCodecsDecodeToTheBitAndMultiplyWithinTheBound) {
  int64_t cases = getNumber("ZQ_PROPERTY_CASES", 40);
  uint64_t seed = getNumber("ZQ_PROPERTY_SEED", 1);
  CodecGenerator generator(seed);
  std::mt19937 random(seed);
  auto between = [&](int64_t low, int64_t high) {
    return low + int64_t(random() % (high - low + 1));
  };
  JitOptions options;
  options.guardPages = true;
  options.verifyEach = true;
  options.features = getFeatureSets().front();

  llvm::EnablePrettyStackTrace();
  int64_t tried = 0, refused = 0;
  for (int64_t done = 0; done < cases; ++tried) {
    ASSERT_LT(tried, cases * 20 + 100) << "hardly any composition is legal";
    TestCodec codec = generator.next();
    Shape shape{between(1, 24),
                between(1, 3) == 1 ? between(1, 20) : between(20, 300)};
    if (!codec.isLegal(shape))
      continue;
    std::string what =
        codec.text + " as " + codec.element + " on " + printShape(shape);
    SCOPED_TRACE(what);
    llvm::PrettyStackTraceString shownInCrashes(what.c_str());
    // An encoder may say that it cannot hold the values, as long as it says so.
    Array values = gaussianValues(codec.elementType(), shape, random);
    std::vector<Stream> streams;
    if (std::string why; !codec.tryEncode(values, streams, why)) {
      EXPECT_FALSE(why.empty());
      ++refused;
      continue;
    }
    ++done;
    Array decoded = codec.decode(streams, shape);
    if (codec.isLossless())
      expectSameBits(decoded, values, what + ", round trip");

    Shape window{between(1, shape[0]), between(1, shape[1])};
    Shape place{between(0, shape[0] - window[0]),
                between(0, shape[1] - window[1])};
    Kernel kernel(printDecodes(codec, shape, window), options, what);
    std::vector<Array> inputs;
    for (const Stream &stream : streams)
      inputs.push_back(stream.array);
    inputs.push_back(Array(ElementType::I64, {2}));
    inputs.back().set(0, place[0]);
    inputs.back().set(1, place[1]);
    std::vector<Array> results = kernel.call(inputs);
    ASSERT_EQ(results.size(), 2u);
    expectSameBits(results[0], decoded, what);
    expectSameBits(results[1], cutWindow(decoded, place, window),
                   what + ", a window");

    if (done % 4 == 0)
      checkProducts({matmulByRows(between(1, 5), shape[0], shape[1])}, codec,
                    options, /*mayBeUnfused=*/true);
    if (HasFailure())
      return;
  }
  EXPECT_LT(refused, cases);
}

} // namespace
