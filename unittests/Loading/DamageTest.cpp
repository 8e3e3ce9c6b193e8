//===- DamageTest.cpp - Every named format with damaged streams -----------===//
//
// What is loaded is refused with a reason, or it decodes: to other values, or
// to an error where an entropy-coded chunk ends early. That nothing is read out
// of bounds shows under -fsanitize=address,undefined; a hang ends the test's
// time. Compiled decoders are in Integration/DamageTest.cpp.
//
//===----------------------------------------------------------------------===//
#include "../Runtime/TemporaryFile.h"
#include "DamagedStreams.h"

#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Runtime/CompressedFiles.h"

#include <random>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::Result;
using ::zq::codec::Status;
using ::zq::codec::Stream;
using ::zq::runtime::SafetensorsFile;
using ::zq::runtime::SafetensorsReader;
using ::zq::test::forEachDamage;

namespace {

class Damage : public TemporaryFileTest,
               public testing::WithParamInterface<std::string> {
protected:
  void SetUp() override {
    TemporaryFileTest::SetUp();
    // The first type of elements that the format takes in.
    for (const char *element : {"f32", "bf16", "f16"}) {
      auto parsed =
          parseCompressedType("!zq.tensor<37x300x" + std::string(element) +
                                  ", #zq.codec<" + GetParam() + ">>",
                              &context);
      if (parsed) {
        type = *parsed;
        break;
      }
    }
    ASSERT_TRUE(type);
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    Array values(*toReferenceType(type.getElementType()), {37, 300});
    for (int64_t i = 0; i < values.size(); ++i)
      values.setFloat(i, normal(random));
    auto encoded = encodeDense(values, type);
    ASSERT_TRUE(encoded) << encoded.message();
    streams = *encoded;
    ASSERT_TRUE(checkStreams(streams, type, /*scope=*/nullptr));
  }

  /// Decodes what loading takes.
  Result<Array> decode(const std::vector<Stream> &loaded) const {
    return type.getCodec()
        .getReference(type.getElementType())
        ->decode(loaded, type.getShape().vec(),
                 *toReferenceType(type.getElementType()));
  }

  /// Loaded streams decode, but for chunks that end early.
  void expectLegal(const std::vector<Stream> &loaded) {
    Result<Array> decoded = decode(loaded);
    if (!decoded)
      EXPECT_NE(decoded.message().find("chunk"), std::string::npos)
          << decoded.message();
    else
      EXPECT_EQ(decoded->bytes.size(),
                37 * 300 * ::zq::codec::byteWidth(decoded->type));
  }

  static void expectReason(const std::string &message) {
    EXPECT_FALSE(message.empty());
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  CompressedTensorType type;
  std::vector<Stream> streams;
};

TEST_P(Damage, OfStreams) {
  int refused = 0;
  forEachDamage(
      streams, 1,
      [&](const std::vector<Stream> &damaged, const std::string &what) {
        SCOPED_TRACE(what);
        if (Status valid = checkStreams(damaged, type, /*scope=*/nullptr);
            valid) {
          expectLegal(damaged);
        } else {
          expectReason(valid.message());
          ++refused;
          // The reference alone is as careful.
          if (Result<Array> decoded = decode(damaged); !decoded)
            expectReason(decoded.message());
        }
      });
  // At least what fits no shape.
  EXPECT_GE(refused, 7 * int(streams.size()));
}

TEST_P(Damage, OfFiles) {
  SafetensorsFile contents;
  addCompressedTensor(contents, "w", type, streams);
  ASSERT_TRUE(writeSafetensors(path("good"), contents));
  forEachDamage(get("good"), 2, [&](const std::string &bytes) {
    Result<SafetensorsReader> file = SafetensorsReader::open(put("bad", bytes));
    if (!file)
      return expectReason(file.message());
    Result<CompressedTensorType> stated =
        readCompressedType(*file, "w", &context);
    // The error of a type may show the place in its text.
    if (!stated || *stated != type)
      return;
    Result<std::vector<Stream>> loaded =
        readCompressedTensor(*file, "w", type, /*scope=*/nullptr);
    if (loaded)
      expectLegal(*loaded);
    else
      expectReason(loaded.message());
  });
}

std::vector<std::string> getNames() {
  std::vector<std::string> names;
  for (const NamedCodec &named : getNamedCodecs())
    names.push_back(named.name.str());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Named, Damage, testing::ValuesIn(getNames()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           return info.param;
                         });

} // namespace
