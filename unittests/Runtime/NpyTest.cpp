//===- NpyTest.cpp - Arrays in NumPy's .npy format ------------------------===//
#include "zq/Runtime/Npy.h"

#include "TemporaryFile.h"

using namespace zq;
using namespace zq::runtime;
using codec::Array;
using codec::ElementType;

namespace {
class NpyTest : public TemporaryFileTest {
protected:
  /// A file with the given header and data. The header gets no padding, which
  /// the format asks for but no reader needs.
  std::string putNpy(char version, const std::string &header,
                     const std::string &data) const {
    std::string text = std::string("\x93NUMPY") + version + '\0';
    text += static_cast<char>(header.size() & 0xff);
    text += static_cast<char>(header.size() >> 8);
    if (version > 1)
      text += std::string(2, '\0');
    return put("x.npy", text + header + data);
  }
  /// The message with which reading the given file fails.
  std::string failure(const std::string &file) const {
    auto array = readNpy(file);
    if (array)
      return "no error";
    std::string prefix = "'" + file + "': ";
    EXPECT_EQ(array.message().substr(0, prefix.size()), prefix);
    return array.message().substr(prefix.size());
  }
};
} // namespace

TEST_F(NpyTest, RoundTripsEveryElementType) {
  for (ElementType type : {ElementType::F64, ElementType::F32, ElementType::F16,
                           ElementType::BF16, ElementType::I8, ElementType::I16,
                           ElementType::I32, ElementType::I64}) {
    Array array(type, {3, 5});
    for (size_t i = 0; i < array.bytes.size(); ++i)
      array.bytes[i] = static_cast<uint8_t>(37 * i + 11);
    ASSERT_TRUE(writeNpy(path("x.npy"), array));
    auto back = readNpy(path("x.npy"));
    ASSERT_TRUE(back) << back.message();
    EXPECT_TRUE(*back == array) << codec::name(type);
  }
}

TEST_F(NpyTest, RoundTripsEveryRank) {
  for (std::vector<int64_t> shape : std::vector<std::vector<int64_t>>{
           {}, {0}, {1}, {7}, {2, 0, 3}, {2, 3, 4}, {1, 1, 1, 1, 2}}) {
    Array array(ElementType::F32, shape);
    ASSERT_TRUE(writeNpy(path("x.npy"), array));
    auto back = readNpy(path("x.npy"));
    ASSERT_TRUE(back) << back.message();
    EXPECT_TRUE(*back == array);
  }
}

TEST_F(NpyTest, WritesWhatNumPyWrites) {
  Array array(ElementType::F32, {2});
  ASSERT_TRUE(writeNpy(path("x.npy"), array));
  std::string text = get("x.npy");
  EXPECT_EQ(text.size(), 128u + 8);
  EXPECT_EQ(text[127], '\n');
  EXPECT_EQ(text.substr(10, 57),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }");
}

TEST_F(NpyTest, ReadsAllVersions) {
  std::string header =
      "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}";
  for (char version : {'\1', '\2', '\3'}) {
    auto array = readNpy(putNpy(version, header, "abc"));
    ASSERT_TRUE(array) << array.message();
    EXPECT_EQ(array->type, ElementType::I8);
    EXPECT_EQ(array->get<uint8_t>(2), 'c');
  }
  EXPECT_EQ(failure(putNpy('\4', header, "abc")), "unknown .npy version 4");
}

TEST_F(NpyTest, ReadsOtherSpellingsOfAHeader) {
  auto array = readNpy(putNpy(
      1, "{\"shape\":(1L, 2),\n\"descr\":\"<i2\",\"fortran_order\":False,}  \n",
      "abcd"));
  ASSERT_TRUE(array) << array.message();
  EXPECT_EQ(array->shape, (std::vector<int64_t>{1, 2}));
}

TEST_F(NpyTest, TransposesFortranOrder) {
  auto array = readNpy(
      putNpy(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }",
             "abcdefghijkl"));
  ASSERT_TRUE(array) << array.message();
  EXPECT_EQ(std::string(array->bytes.begin(), array->bytes.end()),
            "agciekbhdjfl");
  array = readNpy(putNpy(
      1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 0), }", ""));
  ASSERT_TRUE(array) << array.message();
  EXPECT_EQ(array->size(), 0);
}

TEST_F(NpyTest, ReadsTwoByteVoidAsBF16UnlessRefused) {
  std::string file = putNpy(
      1, "{'descr': '<V2', 'fortran_order': False, 'shape': (), }", "ab");
  auto array = readNpy(file);
  ASSERT_TRUE(array) << array.message();
  EXPECT_EQ(array->type, ElementType::BF16);
  EXPECT_FALSE(readNpy(file, VoidElements::Refused));
}

TEST_F(NpyTest, RefusesWhatItCannotRead) {
  auto header = [&](const std::string &descr, const std::string &shape) {
    return putNpy(1,
                  "{'descr': " + descr +
                      ", 'fortran_order': False, 'shape': " + shape + ", }",
                  "abcd");
  };
  EXPECT_EQ(failure(put("x.npy", "")), "not a .npy file");
  EXPECT_EQ(failure(put("x.npy", "\x93NUMPY\2\1\1\1")),
            "the header is truncated");
  EXPECT_EQ(failure(put("x.npy", "\x93NUMPY\1\1\1\1")),
            "the header is truncated");
  EXPECT_EQ(failure(header("'>f4'", "(1,)")),
            "big-endian elements of type '>f4' are not supported");
  EXPECT_EQ(failure(header("'|O'", "(1,)")),
            "elements of type '|O' are not supported");
  EXPECT_EQ(failure(header("[('a', '<f4')]", "(1,)")),
            "only plain element types are supported");
  EXPECT_EQ(failure(header("'<f4'", "(2,)")),
            "the header asks for 8 bytes of data, the file has 4");
  EXPECT_EQ(failure(header("'|u1'", "(2,)")),
            "the header asks for 2 bytes of data, the file has 4");
  EXPECT_EQ(failure(header("'<f4'", "(4611686018427387904,)")),
            "the array's size overflows");
  EXPECT_EQ(failure(header("'<f4'", "(4294967296, 4294967296, 0)")),
            "the array's size overflows");
  std::string badShape = "'shape' is not a tuple of at most 32 dimensions";
  EXPECT_EQ(failure(header("'<f4'", "(99999999999999999999,)")), badShape);
  EXPECT_EQ(failure(header("'<f4'", "(-1,)")), badShape);
  EXPECT_EQ(failure(header("'<f4'", "(1)")), badShape);
  EXPECT_EQ(failure(header("'<f4'", "1")), badShape);
  EXPECT_EQ(failure(putNpy(1, "{'descr': '<f4', }", "")),
            "the header lacks 'descr', 'fortran_order' or 'shape'");
  EXPECT_EQ(failure(putNpy(1, "{'descr': '<f4', 'descr': '<f4'}", "")),
            "unexpected key 'descr' in the header");
  EXPECT_EQ(failure(putNpy(1, "{'a\n': 1}", "")),
            "unexpected key 'a\\x0a' in the header");
}

TEST_F(NpyTest, NamesThePathAndTheReason) {
  EXPECT_EQ(readNpy("/nowhere/x.npy").message(),
            "cannot read '/nowhere/x.npy': No such file or directory");
  EXPECT_EQ(readNpy(directory).message(),
            "cannot read '" + directory + "': Is a directory");
  EXPECT_EQ(readNpy("/dev/null").message(),
            "cannot read '/dev/null': not a regular file");
  EXPECT_EQ(writeNpy("/nowhere/x.npy", Array()).message(),
            "cannot write '/nowhere/x.npy': "
            "the array's shape does not fit its bytes");
  EXPECT_EQ(writeNpy("/nowhere/x.npy", Array(ElementType::F32, {1})).message(),
            "cannot write '/nowhere/x.npy': No such file or directory");
}
