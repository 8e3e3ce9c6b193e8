//===- ConsumerTest.cpp - What reads decoded values, within the bound -----===//
//
// Attention, convolutions and embeddings with compressed operands, on sizes
// that nothing divides: each fused, run between guard pages, and compared with
// the reference.
//
//===----------------------------------------------------------------------===//
#include "Kernel.h"
#include "TestCodecs.h"

#include "gtest/gtest.h"

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

using Shape = std::vector<int64_t>;

std::string tensor(const Shape &shape, const std::string &element = "f32") {
  return "tensor<" + printShape(shape) + "x" + element + ">";
}

/// A function @f in the making, with what it is called with.
class Consumer {
public:
  explicit Consumer(TestCodec codec) : codec(std::move(codec)) {}

  /// A dense argument of normally distributed values.
  void addDense(const std::string &name, const Shape &shape) {
    add(name, tensor(shape), {gaussianValues(ElementType::F32, shape, random)});
  }
  /// An argument of indices.
  void addIndices(const std::string &name, const Shape &shape,
                  const std::vector<int32_t> &values) {
    Array array(ElementType::I32, shape);
    for (size_t i = 0; i < values.size(); ++i)
      array.set<int32_t>(i, values[i]);
    add(name, tensor(shape, "i32"), {array});
  }
  /// A compressed argument `name`c, and its decode `name`.
  void addWeight(const std::string &name, const Shape &shape) {
    std::vector<Array> streams;
    for (Stream &stream :
         codec.encode(gaussianValues(codec.elementType(), shape, random)))
      streams.push_back(stream.array);
    add(name + "c", codec.type(shape), streams);
    std::string type = tensor(shape, codec.element), zeros = "0";
    for (size_t i = 1; i < shape.size(); ++i)
      zeros += ", 0";
    body += "  %" + name + "e = tensor.empty() : " + type + "\n  %" + name +
            " = zq.decode %" + name + "c " + codec.usingClause() + "at [" +
            zeros + "] outs(%" + name + "e : " + type +
            ") : " + codec.type(shape) + " -> " + type + "\n";
  }
  /// Zeros.
  void addZeros(const std::string &name, const Shape &shape) {
    body +=
        "  %" + name + " = arith.constant dense<0.0> : " + tensor(shape) + "\n";
  }
  void addEmpty(const std::string &name, const Shape &shape,
                const std::string &element = "f32") {
    body +=
        "  %" + name + " = tensor.empty() : " + tensor(shape, element) + "\n";
  }
  void addLine(const std::string &line) { body += "  " + line + "\n"; }
  void addResult(const std::string &name, const Shape &shape,
                 const std::string &element = "f32") {
    returned += (returned.empty() ? "%" : ", %") + name;
    results += (results.empty() ? "" : ", ") + tensor(shape, element);
  }

  /// Compiles, calls and compares; gives the remarks.
  std::string check(const JitOptions &options) {
    Kernel kernel(print(), options, describe(options));
    auto decodeCustom =
        [&](CompressedTensorType type,
            const std::vector<Array> &streams) -> mlir::FailureOr<Array> {
      std::vector<Stream> named;
      for (const Array &stream : streams)
        named.push_back({"", stream});
      return codec.decode(named, type.getShape().vec());
    };
    std::vector<BoundedTensor> expected =
        kernel.evaluate(arguments, decodeCustom);
    std::vector<Array> found = kernel.call(inputs);
    EXPECT_EQ(found.size(), expected.size()) << describe(options);
    for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
      BoundComparison result = compareWithBound(expected[i], found[i]);
      EXPECT_TRUE(result.isWithin() && result.unbounded == 0)
          << describe(options) << ": result " << i << ": " << result.violations
          << " elements are outside the bound, difference / bound is up to "
          << result.largestRatio << ", " << result.unbounded
          << " are unbounded\n"
          << print();
    }
    return kernel.getRemarks();
  }

  /// The first result.
  Array call(const JitOptions &options) {
    Kernel kernel(print(), options, describe(options));
    std::vector<Array> found = kernel.call(inputs);
    return found.empty() ? Array() : found.front();
  }

private:
  std::string describe(const JitOptions &options) const {
    return codec.text + " for " + options.features +
           (options.threads ? ", threads" : "");
  }
  std::string print() const {
    return (codec.isCustom() ? readLut3Decoder() : "") + "func.func @f(" +
           parameters + ") -> (" + results + ") {\n" + body + "  return " +
           returned + " : " + results + "\n}\n";
  }
  void add(const std::string &name, const std::string &type,
           const std::vector<Array> &arrays) {
    parameters += (parameters.empty() ? "%" : ", %") + name + ": " + type;
    arguments.push_back({arrays});
    inputs.insert(inputs.end(), arrays.begin(), arrays.end());
  }

  TestCodec codec;
  std::mt19937 random{17};
  std::string parameters, body, returned, results;
  std::vector<EvaluatorInput> arguments;
  std::vector<Array> inputs;
};

/// The codec as it is written for tensors of rank 2, and the CPU.
class Consumers
    : public testing::TestWithParam<std::tuple<std::string, TestCodec>> {
protected:
  TestCodec codec = std::get<1>(GetParam());
  JitOptions getOptions(bool threads) {
    JitOptions options;
    options.threads = threads;
    options.guardPages = true;
    options.features = std::get<0>(GetParam());
    return options;
  }
};

/// Every decode is where the cost model wants it, none is whole for lack of a
/// way to fuse it.
void expectFused(const std::string &remarks) {
  EXPECT_NE(remarks.find("; predicted: "), std::string::npos) << remarks;
  EXPECT_EQ(remarks.find("decode not fused: the whole"), std::string::npos)
      << remarks;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// softmax(q k^T / sqrt(d)) v for one head, keys and values compressed.
void addAttention(Consumer &program, int64_t queries, int64_t keys,
                  int64_t depth) {
  program.addDense("q", {queries, depth});
  program.addWeight("k", {keys, depth});
  program.addWeight("v", {keys, depth});
}

void addScores(Consumer &program, int64_t queries, int64_t keys, int64_t depth,
               const std::string &element) {
  Shape scores{queries, keys};
  program.addZeros("zs", scores);
  program.addLine(
      "%s = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, "
      "affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>] "
      "ins(%q, %k : " +
      tensor({queries, depth}) + ", " + tensor({keys, depth}, element) +
      ") outs(%zs : " + tensor(scores) + ") -> " + tensor(scores));
  program.addLine("%c = arith.constant dense<0.125> : " + tensor(scores));
  program.addLine("%t = arith.mulf %s, %c : " + tensor(scores));
  program.addEmpty("es", scores);
}

void addValues(Consumer &program, int64_t queries, int64_t keys, int64_t depth,
               const std::string &element) {
  Shape result{queries, depth};
  program.addZeros("zy", result);
  program.addLine("%y = linalg.matmul ins(%p, %v : " + tensor({queries, keys}) +
                  ", " + tensor({keys, depth}, element) +
                  ") outs(%zy : " + tensor(result) + ") -> " + tensor(result));
  program.addResult("y", result);
}

TEST_P(Consumers, Attention) {
  for (auto [queries, keys, depth] :
       {std::tuple(1, 37, 40), std::tuple(7, 65, 72)}) {
    Consumer program(codec);
    addAttention(program, queries, keys, depth);
    addScores(program, queries, keys, depth, codec.element);
    std::string scores = tensor({queries, keys});
    program.addLine("%p = linalg.softmax dimension(1) ins(%t : " + scores +
                    ") outs(%es : " + scores + ") -> " + scores);
    addValues(program, queries, keys, depth, codec.element);
    expectFused(program.check(getOptions(queries > 1)));
  }
}

/// The softmax as a front end writes it.
TEST_P(Consumers, AttentionWithSoftmaxOfGenerics) {
  int64_t queries = 5, keys = 33, depth = 48;
  Consumer program(codec);
  addAttention(program, queries, keys, depth);
  addScores(program, queries, keys, depth, codec.element);
  std::string scores = tensor({queries, keys}), rows = tensor({queries});
  std::string two = "affine_map<(m, n) -> (m, n)>",
              one = "affine_map<(m, n) -> (m)>";
  program.addLine("%lowest = arith.constant dense<0xFF800000> : " + rows);
  program.addLine("%zr = arith.constant dense<0.0> : " + rows);
  program.addLine("%max = linalg.reduce { arith.maximumf } ins(%t : " + scores +
                  ") outs(%lowest : " + rows + ") dimensions = [1]");
  program.addLine("%x = linalg.generic {indexing_maps = [" + two + ", " + one +
                  ", " + two +
                  "], iterator_types = [\"parallel\", \"parallel\"]} ins(%t, "
                  "%max : " +
                  scores + ", " + rows + ") outs(%es : " + scores + ") {");
  program.addLine("^bb0(%a: f32, %b: f32, %o: f32):");
  program.addLine("%d = arith.subf %a, %b : f32");
  program.addLine("%f = math.exp %d : f32");
  program.addLine("linalg.yield %f : f32 } -> " + scores);
  program.addLine("%sum = linalg.reduce { arith.addf } ins(%x : " + scores +
                  ") outs(%zr : " + rows + ") dimensions = [1]");
  program.addLine("%p = linalg.generic {indexing_maps = [" + two + ", " + one +
                  ", " + two +
                  "], iterator_types = [\"parallel\", \"parallel\"]} ins(%x, "
                  "%sum : " +
                  scores + ", " + rows + ") outs(%es : " + scores + ") {");
  program.addLine("^bb0(%a: f32, %b: f32, %o: f32):");
  program.addLine("%d = arith.divf %a, %b : f32");
  program.addLine("linalg.yield %d : f32 } -> " + scores);
  addValues(program, queries, keys, depth, codec.element);
  expectFused(program.check(getOptions(true)));
}

//===----------------------------------------------------------------------===//
// Embeddings
//===----------------------------------------------------------------------===//

/// A generic over `result` that reads row %i of %w for each token.
void addEmbedding(Consumer &program, const Shape &tokens, const Shape &table,
                  const std::string &element) {
  Shape result = tokens;
  result.push_back(table[1]);
  std::string loops = "t", rank = std::to_string(tokens.size());
  for (size_t i = 1; i < tokens.size(); ++i)
    loops = "b" + std::to_string(i) + ", " + loops;
  std::string parallel = "\"parallel\"";
  for (size_t i = 0; i < tokens.size(); ++i)
    parallel += ", \"parallel\"";
  program.addEmpty("o", result, element);
  program.addLine("%y = linalg.generic {indexing_maps = [affine_map<(" + loops +
                  ", k) -> (" + loops + ")>, affine_map<(" + loops +
                  ", k) -> (" + loops + ", k)>], iterator_types = [" +
                  parallel + "]} ins(%i : " + tensor(tokens, "i32") +
                  ") outs(%o : " + tensor(result, element) + ") {");
  program.addLine("^bb0(%id: i32, %out: " + element + "):");
  program.addLine("%row = arith.index_cast %id : i32 to index");
  program.addLine("%k = linalg.index " + rank + " : index");
  program.addLine("%v = tensor.extract %w[%row, %k] : " +
                  tensor(table, element));
  program.addLine("linalg.yield %v : " + element + " } -> " +
                  tensor(result, element));
  program.addResult("y", result, element);
}

TEST_P(Consumers, Embedding) {
  Shape table{41, 100};
  Consumer program(codec);
  program.addWeight("w", table);
  program.addIndices("i", {2, 3}, {40, 0, 7, 7, 13, 39});
  addEmbedding(program, {2, 3}, table, codec.element);
  std::string remarks = program.check(getOptions(true));
  EXPECT_NE(remarks.find("decode fused by rows"), std::string::npos);
  expectFused(remarks);
}

TEST_P(Consumers, TensorGather) {
  Shape table{29, 65}, result{3, 65};
  Consumer program(codec);
  program.addWeight("w", table);
  program.addIndices("i", {3, 1}, {28, 0, 11});
  std::string types = "(" + tensor(table, codec.element) + ", " +
                      tensor({3, 1}, "i32") + ") -> ";
  program.addLine("%y = tensor.gather %w[%i] gather_dims([0]) unique : " +
                  types + tensor(result, codec.element));
  program.addResult("y", result, codec.element);
  program.addLine("%z = tensor.gather %w[%i] gather_dims([0]) unique : " +
                  types + tensor({3, 1, 65}, codec.element));
  program.addResult("z", {3, 1, 65}, codec.element);
  expectFused(program.check(getOptions(false)));
}

/// Elements here and there: decoded as a whole, and still right.
TEST_P(Consumers, GatherOfElements) {
  Shape table{29, 65};
  Consumer program(codec);
  program.addWeight("w", table);
  program.addIndices("i", {4, 2}, {28, 64, 0, 0, 11, 33, 5, 63});
  program.addLine("%y = tensor.gather %w[%i] gather_dims([0, 1]) unique : (" +
                  tensor(table, codec.element) + ", " + tensor({4, 2}, "i32") +
                  ") -> " + tensor({4}, codec.element));
  program.addResult("y", {4}, codec.element);
  EXPECT_NE(program.check(getOptions(false)).find("decode not fused by rows"),
            std::string::npos);
}

/// An index outside of the table reads its first row or its last.
TEST_P(Consumers, EmbeddingClampsIndices) {
  Shape table{13, 40};
  std::vector<int32_t> outside{-1, 13, INT32_MIN, INT32_MAX, 12},
      nearest{0, 12, 0, 12, 12};
  std::vector<Array> results;
  for (const auto &indices : {outside, nearest}) {
    Consumer program(codec);
    program.addWeight("w", table);
    program.addIndices("i", {5}, indices);
    addEmbedding(program, {5}, table, codec.element);
    results.push_back(program.call(getOptions(true)));
  }
  expectSameBits(results[0], results[1], codec.text);
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// A convolution of @x with a filter that is stored as two dimensions, %w, and
/// read as `filter`.
void addConvolution(Consumer &program, const std::string &op, const Shape &x,
                    const Shape &filter, const std::string &groups,
                    const Shape &y, const std::string &element,
                    const std::string &n) {
  Shape stored{filter[0], 1};
  for (size_t i = 1; i < filter.size(); ++i)
    stored[1] *= filter[i];
  if (groups.rfind("[[0, 1", 0) == 0) {
    stored = {1, filter.back()};
    for (size_t i = 0; i + 1 < filter.size(); ++i)
      stored[0] *= filter[i];
  }
  program.addDense("x" + n, x);
  program.addWeight("w" + n, stored);
  std::string sizes;
  for (int64_t size : filter)
    sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  program.addLine("%f" + n + " = tensor.expand_shape %w" + n + " " + groups +
                  " output_shape [" + sizes + "] : " + tensor(stored, element) +
                  " into " + tensor(filter, element));
  program.addZeros("z" + n, y);
  program.addLine("%y" + n + " = " + op + " ins(%x" + n + ", %f" + n + " : " +
                  tensor(x) + ", " + tensor(filter, element) + ") outs(%z" + n +
                  " : " + tensor(y) + ") -> " + tensor(y));
  program.addResult("y" + n, y);
}

TEST_P(Consumers, Convolutions) {
  Consumer program(codec);
  // Rows along the output's channels: what is contracted is stored last.
  addConvolution(program, "linalg.conv_2d_nchw_fchw", {2, 5, 9, 11},
                 {19, 5, 3, 3}, "[[0], [1, 2, 3]]", {2, 19, 7, 9},
                 codec.element, "0");
  addConvolution(
      program,
      "linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>, "
      "dilations = dense<[1, 2]> : tensor<2xi64>}",
      {1, 3, 11, 13}, {7, 3, 3, 3}, "[[0], [1, 2, 3]]", {1, 7, 5, 5},
      codec.element, "1");
  // The output's channels are stored last.
  addConvolution(
      program,
      "linalg.conv_2d_nhwc_hwcf {strides = dense<[2, 1]> : tensor<2xi64>, "
      "dilations = dense<[1, 3]> : tensor<2xi64>}",
      {1, 8, 12, 5}, {3, 2, 5, 33}, "[[0, 1, 2], [3]]", {1, 3, 9, 33},
      codec.element, "2");
  addConvolution(program, "linalg.conv_1d_ncw_fcw", {2, 6, 17}, {9, 6, 5},
                 "[[0], [1, 2]]", {2, 9, 13}, codec.element, "3");
  expectFused(program.check(getOptions(true)));
}

std::string nameCase(
    const testing::TestParamInfo<std::tuple<std::string, TestCodec>> &info) {
  std::string name;
  for (char c : std::get<1>(info.param).text + std::get<0>(info.param))
    if (std::isalnum(c))
      name += c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Codecs, Consumers,
    testing::Combine(testing::ValuesIn(getFeatureSets()),
                     testing::ValuesIn(getRepresentatives())),
    nameCase);

//===----------------------------------------------------------------------===//
// Filters of the convolution's own shape
//===----------------------------------------------------------------------===//

struct Convolution {
  std::string op, blocks;
  Shape x, filter, y;
};

class Filters : public testing::TestWithParam<Convolution> {};

TEST_P(Filters, KeepTheirShape) {
  const Convolution &convolution = GetParam();
  for (const std::string &features : getFeatureSets()) {
    for (std::string stages : {"f16>, quantize<si4>, pack",
                               "f32>, quantize<ui8>, huffman<chunk = 64, "
                               "length = 12>"}) {
      Consumer program(
          TestCodec{"scale<" + convolution.blocks + ", " + stages});
      program.addDense("x", convolution.x);
      program.addWeight("w", convolution.filter);
      program.addZeros("z", convolution.y);
      program.addLine("%y = " + convolution.op +
                      " ins(%x, %w : " + tensor(convolution.x) + ", " +
                      tensor(convolution.filter) + ") outs(%z : " +
                      tensor(convolution.y) + ") -> " + tensor(convolution.y));
      program.addResult("y", convolution.y);
      JitOptions options;
      options.guardPages = true;
      options.features = features;
      expectFused(program.check(options));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Convolutions, Filters,
    testing::Values(
        Convolution{"linalg.conv_1d", "4", {20}, {7}, {14}},
        Convolution{"linalg.conv_1d_nwc_wcf {strides = dense<3> : "
                    "tensor<1xi64>}",
                    "1x1x16",
                    {2, 16, 5},
                    {3, 5, 21},
                    {2, 5, 21}},
        Convolution{"linalg.conv_2d", "1x2", {9, 10}, {3, 5}, {7, 6}},
        Convolution{"linalg.conv_2d_nhwc_hwcf",
                    "1x1x1x16",
                    {2, 9, 11, 5},
                    {3, 3, 5, 19},
                    {2, 7, 9, 19}},
        Convolution{"linalg.conv_2d_nhwc_fhwc {dilations = dense<2> : "
                    "tensor<2xi64>}",
                    "1x1x1x8",
                    {1, 9, 9, 21},
                    {7, 3, 3, 21},
                    {1, 5, 5, 7}},
        Convolution{"linalg.conv_2d_nchw_fchw",
                    "1x4x1x3",
                    {1, 5, 8, 9},
                    {6, 5, 3, 3},
                    {1, 6, 6, 7}},
        Convolution{"linalg.conv_2d_ngchw_gfchw",
                    "1x1x2x3x3",
                    {1, 3, 4, 7, 7},
                    {3, 5, 4, 3, 3},
                    {1, 3, 5, 5, 5}},
        Convolution{"linalg.depthwise_conv_2d_nhwc_hwc",
                    "1x1x16",
                    {1, 7, 8, 35},
                    {3, 3, 35},
                    {1, 5, 6, 35}},
        Convolution{"linalg.conv_3d_ndhwc_dhwcf",
                    "1x1x1x1x8",
                    {1, 4, 5, 6, 3},
                    {2, 3, 3, 3, 9},
                    {1, 3, 3, 4, 9}}));

} // namespace
