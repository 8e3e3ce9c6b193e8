//===- EpilogueTest.cpp - What is done around contractions ----------------===//
//
// A bias, an activation function, a residual, a cast, behind a contraction in
// each compute domain, and a product or a rotation before it, on sizes that no
// panel, block or task divides: computed where the sums and the activation are,
// against the bound of all of it.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"

#include "zq/Dialect/ZQ/IR/Tiles.h"
#include "gtest/gtest.h"

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// What follows y = x w^T: f32 of a bias, an activation function and a
/// residual; bf16 of a bias; or both, two readers of the sums.
enum Epilogue { Activation = 1, Cast = 2, Both = Activation | Cast };

/// How the product is made: as is chosen for an accuracy, in tiles of a weight
/// in lanes, or in tiles of bf16 or f32 of the rows of any weight.
enum Way { Chosen, InTiles, InRowsOfBF16, InRowsOfF32 };

struct EpilogueProgram {
  int64_t m, n, k;
  TestCodec codec;
  Epilogue epilogue;

  std::string print(const std::string &name, Way way) const;

private:
  std::string printElementwise() const;
  std::string printProduct(Way way) const;
  std::string getType(const Shape &shape, const char *element = "f32") const {
    return "tensor<" + printShape(shape) + "x" + element + ">";
  }
};

std::string EpilogueProgram::printElementwise() const {
  std::string y = getType({m, n}), z = getType({m, n}, "bf16"), text;
  const char *maps = "affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>";
  const char *loops =
      "iterator_types = [\"parallel\", \"parallel\"]} ins(%y, %b";
  std::string inputs = " : " + y + ", " + getType({n});
  if (epilogue & Activation)
    text += std::string("  %o = tensor.empty() : ") + y +
            "\n  %f = linalg.generic {indexing_maps = [" + maps +
            ", affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m, n)>], " +
            loops + ", %r" + inputs + ", " + y + ") outs(%o : " + y +
            ") {\n  ^bb0(%a: f32, %p: f32, %q: f32, %u: f32):\n"
            "    %s = arith.addf %a, %p : f32\n    %t = math.tanh %s : f32\n"
            "    %g = arith.mulf %s, %t : f32\n"
            "    %h = arith.addf %g, %q : f32\n    linalg.yield %h : f32\n"
            "  } -> " +
            y + "\n";
  if (epilogue & Cast)
    text += std::string("  %c = tensor.empty() : ") + z +
            "\n  %z = linalg.generic {indexing_maps = [" + maps +
            ", affine_map<(m, n) -> (m, n)>], " + loops + inputs +
            ") outs(%c : " + z +
            ") {\n  ^bb0(%a: f32, %p: f32, %u: bf16):\n"
            "    %s = arith.addf %a, %p : f32\n"
            "    %t = arith.truncf %s : f32 to bf16\n"
            "    linalg.yield %t : bf16\n  } -> " +
            z + "\n";
  std::string values, types;
  if (epilogue & Activation)
    values = "%f", types = y;
  if (epilogue & Cast)
    values += values.empty() ? "%z" : ", %z",
        types += (types.empty() ? "" : ", ") + z;
  return ") -> (" + types + ") {\n@" + text + "  return " + values + " : " +
         types + "\n}\n";
}

/// %y of %x and %w.
std::string EpilogueProgram::printProduct(Way way) const {
  std::string x = getType({m, k}), y = getType({m, n}), w = getType({n, k});
  std::string type = codec.type({n, k});
  if (way == Chosen)
    return "  %e = tensor.empty() : " + w +
           "\n  %d = zq.decode %w at [0, 0] outs(%e : " + w + ") : " + type +
           " -> " + w +
           "\n  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) "
           "-> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, "
           "k) -> (m, n)>] ins(%x, %d : " +
           x + ", " + w + ") outs(%i : " + y + ") -> " + y + "\n";
  Shape shape{(k + tileDepth - 1) / tileDepth, (m + tileRows - 1) / tileRows,
              1};
  if (way == InTiles) {
    shape.insert(shape.end(), {2, tileRows, tileDepth});
    std::string tiles = getType(shape, "bf16");
    return "  %xt = zq.tiles %x planes 2 steps 1 : " + x + " -> " + tiles +
           "\n  %y = zq.contract %xt with %w lanes 16 planes 2 outs(%i : " + y +
           ") : (" + tiles + "), " + type + " -> " + y + "\n";
  }
  bool isF32 = way == InRowsOfF32;
  std::string planes = isF32 ? "1" : "2";
  int64_t pack = isF32 ? 1 : 2;
  shape.insert(shape.end(), {isF32 ? 1 : 2, tileRows / tileLanes,
                             tileDepth / pack, pack * tileLanes});
  std::string tiles = getType(shape, isF32 ? "f32" : "bf16");
  return "  %xt = zq.tiles %x right planes " + planes + " steps 1 : " + x +
         " -> " + tiles + "\n  %y = zq.contract_rows %xt with %w planes " +
         planes + " outs(%i : " + y + ") : " + tiles + ", " + type + " -> " +
         y + "\n";
}

std::string EpilogueProgram::print(const std::string &name, Way way) const {
  std::string x = getType({m, k}), y = getType({m, n});
  std::string type = codec.type({n, k});
  // What makes the activation: for a rotated codec in lanes, which is moved
  // there, the rotation behind it.
  std::string product =
      "  %i = arith.constant dense<0.0> : " + y +
      "\n  %xe = tensor.empty() : " + x +
      "\n  %x = linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, "
      "affine_map<(m, k) -> (k)>, affine_map<(m, k) -> (m, k)>], "
      "iterator_types = [\"parallel\", \"parallel\"]} ins(%in, %by : " +
      x + ", " + getType({k}) + ") outs(%xe : " + x +
      ") {\n  ^bb0(%a: f32, %p: f32, %o: f32):\n"
      "    %q = arith.mulf %a, %p : f32\n    linalg.yield %q : f32\n  } -> " +
      x + "\n";
  product += printProduct(way);
  std::string rest = printElementwise();
  rest.replace(rest.find('@'), 1, product);
  return "func.func @" + name + "(%in: " + x + ", %by: " + getType({k}) +
         ", %w: " + type + ", %b: " + getType({n}) + ", %r: " + y + rest;
}

/// In one way, or in the domain that is chosen for `accuracy`.
void check(const EpilogueProgram &program, Way way, double accuracy) {
  JitOptions options;
  options.guardPages = true;
  options.accuracy = way == Chosen ? accuracy : 0;
  std::string what = printShape({program.m, program.n, program.k}) +
                     " in way " + std::to_string(way) + " with epilogue " +
                     std::to_string(program.epilogue);
  std::mt19937 random(11);
  std::vector<Array> inputs;
  std::vector<EvaluatorInput> arguments;
  auto add = [&](std::vector<Array> arrays) {
    inputs.insert(inputs.end(), arrays.begin(), arrays.end());
    arguments.push_back({arrays});
  };
  auto addValues = [&](const Shape &shape) {
    add({gaussianValues(ElementType::F32, shape, random)});
  };
  addValues({program.m, program.k});
  addValues({program.k});
  std::vector<Array> streams;
  for (Stream &stream : program.codec.encode(
           gaussianValues(ElementType::F32, {program.n, program.k}, random)))
    streams.push_back(stream.array);
  add(streams);
  addValues({program.n});
  addValues({program.m, program.n});

  Kernel kernel(program.print("f", way) + program.print("reference", Chosen),
                options, what);
  std::vector<BoundedTensor> expected =
      kernel.evaluate(arguments, nullptr, accuracy, "reference");
  std::vector<Array> results = kernel.call(inputs);
  ASSERT_EQ(results.size(), expected.size()) << what;
  for (size_t i = 0; i < results.size(); ++i) {
    BoundComparison found = compareWithBound(expected[i], results[i]);
    EXPECT_TRUE(found.isWithin() && found.unbounded == 0)
        << what << ", result " << i << ": " << found.violations
        << " elements are outside the bound, difference / bound is up to "
        << found.largestRatio;
  }
}

const TestCodec codec{
    "scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>"};

TEST(Epilogues, OfFloatsAndIntegers) {
  for (double accuracy : {0.0, 5e-5, 2e-2})
    for (Epilogue epilogue : {Activation, Cast, Both})
      check({5, 85, 64, codec, epilogue}, Chosen, accuracy);
  check({1, 13, 64, codec, Activation}, Chosen, 5e-5);
  check({11,
         37,
         128,
         {"hadamard<axis = 1, block = 64, seed = 1>, " + codec.text},
         Cast},
        Chosen, 5e-5);
}

TEST(Epilogues, OfTiles) {
  // Two planes of each operand, and what they leave.
  for (Epilogue epilogue : {Activation, Cast, Both})
    check({70, 75, 64, codec, epilogue}, InTiles, 0x1p-15);
  check({64, 96, 32, codec, Activation}, InTiles, 0x1p-15);
}

/// Rows of a weight in no order but their own, decoded part by part or, with a
/// state, task by task; more than one task of them, and of the activation.
TEST(Epilogues, OfRows) {
  TestCodec rows{"scale<1x32, f16>, quantize<si4>, pack"};
  for (Epilogue epilogue : {Activation, Cast, Both}) {
    check({70, 75, 64, rows, epilogue}, InRowsOfBF16, 0x1p-15);
    check({70, 75, 64, rows, epilogue}, InRowsOfF32, 0);
  }
  check({3, 31, 20, rows, Activation}, InRowsOfF32, 0);
  check({545, 1120, 40, rows, Activation}, InRowsOfBF16, 0x1p-15);
  check({33,
         80,
         64,
         {"scale<1x?, f32>, quantize<si4>, huffman<chunk = 64, length = 8>"},
         Cast},
        InRowsOfF32, 0);
}

} // namespace
