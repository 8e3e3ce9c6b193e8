//===- SafetensorsTest.cpp - Named arrays in a .safetensors file ----------===//
#include "zq/Runtime/Safetensors.h"

#include "TemporaryFile.h"

using namespace zq;
using namespace zq::runtime;
using codec::Array;
using codec::ElementType;

namespace {
class SafetensorsTest : public TemporaryFileTest {
protected:
  std::string putFile(const std::string &header,
                      const std::string &data) const {
    std::string length(8, '\0');
    for (int i = 0; i < 8; ++i)
      length[i] = static_cast<char>(header.size() >> 8 * i);
    return put("x.safetensors", length + header + data);
  }
  /// The message with which reading a file of this header and four bytes of
  /// data fails, without the path.
  std::string failure(const std::string &header) const {
    std::string file = putFile(header, "abcd");
    auto contents = readSafetensors(file);
    if (contents)
      return "no error";
    std::string prefix = "'" + file + "': ";
    EXPECT_EQ(contents.message().substr(0, prefix.size()), prefix);
    return contents.message().substr(prefix.size());
  }
  /// Likewise for a header with the one tensor 'w' of these fields.
  std::string tensorFailure(const std::string &fields) const {
    return failure("{\"w\":{" + fields + "}}");
  }
};

Array filled(ElementType type, std::vector<int64_t> shape) {
  Array array(type, std::move(shape));
  for (size_t i = 0; i < array.bytes.size(); ++i)
    array.bytes[i] = static_cast<uint8_t>(53 * i + 7);
  return array;
}
} // namespace

TEST_F(SafetensorsTest, RoundTripsEverything) {
  SafetensorsFile contents;
  contents.metadata = {{"codec", "a \"quoted\"\nline"}, {"\u00fc", ""}};
  for (ElementType type :
       {ElementType::I8, ElementType::F64, ElementType::F32, ElementType::F16,
        ElementType::BF16, ElementType::F8E4M3FN, ElementType::F8E5M2,
        ElementType::F8E8M0FNU, ElementType::I16, ElementType::I32,
        ElementType::I64})
    contents.tensors.push_back({codec::name(type), filled(type, {3, 5})});
  contents.tensors.push_back({"scalar \t", filled(ElementType::F32, {})});
  contents.tensors.push_back({"", filled(ElementType::F32, {2, 0})});
  ASSERT_TRUE(writeSafetensors(path("x.safetensors"), contents));
  auto back = readSafetensors(path("x.safetensors"));
  ASSERT_TRUE(back) << back.message();
  EXPECT_EQ(back->metadata, contents.metadata);
  ASSERT_EQ(back->tensors.size(), contents.tensors.size());
  for (size_t i = 0; i < back->tensors.size(); ++i) {
    EXPECT_EQ(back->tensors[i].name, contents.tensors[i].name);
    EXPECT_TRUE(back->tensors[i].array == contents.tensors[i].array);
  }
  EXPECT_NE(back->find("bf16"), nullptr);
  EXPECT_EQ(back->find("f128"), nullptr);
}

TEST_F(SafetensorsTest, RoundTripsNoTensors) {
  ASSERT_TRUE(writeSafetensors(path("x.safetensors"), {}));
  auto back = readSafetensors(path("x.safetensors"));
  ASSERT_TRUE(back) << back.message();
  EXPECT_TRUE(back->tensors.empty());
}

TEST_F(SafetensorsTest, ReadsOneTensorAlone) {
  SafetensorsFile contents;
  contents.metadata = {{"codec", "nvfp4"}};
  contents.tensors = {{"a", filled(ElementType::I8, {3})},
                      {"b", filled(ElementType::F32, {2, 2})}};
  ASSERT_TRUE(writeSafetensors(path("x.safetensors"), contents));
  auto reader = SafetensorsReader::open(path("x.safetensors"));
  ASSERT_TRUE(reader) << reader.message();
  EXPECT_EQ(reader->names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(reader->metadata().at("codec"), "nvfp4");
  const SafetensorsEntry *entry = reader->find("b");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->type, ElementType::F32);
  EXPECT_EQ(entry->shape, (std::vector<int64_t>{2, 2}));
  auto array = reader->read("b");
  ASSERT_TRUE(array) << array.message();
  EXPECT_TRUE(*array == contents.tensors[1].array);
  EXPECT_EQ(reader->read("c").message(),
            "'" + path("x.safetensors") + "': no tensor 'c'");
}

TEST_F(SafetensorsTest, AlignsHeaderAndTensors) {
  SafetensorsFile contents;
  contents.tensors = {{"bytes", filled(ElementType::I8, {3})},
                      {"floats", filled(ElementType::F32, {1})},
                      {"doubles", filled(ElementType::F64, {1})}};
  ASSERT_TRUE(writeSafetensors(path("x.safetensors"), contents));
  std::string text = get("x.safetensors");
  EXPECT_EQ(static_cast<unsigned char>(text[0]) % 8, 0);
  EXPECT_NE(text.find("\"bytes\":{\"dtype\":\"U8\",\"shape\":[3],"
                      "\"data_offsets\":[12,15]}"),
            std::string::npos);
  auto reader = SafetensorsReader::open(path("x.safetensors"));
  ASSERT_TRUE(reader) << reader.message();
  EXPECT_EQ(reader->find("doubles")->begin, 0u);
  EXPECT_EQ(reader->find("floats")->begin, 8u);
}

TEST_F(SafetensorsTest, RefusesHostileTensors) {
  EXPECT_EQ(tensorFailure(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"),
            "no error");
  EXPECT_EQ(tensorFailure(R"("dtype":"F33","shape":[1],"data_offsets":[0,4])"),
            "tensor 'w': unknown dtype 'F33'");
  EXPECT_EQ(tensorFailure(R"("dtype":"F32","shape":[1],"data_offsets":[1,5])"),
            "tensor 'w': bytes 1 to 5 are not within the 4 bytes of data");
  EXPECT_EQ(tensorFailure(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"),
            "tensor 'w': bytes 4 to 0 are not within the 4 bytes of data");
  EXPECT_EQ(tensorFailure(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"),
            "tensor 'w': dtype and shape ask for 8 bytes, its offsets give 4");
  EXPECT_EQ(
      tensorFailure(
          R"("dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4])"),
      "tensor 'w': its size overflows");
  EXPECT_EQ(
      tensorFailure(
          R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4])"),
      "tensor 'w': its size overflows");
  EXPECT_EQ(tensorFailure(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"),
            "tensor 'w': 'shape' holds a negative number");
  EXPECT_EQ(
      tensorFailure(R"("dtype":"F32","shape":[1e3],"data_offsets":[0,4])"),
      "tensor 'w': 'shape' holds a number that is not a 64-bit integer");
  EXPECT_EQ(
      tensorFailure(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,4])"),
      "tensor 'w': 'data_offsets' holds more than two numbers");
  EXPECT_EQ(tensorFailure(R"("dtype":"F32","shape":[1],"data_offsets":[0])"),
            "tensor 'w': 'data_offsets' holds fewer than two numbers");
  EXPECT_EQ(tensorFailure(R"("dtype":"F32","shape":[[1]])"),
            "tensor 'w': 'shape' holds an array");
  EXPECT_EQ(tensorFailure(R"("dtype":"F32","shape":[1])"),
            "tensor 'w': 'dtype', 'shape' or 'data_offsets' is missing");
  EXPECT_EQ(tensorFailure(R"("dtype":"F32","dtype":"F32")"),
            "tensor 'w': 'dtype' is given twice");
  EXPECT_EQ(tensorFailure(R"("color":"red")"),
            "tensor 'w': unknown field 'color'");
}

TEST_F(SafetensorsTest, RefusesHostileHeaders) {
  std::string tensor = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_EQ(failure("{\"a\":" + tensor + ",\"a\":" + tensor + "}"),
            "tensor 'a' is given twice");
  EXPECT_EQ(failure("{\"a\":" + tensor + ",\"b\":" + tensor + "}"),
            "tensor 'b': its bytes overlap another tensor's");
  EXPECT_EQ(failure("{\"a\":1}"), "entry 'a' is a number, not an object");
  EXPECT_EQ(failure("{\"__metadata__\":{\"k\":1}}"),
            "metadata 'k' is a number, not a string");
  EXPECT_EQ(failure("{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}}"),
            "metadata 'k' is given twice");
  EXPECT_EQ(failure("[]"), "the header does not begin with '{'");
  EXPECT_EQ(failure(""), "the header does not begin with '{'");
  EXPECT_EQ(failure("{} {}"), "the header is malformed JSON at byte 4");
  EXPECT_EQ(failure("{\"a\xff\":1}"), "the header is malformed JSON at byte 4");
  EXPECT_EQ(failure("{\"a\":" + std::string(100000, '[')),
            "entry 'a' is an array, not an object");

  std::string file = put("x.safetensors", std::string(8, '\xff') + "{}");
  EXPECT_EQ(readSafetensors(file).message(),
            "'" + file +
                "': not a .safetensors file, or truncated: a header of "
                "18446744073709551615 bytes in a file of 10");
  file = put("x.safetensors", "abc");
  EXPECT_EQ(readSafetensors(file).message(),
            "'" + file + "': too short for a .safetensors file");
}

TEST_F(SafetensorsTest, FailedWriteLeavesTheOldFile) {
  std::string file = put("x.safetensors", "old");
  SafetensorsFile contents;
  contents.tensors = {{"a", filled(ElementType::I8, {3})},
                      {"a", filled(ElementType::I8, {3})}};
  auto message = [&] {
    auto status = writeSafetensors(file, contents);
    EXPECT_FALSE(status);
    return status.message();
  };
  std::string prefix = "cannot write '" + file + "': ";
  EXPECT_EQ(message(), prefix + "tensor name 'a' is used twice");
  contents.tensors[1].name = "b\xff";
  EXPECT_EQ(message(), prefix + "tensor name 'b\xff' is not valid UTF-8");
  contents.tensors[1].name = "__metadata__";
  EXPECT_EQ(message(), prefix + "tensor name '__metadata__' is reserved");
  contents.tensors.pop_back();
  contents.tensors[0].array.bytes.pop_back();
  EXPECT_EQ(message(),
            prefix + "the shape of tensor 'a' does not fit its bytes");
  EXPECT_EQ(get("x.safetensors"), "old");
  EXPECT_EQ(numFiles(), 1u);
}

TEST_F(SafetensorsTest, NamesUnwritablePathAndReason) {
  EXPECT_EQ(writeSafetensors("/nowhere/x.safetensors", {}).message(),
            "cannot write '/nowhere/x.safetensors': No such file or directory");
  EXPECT_EQ(writeSafetensors(directory, {}).message(),
            "cannot write '" + directory + "': Is a directory");
  EXPECT_EQ(writeSafetensors("/dev/full", {}).message(),
            "cannot write '/dev/full': No space left on device");
}

TEST_F(SafetensorsTest, ReplacesWhatALinkPointsAt) {
  put("real", "old");
  std::filesystem::create_symlink("real", path("link"));
  ASSERT_TRUE(writeSafetensors(path("link"), {}));
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_NE(get("real"), "old");
  EXPECT_EQ(numFiles(), 2u);
}
