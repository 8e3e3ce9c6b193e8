//===- GpuTest.cpp - Every named format on an emulated GPU ----------------===//
//
// What kernels decode is the reference's to the bit, and what tensor cores
// multiply is within the bound, on sizes that no group, window or tile divides
// and with threads that run in several orders.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"
#include "zq/Target/NVVM/Chip.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// Each seed with another generation; 0 runs threads in turn.
const std::vector<EmulatedGpu> gpus = {
    {"sm_80", 0}, {"sm_90a", 1}, {"sm_100a", 2}, {"sm_120a", 3}, {"sm_89", 4}};

JitOptions onGpu(const EmulatedGpu &gpu) {
  JitOptions options;
  options.emulated = gpu;
  return options;
}

constexpr uint64_t seeds = 5;

/// Each format with all seeds, on all chips: those that have the same kernels
/// of it take turns, and none of the others is left out.
class GpuFormats : public testing::TestWithParam<TestCodec> {
protected:
  TestCodec codec = GetParam();

  /// One chip of each group for which `text` becomes the same code.
  std::vector<EmulatedGpu> getGpus(const std::string &text) {
    std::vector<EmulatedGpu> all, some;
    for (const Chip &chip : getChips())
      all.push_back({chip.name.str()});
    const size_t turn = std::hash<std::string>()(codec.text);
    for (const auto &group : groupByKernels(text, all, JitOptions().accuracy))
      some.push_back(group[turn % group.size()]);
    return some;
  }
};

TEST_P(GpuFormats, DecodeToTheBit) {
  Shape shape{37, 300};
  std::mt19937 random(3);
  std::vector<Stream> streams =
      codec.encode(gaussianValues(codec.elementType(), shape, random));
  Array decoded = codec.decode(streams, shape);
  std::vector<Array> inputs;
  for (const Stream &stream : streams)
    inputs.push_back(stream.array);
  std::string text = wholeDecodes({codec}, shape);
  for (const EmulatedGpu &gpu : getGpus(text)) {
    Kernel kernel(text, onGpu(gpu), codec.text);
    for (uint64_t seed = 0; seed < seeds; ++seed) {
      kernel.setSeed(seed);
      std::vector<Array> results = kernel.call(inputs);
      ASSERT_EQ(results.size(), 1u);
      expectSameBits(results[0], decoded, codec.text + " on " + gpu.chip);
    }
  }
}

/// Few rows and many: weights in registers, and in shared memory.
TEST_P(GpuFormats, MultiplyWithinTheBound) {
  PreparedProducts prepared =
      prepareProducts({matmulByRows(3, 37, 300), matmulByRows(70, 37, 300)},
                      codec, JitOptions().accuracy);
  for (const EmulatedGpu &gpu : getGpus(prepared.text)) {
    prepared.what = codec.text + " on " + gpu.chip;
    Kernel kernel(prepared.text, onGpu(gpu), prepared.what);
    for (uint64_t seed = 0; seed < seeds; ++seed) {
      kernel.setSeed(seed);
      compareProducts(prepared, kernel.call(prepared.inputs));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Named, GpuFormats,
                         testing::ValuesIn(getNamedFormats()),
                         [](const testing::TestParamInfo<TestCodec> &info) {
                           return info.param.text;
                         });

class GpuProducts : public testing::TestWithParam<TestCodec> {};

TEST_P(GpuProducts, OfAnyShape) {
  const double accuracy = JitOptions().accuracy;
  checkProductsOn(gpus,
                  {matmulByRows(1, 37, 100), matmulByRows(9, 19, 257),
                   matmulByRows(33, 150, 65), matvec(37, 100)},
                  GetParam(), accuracy);
  // What tensor cores do not take, and coarser and finer arithmetic, on two
  // GPUs that the codec's name chooses: together the codecs take all.
  const size_t turn = std::hash<std::string>()(GetParam().text);
  std::vector<EmulatedGpu> two{gpus[turn % gpus.size()],
                               gpus[(turn + 1) % gpus.size()]};
  checkProductsOn(two, {matmulByColumns(3, 33, 130), vecmat(33, 5)}, GetParam(),
                  accuracy);
  checkProductsOn(two, {matmulByRows(2, 40, 520)}, GetParam(), 1e-2);
  checkProductsOn(two, {matmulByRows(2, 40, 520), matmulByRows(65, 130, 33)},
                  GetParam(), 0);
}

//===----------------------------------------------------------------------===//
// Kernels that take turns
//===----------------------------------------------------------------------===//

/// Compiles @f of `text` for each GPU and compares what it returns with what
/// the reference says of `name`. `remark` is to be said of it.
void checkFunction(const std::string &text, const std::string &name,
                   const std::vector<Array> &inputs,
                   const std::vector<EvaluatorInput> &arguments,
                   const std::string &remark) {
  const double accuracy = JitOptions().accuracy;
  std::vector<BoundedTensor> expected;
  for (const auto &group : groupByKernels(text, gpus, accuracy)) {
    Kernel kernel(text, onGpu(group.front()), group.front().chip);
    EXPECT_NE(kernel.getRemarks().find(remark), std::string::npos)
        << kernel.getRemarks();
    if (expected.empty())
      expected = kernel.evaluate(arguments, nullptr, accuracy, name);
    for (const EmulatedGpu &gpu : group) {
      kernel.setSeed(gpu.seed);
      std::vector<Array> results = kernel.call(inputs);
      ASSERT_EQ(results.size(), expected.size()) << text;
      for (size_t i = 0; i < results.size(); ++i) {
        BoundComparison found = compareWithBound(expected[i], results[i]);
        EXPECT_TRUE(found.isWithin() && found.unbounded == 0)
            << gpu.chip << ", seed " << gpu.seed << ", result " << i << ": "
            << found.violations << " elements are outside the bound, up to "
            << found.largestRatio << "\n"
            << text;
      }
    }
  }
}

/// What follows a product alone is the end of its kernel: a bias, an
/// activation, a residual, and a cast; for weights in registers and in shared
/// memory.
TEST(GpuEpilogues, AreTheReferences) {
  for (auto [codec, element] : {std::pair("nvfp4", "f32"),
                                {"int4_g128", "bf16"},
                                {"bf16_window3", "bf16"}})
    for (int64_t rows : {3, 70}) {
      TestCodec tested{codec, element};
      std::string text = R"(
        func.func @f(%x: XTYPE, %w: WTYPE, %bias: tensor<37xf32>, %residual: YTYPE) -> OTYPE {
          %e = tensor.empty() : DTYPE
          %d = zq.decode %w at [0, 0] outs(%e : DTYPE) : WTYPE -> DTYPE
          %zero = arith.constant dense<0.0> : YTYPE
          %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                              affine_map<(m, n, k) -> (m, n)>]
              ins(%x, %d : XTYPE, DTYPE) outs(%zero : YTYPE) -> YTYPE
          %o = tensor.empty() : OTYPE
          %r = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>,
                                                affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>],
                               iterator_types = ["parallel", "parallel"]}
              ins(%y, %bias, %residual : YTYPE, tensor<37xf32>, YTYPE) outs(%o : OTYPE) {
          ^bb0(%a: f32, %b: f32, %c: f32, %old: bf16):
            %none = arith.constant 0.0 : f32
            %s = arith.addf %a, %b : f32
            %p = arith.maximumf %s, %none : f32
            %q = arith.addf %p, %c : f32
            %t = arith.truncf %q : f32 to bf16
            linalg.yield %t : bf16
          } -> OTYPE
          return %r : OTYPE
        })";
      const std::string m = std::to_string(rows);
      for (auto [name, type] :
           {std::pair<std::string, std::string>("XTYPE",
                                                "tensor<" + m + "x300xf32>"),
            {"WTYPE", tested.type({37, 300})},
            {"DTYPE", std::string("tensor<37x300x") + element + ">"},
            {"YTYPE", "tensor<" + m + "x37xf32>"},
            {"OTYPE", "tensor<" + m + "x37xbf16>"}})
        for (size_t at; (at = text.find(name)) != std::string::npos;)
          text.replace(at, 5, type);
      std::mt19937 random(29);
      auto values = [&](const Shape &shape) {
        return gaussianValues(ElementType::F32, shape, random);
      };
      std::vector<EvaluatorInput> arguments{{{values({rows, 300})}},
                                            {},
                                            {{values({37})}},
                                            {{values({rows, 37})}}};
      for (Stream &stream : tested.encode(
               gaussianValues(tested.elementType(), {37, 300}, random)))
        arguments[1].arrays.push_back(stream.array);
      std::vector<Array> inputs;
      for (const EvaluatorInput &argument : arguments)
        inputs.insert(inputs.end(), argument.arrays.begin(),
                      argument.arrays.end());
      checkFunction(text, "f", inputs, arguments,
                    rows == 3 ? "weights in registers" : "weights in shared");
    }
}

/// Offsets of groups are multiplied by sums of activations, where these are
/// exact in one plane; of rows and columns that no tile or group divides.
TEST(GpuOffsets, AreMultipliedBySumsOfActivations) {
  for (const char *codec : {"q4_k", "q2_k", "q4_1"})
    for (const char *element : {"bf16", "f16"}) {
      std::vector<Product> products{matmulByRows(1, 37, 300),
                                    matmulByRows(9, 37, 300),
                                    matmulByRows(20, 19, 1000)};
      for (Product &product : products)
        product.element = element;
      PreparedProducts prepared =
          prepareProducts(products, TestCodec{codec}, JitOptions().accuracy);
      prepared.what += std::string(" by ") + element;
      Kernel kernel(prepared.text, onGpu(gpus[1]), prepared.what);
      // More rows and groups of 16 columns do not go together.
      EXPECT_NE(kernel.getRemarks().find("as codes and factors"),
                std::string::npos)
          << kernel.getRemarks();
      for (uint64_t seed = 0; seed < seeds; ++seed) {
        kernel.setSeed(seed);
        compareProducts(prepared, kernel.call(prepared.inputs));
      }
    }
}

/// One compiled function on 0, 1, 5 and 40 rows: each of its two kernels is for
/// some of them.
TEST(GpuHeights, AreKnownWhenTheProgramRuns) {
  std::string text = R"(
    #x = affine_map<(m, n, k) -> (m, k)>
    #w = affine_map<(m, n, k) -> (n, k)>
    #y = affine_map<(m, n, k) -> (m, n)>
    func.func @f(%x: tensor<40x300xf32>, %w: TYPE) -> tensor<4x40x37xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %c5 = arith.constant 5 : index
      %c40 = arith.constant 40 : index
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<37x300xf32>
      %d = zq.decode %w at [0, 0] outs(%e : tensor<37x300xf32>) : TYPE -> tensor<37x300xf32>
      %none = arith.constant dense<0.0> : tensor<4x40x37xf32>
      %all = scf.for %i = %c0 to %c4 step %c1 iter_args(%r = %none) -> tensor<4x40x37xf32> {
        %is1 = arith.cmpi eq, %i, %c1 : index
        %is2 = arith.cmpi eq, %i, %c2 : index
        %is3 = arith.cmpi eq, %i, %c3 : index
        %m1 = arith.select %is1, %c1, %c0 : index
        %m2 = arith.select %is2, %c5, %m1 : index
        %m = arith.select %is3, %c40, %m2 : index
        %s = tensor.extract_slice %x[0, 0] [%m, 300] [1, 1] : tensor<40x300xf32> to tensor<?x300xf32>
        %t = tensor.empty(%m) : tensor<?x37xf32>
        %z = linalg.fill ins(%zero : f32) outs(%t : tensor<?x37xf32>) -> tensor<?x37xf32>
        %p = linalg.matmul indexing_maps = [#x, #w, #y]
            ins(%s, %d : tensor<?x300xf32>, tensor<37x300xf32>)
            outs(%z : tensor<?x37xf32>) -> tensor<?x37xf32>
        %n = tensor.insert_slice %p into %r[%i, 0, 0] [1, %m, 37] [1, 1, 1]
            : tensor<?x37xf32> into tensor<4x40x37xf32>
        scf.yield %n : tensor<4x40x37xf32>
      }
      return %all : tensor<4x40x37xf32>
    }
    func.func @all_rows(%x: tensor<40x300xf32>, %w: TYPE) -> tensor<40x37xf32> {
      %e = tensor.empty() : tensor<37x300xf32>
      %d = zq.decode %w at [0, 0] outs(%e : tensor<37x300xf32>) : TYPE -> tensor<37x300xf32>
      %zero = arith.constant dense<0.0> : tensor<40x37xf32>
      %y = linalg.matmul indexing_maps = [#x, #w, #y]
          ins(%x, %d : tensor<40x300xf32>, tensor<37x300xf32>)
          outs(%zero : tensor<40x37xf32>) -> tensor<40x37xf32>
      return %y : tensor<40x37xf32>
    })";
  TestCodec codec{"nvfp4"};
  for (size_t at; (at = text.find("TYPE")) != std::string::npos;)
    text.replace(at, 4, codec.type({37, 300}));
  std::mt19937 random(23);
  std::vector<Array> inputs{
      gaussianValues(ElementType::F32, {40, 300}, random)};
  std::vector<EvaluatorInput> arguments{{{inputs[0]}}, {}};
  for (Stream &stream :
       codec.encode(gaussianValues(ElementType::F32, {37, 300}, random))) {
    inputs.push_back(stream.array);
    arguments[1].arrays.push_back(stream.array);
  }
  for (const EmulatedGpu &gpu : gpus) {
    JitOptions options = onGpu(gpu);
    Kernel kernel(text, options, gpu.chip);
    for (const char *remark : {"weights in registers", "weights in shared"})
      EXPECT_NE(kernel.getRemarks().find(remark), std::string::npos);
    std::vector<Array> results = kernel.call(inputs);
    std::vector<BoundedTensor> expected =
        kernel.evaluate(arguments, nullptr, options.accuracy, "all_rows");
    ASSERT_EQ(results.size(), 1u);
    ASSERT_EQ(expected.size(), 1u);
    const int64_t heights[] = {0, 1, 5, 40};
    for (int64_t i = 0; i < 4; ++i)
      for (int64_t at = 0; at < 40 * 37; ++at) {
        float found = results[0].getFloat(i * 40 * 37 + at);
        if (at < heights[i] * 37)
          ASSERT_LE(std::fabs(found - expected[0].values[at]),
                    expected[0].errors[at])
              << gpu.chip << ": " << heights[i] << " rows, element " << at;
        else
          ASSERT_EQ(found, 0) << gpu.chip << ": " << heights[i] << " rows";
      }
  }
}

/// Products with few results and long sums, whose columns several blocks share.
TEST(GpuParts, OfSumsAreAddedUp) {
  // By how many, the chip's SMs say: these kernels are not alike.
  EXPECT_EQ(groupByKernels(
                printProducts({matmulByRows(2, 640, 8192)}, TestCodec{"nvfp4"}),
                {{"sm_90a"}, {"sm_121a"}, {"sm_90a", 1}}, 5e-5)
                .size(),
            2u);
  for (auto [gpu, codec] : {std::pair(gpus[1], "nvfp4"),
                            {gpus[2], "int8_g128"},
                            {gpus[3], "nf4"}}) {
    PreparedProducts prepared =
        prepareProducts({matmulByRows(2, 18, 8204), matmulByRows(33, 9, 2056),
                         matmulByColumns(3, 20, 1030)},
                        TestCodec{codec}, 5e-5);
    Kernel kernel(prepared.text, onGpu(gpu), prepared.what);
    EXPECT_NE(kernel.getRemarks().find(" parts"), std::string::npos)
        << kernel.getRemarks();
    compareProducts(prepared, kernel.call(prepared.inputs));
    // Not by chance: another order gives the same bits.
    Kernel other(prepared.text, onGpu({gpu.chip, gpu.seed + 7}), prepared.what);
    std::vector<Array> first = kernel.call(prepared.inputs);
    std::vector<Array> second = other.call(prepared.inputs);
    ASSERT_EQ(first.size(), second.size());
    for (size_t i = 0; i < first.size(); ++i)
      expectSameBits(first[i], second[i], prepared.what);
  }
}

//===----------------------------------------------------------------------===//
// Dense operands
//===----------------------------------------------------------------------===//

/// A product of two dense operands: its op and types.
struct DenseProduct {
  const char *op, *maps;
  Shape x, w, y;
  const char *element = "f32";
};

TEST(GpuDense, ProductsInAnyOrderOfDimensions) {
  const char *byRows = " indexing_maps = [affine_map<(m, n, k) -> (m, k)>, "
                       "affine_map<(m, n, k) -> (n, k)>, "
                       "affine_map<(m, n, k) -> (m, n)>]";
  const char *allTurned = " indexing_maps = [affine_map<(m, n, k) -> (k, m)>, "
                          "affine_map<(m, n, k) -> (k, n)>, "
                          "affine_map<(m, n, k) -> (m, n)>]";
  const char *scores =
      " indexing_maps = [affine_map<(b, h, m, n, k) -> (b, m, h, k)>, "
      "affine_map<(b, h, m, n, k) -> (b, n, h, k)>, "
      "affine_map<(b, h, m, n, k) -> (b, h, m, n)>] iterator_types = "
      "[\"parallel\", \"parallel\", \"parallel\", \"parallel\", "
      "\"reduction\"]";
  const char *batchLast =
      " indexing_maps = [affine_map<(b, m, n, k) -> (m, k, b)>, "
      "affine_map<(b, m, n, k) -> (n, k, b)>, "
      "affine_map<(b, m, n, k) -> (b, m, n)>] iterator_types = "
      "[\"parallel\", \"parallel\", \"parallel\", \"reduction\"]";
  const char *twoOfRows =
      " indexing_maps = [affine_map<(p, q, n, k) -> (k, q, p)>, "
      "affine_map<(p, q, n, k) -> (k, n)>, "
      "affine_map<(p, q, n, k) -> (q, n, p)>] iterator_types = "
      "[\"parallel\", \"parallel\", \"parallel\", \"reduction\"]";
  const DenseProduct products[] = {
      {"linalg.matmul", byRows, {35, 75}, {21, 75}, {35, 21}},
      {"linalg.matmul", byRows, {70, 72}, {40, 72}, {70, 40}, "bf16"},
      {"linalg.matmul", "", {9, 72}, {72, 40}, {9, 40}, "bf16"},
      {"linalg.matmul", "", {3, 20}, {20, 33}, {3, 33}},
      {"linalg.matmul", allTurned, {40, 72}, {40, 24}, {72, 24}, "f16"},
      {"linalg.matmul", allTurned, {41, 19}, {41, 27}, {19, 27}},
      {"linalg.batch_matmul", "", {3, 10, 40}, {3, 40, 24}, {3, 10, 24}},
      {"linalg.matvec", "", {33, 50}, {50}, {33}},
      {"linalg.generic", batchLast, {7, 20, 8}, {9, 20, 8}, {8, 7, 9}},
      {"linalg.generic", twoOfRows, {24, 3, 16}, {24, 8}, {3, 8, 16}},
      {"linalg.generic", scores, {2, 7, 3, 24}, {2, 9, 3, 24}, {2, 3, 7, 9}}};
  std::string parameters, results, returned, body;
  std::vector<Array> inputs;
  std::vector<EvaluatorInput> arguments;
  std::mt19937 random(31);
  for (auto [i, product] : llvm::enumerate(products)) {
    std::string n = std::to_string(i), comma = i ? ", " : "";
    std::string element = product.element;
    auto tensor = [](const Shape &shape, const std::string &of) {
      return "tensor<" + printShape(shape) + "x" + of + ">";
    };
    std::string x = tensor(product.x, element), w = tensor(product.w, element);
    std::string y = tensor(product.y, "f32");
    parameters += comma + "%x" + n + ": " + x + ", %w" + n + ": " + w;
    results += comma + y;
    returned += comma + "%y" + n;
    body +=
        "%z" + n + " = arith.constant dense<0.0> : " + y + "\n%y" + n + " = ";
    std::string operands = " ins(%x" + n + ", %w" + n + " : " + x + ", " + w +
                           ") outs(%z" + n + " : " + y + ")";
    if (std::string(product.op) == "linalg.generic")
      body += "linalg.generic {" + std::string(product.maps).substr(1) + "}" +
              operands +
              " {\n^bb0(%a: f32, %b: f32, %c: f32):\n"
              "%p = arith.mulf %a, %b : f32\n%s = arith.addf %c, %p : f32\n"
              "linalg.yield %s : f32\n} -> " +
              y + "\n";
    else
      body +=
          product.op + std::string(product.maps) + operands + " -> " + y + "\n";
    ElementType type = element == "f32"   ? ElementType::F32
                       : element == "f16" ? ElementType::F16
                                          : ElementType::BF16;
    for (const Shape &shape : {product.x, product.w}) {
      inputs.push_back(gaussianValues(type, shape, random));
      arguments.push_back({{inputs.back()}});
    }
  }
  // Commas between the generic op's attributes.
  for (size_t at; (at = body.find("] iterator")) != std::string::npos;)
    body.replace(at, 2, "],\n ");
  checkFunction("func.func @f(" + parameters + ") -> (" + results + ") {\n" +
                    body + "return " + returned + " : " + results + "\n}\n",
                "f", inputs, arguments, "both operands in shared memory");
}

//===----------------------------------------------------------------------===//
// What codes become
//===----------------------------------------------------------------------===//

/// Every code in every place of a word, for an activation that picks columns:
/// each sum is one weight, to the bit. All widths of codes and kinds of table,
/// for tensor cores on both 16-bit floats; factors that weights are multiplied
/// by.
class GpuCodes
    : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(GpuCodes, MultiplyToTheBit) {
  auto [quantizer, element] = GetParam();
  TestCodec codec{quantizer + ", pack"};
  Shape shape{264, 32};
  // Whatever bits are stored stand for something.
  std::vector<Stream> streams = codec.encode(Array(ElementType::F32, shape));
  for (Stream &stream : streams) {
    std::vector<uint8_t> &bytes = stream.array.bytes;
    size_t rowBytes = bytes.size() / shape[0];
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<uint8_t>(i / rowBytes + 37 * (i % rowBytes));
  }
  Array weights = codec.decode(streams, shape);

  Shape xShape{32, 32}, yShape{32, shape[0]};
  Array x(element == "f32"   ? ElementType::F32
          : element == "f16" ? ElementType::F16
                             : ElementType::BF16,
          xShape);
  for (int64_t i = 0; i < 32; ++i)
    x.setFloat(33 * i, 1);
  std::string program = R"(
    func.func @f(%x: tensor<32x32xELEMENT>, %w: TYPE) -> tensor<32x264xf32> {
      %e = tensor.empty() : tensor<264x32xf32>
      %d = zq.decode %w at [0, 0] outs(%e : tensor<264x32xf32>) : TYPE -> tensor<264x32xf32>
      %zero = arith.constant dense<0.0> : tensor<32x264xf32>
      %y = linalg.matmul
          indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                           affine_map<(m, n, k) -> (m, n)>]
          ins(%x, %d : tensor<32x32xELEMENT>, tensor<264x32xf32>)
          outs(%zero : tensor<32x264xf32>) -> tensor<32x264xf32>
      return %y : tensor<32x264xf32>
    })";
  auto replace = [&](const std::string &from, const std::string &to) {
    for (size_t at; (at = program.find(from)) != std::string::npos;)
      program.replace(at, from.size(), to);
  };
  replace("ELEMENT", element);
  replace("TYPE", codec.type(shape));
  Kernel kernel(program, onGpu(gpus[2]), codec.text);
  std::vector<Array> inputs{x};
  for (const Stream &stream : streams)
    inputs.push_back(stream.array);
  std::vector<Array> results = kernel.call(inputs);
  ASSERT_EQ(results.size(), 1u);
  for (int64_t row = 0; row < shape[0]; ++row) {
    // A NaN or an infinity is in all sums of its row.
    bool isFinite = true;
    for (int64_t k = 0; k < 32; ++k)
      isFinite &= std::isfinite(weights.getFloat(32 * row + k));
    for (int64_t k = 0; k < 32; ++k) {
      float sum = results[0].getFloat(k * shape[0] + row);
      if (isFinite)
        EXPECT_EQ(sum, weights.getFloat(32 * row + k)) << row << ", " << k;
      else
        EXPECT_FALSE(std::isfinite(sum)) << row << ", " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Quantizers, GpuCodes,
    testing::Combine(
        testing::Values(
            "quantize<si2>", "quantize<ui2>", "quantize<si3>", "quantize<si4>",
            "quantize<ui4>", "quantize<si4, bipolar>", "quantize<si5>",
            "quantize<si6>", "quantize<si8>", "quantize<ui8>",
            "quantize<f4E2M1FN>", "quantize<f6E2M3FN>", "quantize<f6E3M2FN>",
            "quantize<f8E4M3FN>", "quantize<f8E5M2>",
            "lookup<[-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, "
            "1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0]>",
            "lookup<[-1.0, 0.0, 0.5, 4.0]>",
            "scale<1x16, f8E4M3FN>, quantize<f4E2M1FN>",
            "offset<1x16, f16, min>, scale<1x16, f16>, quantize<ui4>"),
        testing::Values("bf16", "f16", "f32")));

INSTANTIATE_TEST_SUITE_P(Codecs, GpuProducts,
                         testing::ValuesIn(getRepresentatives()),
                         [](const testing::TestParamInfo<TestCodec> &info) {
                           std::string name;
                           for (char c : info.param.text)
                             if (std::isalnum(c))
                               name += c;
                           return name;
                         });

} // namespace
