//===- GpuRotationTest.cpp - Rotations on an emulated GPU -----------------===//
//
// Hadamard rotations of every order, with runs that share a block and runs that
// have one, and what whole runs leave of a line: the reference's bits.
//
//===----------------------------------------------------------------------===//
#include "Programs.h"
#include "zq/Codec/Hadamard.h"

#include "gtest/gtest.h"

using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

struct Rotation {
  int64_t rows, columns, block;
  bool hasSigns = true;
  /// Whether the elements are computed on the way.
  bool isFused = false;
};

const Rotation rotations[] = {{3, 512, 128},
                              {2, 300, 128},
                              {5, 60, 12},
                              {2, 123, 40, true, true},
                              {2, 448, 224, false},
                              {3, 40, 36},
                              {2, 132, 44},
                              {3, 352, 352, false},
                              {2, 200, 180, true, true},
                              {3, 8192, 4096},
                              {1, 16384, 16384, false},
                              {2, 100, 64, true, true},
                              {2, 5, 1},
                              {1, 1280, 640}};

TEST(GpuRotations, AreTheReferencesBits) {
  std::string parameters, results, returned, body;
  std::vector<Array> inputs, expected;
  std::mt19937 random(41);
  for (auto [i, rotation] : llvm::enumerate(rotations)) {
    std::string n = std::to_string(i), comma = i ? ", " : "";
    Shape shape{rotation.rows, rotation.columns};
    std::string type = "tensor<" + printShape(shape) + "xf32>";
    parameters += comma + "%x" + n + ": " + type;
    results += comma + type;
    returned += comma + "%r" + n;
    std::string source = "%x" + n;
    if (rotation.isFused) {
      body += "%c" + n + " = arith.constant dense<0.5> : " + type + "\n%h" + n +
              " = arith.mulf %x" + n + ", %c" + n + " : " + type + "\n";
      source = "%h" + n;
    }
    body += "%e" + n + " = tensor.empty() : " + type + "\n%r" + n +
            " = zq.rotate " + source + " by #zq.hadamard<axis = 1, block = " +
            std::to_string(rotation.block) +
            (rotation.hasSigns ? ", seed = 7" : "") + "> outs(%e" + n + " : " +
            type + ") : " + type + " -> " + type + "\n";
    inputs.push_back(gaussianValues(ElementType::F32, shape, random));
    Array rotated = inputs.back();
    std::vector<float> line(rotation.columns);
    for (int64_t row = 0; row < rotation.rows; ++row) {
      int64_t first = row * rotation.columns;
      for (int64_t j = 0; j < rotation.columns; ++j)
        line[j] =
            rotated.getFloat(first + j) * (rotation.isFused ? 0.5f : 1.0f);
      ::zq::codec::hadamardRow(line.data(), 1, rotation.columns, rotation.block,
                               rotation.hasSigns ? std::optional<uint64_t>(7)
                                                 : std::nullopt,
                               /*inverse=*/false);
      for (int64_t j = 0; j < rotation.columns; ++j)
        rotated.setFloat(first + j, line[j]);
    }
    expected.push_back(rotated);
  }
  std::string text = "func.func @f(" + parameters + ") -> (" + results +
                     ") {\n" + body + "return " + returned + " : " + results +
                     "\n}\n";
  for (EmulatedGpu gpu : {EmulatedGpu{"sm_80", 0}, EmulatedGpu{"sm_120a", 1},
                          EmulatedGpu{"sm_89", 2}, EmulatedGpu{"sm_90a", 3},
                          EmulatedGpu{"sm_100a", 4}}) {
    JitOptions options;
    options.emulated = gpu;
    Kernel kernel(text, options, gpu.chip);
    std::vector<Array> found = kernel.call(inputs);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i)
      expectSameBits(found[i], expected[i],
                     gpu.chip + ", block of " +
                         std::to_string(rotations[i].block));
  }
}

} // namespace
