//===- DamageTest.cpp - Compiled decoders on damaged streams --------------===//
//
// Compiled code looks at nothing any more: on whatever loading takes it reads
// and writes inside of its arrays, each of which ends at a guard page, and
// decodes what the reference does.
//
//===----------------------------------------------------------------------===//
#include "../Loading/DamagedStreams.h"
#include "Kernel.h"
#include "TestCodecs.h"

#include "zq/Runtime/CompressedFiles.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

class DamagedFormats : public testing::TestWithParam<TestCodec> {};

/// All of a tensor, a window at a place known at run time, and a product.
std::string printProgram(const TestCodec &codec) {
  std::string element = "x" + codec.element + ">";
  std::string whole = "tensor<37x300" + element,
              part = "tensor<11x90" + element;
  std::string type = codec.type({37, 300});
  auto decode = [&](const std::string &name, const std::string &place,
                    const std::string &into) {
    return "  %e" + name + " = tensor.empty() : " + into + "\n  %" + name +
           " = zq.decode %w at [" + place + "] outs(%e" + name + " : " + into +
           ") : " + type + " -> " + into + "\n";
  };
  return "func.func @f(%w: " + type + ", %i64: tensor<i64>, " +
         "%x: tensor<300xf32>) -> (" + whole + ", " + part +
         ", tensor<37xf32>) {\n"
         "  %at = tensor.extract %i64[] : tensor<i64>\n"
         "  %i = arith.index_cast %at : i64 to index\n" +
         decode("all", "0, 0", whole) + decode("window", "%i, %i", part) +
         decode("weight", "0, 0", whole) +
         "  %zero = arith.constant dense<0.0> : tensor<37xf32>\n"
         "  %y = linalg.matvec ins(%weight, %x : " +
         whole +
         ", tensor<300xf32>) outs(%zero : tensor<37xf32>) -> tensor<37xf32>\n"
         "  return %all, %window, %y : " +
         whole + ", " + part + ", tensor<37xf32>\n}\n";
}

TEST_P(DamagedFormats, DecodeInsideOfTheirStreams) {
  const TestCodec codec = GetParam();
  const std::vector<int64_t> shape{37, 300};
  JitOptions options;
  options.guardPages = true;
  options.features = getFeatureSets().front();
  Kernel kernel(printProgram(codec), options, codec.text);
  TestContext context;
  auto type = parseCompressedType(codec.type(shape), &context.context);
  ASSERT_TRUE(type) << type.message();

  std::mt19937 random(5);
  std::vector<Stream> streams =
      codec.encode(gaussianValues(codec.elementType(), shape, random));
  Array at(ElementType::I64, {});
  at.set(0, int64_t(23));
  Array x = gaussianValues(ElementType::F32, {300}, random);
  int loaded = 0;
  ::zq::test::forEachDamage(
      streams, 3,
      [&](const std::vector<Stream> &damaged, const std::string &what) {
        if (HasFatalFailure() || !checkStreams(damaged, *type, nullptr))
          return;
        ++loaded;
        std::vector<Array> inputs;
        for (const Stream &stream : damaged)
          inputs.push_back(stream.array);
        inputs.insert(inputs.end(), {at, x});
        std::vector<Array> results = kernel.call(inputs);
        Array decoded;
        ASSERT_EQ(results.size(), 3u);
        // Nothing is promised of chunks that end early but to stay inside.
        if (!codec.tryDecode(damaged, shape, decoded))
          return;
        const std::string where = codec.text + ", " + what;
        expectSameBits(results[0], decoded, where, /*sameNaN=*/true);
        expectSameBits(results[1], cutWindow(decoded, {23, 23}, {11, 90}),
                       where + ", a window", /*sameNaN=*/true);
      });
  EXPECT_GE(loaded, 16);
}

INSTANTIATE_TEST_SUITE_P(Named, DamagedFormats,
                         testing::ValuesIn(getNamedFormats()),
                         [](const testing::TestParamInfo<TestCodec> &info) {
                           return info.param.text;
                         });

} // namespace
