//===- ExampleRuns.cpp - Runs of the example kernels, compared ------------===//
#include "ExampleRuns.h"

#include "CompiledKernels.h"
#include "ExampleData.h"
#include "zq/Target/NVVM/EmulatorTensorMap.h"

#include <algorithm>
#include <cstring>
#include <map>

using namespace mlir::zq::test;
using namespace zq::emulator;

namespace {
/// Device memory with these bytes.
template <typename T>
T *upload(Emulator &emulator, const std::vector<T> &values) {
  auto *memory = static_cast<T *>(emulator.allocate(values.size() * sizeof(T)));
  std::copy(values.begin(), values.end(), memory);
  return memory;
}

/// What is wrong with values, or nothing.
std::string compare(const float *values, int columns,
                    const std::vector<double> &expected) {
  for (size_t i = 0; i < expected.size(); ++i)
    if (!(std::fabs(values[i] - expected[i]) <= 1e-2))
      return "wrong at (" + std::to_string(i / columns) + ", " +
             std::to_string(i % columns) + "): " + std::to_string(values[i]) +
             ", expected " + std::to_string(expected[i]);
  return "";
}

std::string runNvfp4(Emulator &emulator, const CompiledKernels &kernels,
                     int tileM, int tileN, int depth) {
  int m = 128, n = 128;
  Nvfp4 a(m, depth, 1), b(n, depth, 2);
  static std::map<int, std::vector<double>> products;
  std::vector<double> &expected = products[depth];
  if (expected.empty()) {
    expected.resize(m * n);
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < n; ++j)
        for (int k = 0; k < depth; ++k)
          expected[i * n + j] += a.get(i, k) * b.get(j, k);
  }
  auto *d = static_cast<float *>(emulator.allocate(m * n * 4));
  Arguments arguments(upload(emulator, a.codes), upload(emulator, b.codes),
                      upload(emulator, a.scales), upload(emulator, b.scales), d,
                      n, depth);
  auto status = emulator.launch(kernels.get("matmul"),
                                {unsigned(n / tileN), unsigned(m / tileM)},
                                {128}, 0, arguments.get());
  return status ? compare(d, n, expected) : status.message();
}

/// 8 rows of bf16 times 64 rows of weights.
std::string runW4A16(Emulator &emulator, const CompiledKernels &kernels) {
  int m = 8, n = 64, depth = 256;
  std::mt19937 random(3);
  std::vector<uint16_t> x(m * depth);
  std::vector<uint8_t> codes(n * depth / 2), scales(n * depth / 16);
  std::vector<double> expected(m * n);
  for (uint16_t &value : x)
    value = 0x3f00 + random() % 0x180 + (random() % 2 << 15);
  for (uint8_t &byte : codes)
    byte = random();
  for (uint8_t &byte : scales)
    byte = random() % 0x60;
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j)
      for (int k = 0; k < depth; ++k) {
        // Nibbles of 8 values in a word: the even ones below the odd ones.
        int word = (j * depth + k) / 8, e = k % 8;
        unsigned bit = e / 2 * 4 + e % 2 * 16;
        unsigned code = codes[4 * word + bit / 8] >> bit % 8 & 15;
        uint32_t bits = uint32_t(x[i * depth + k]) << 16;
        float value;
        std::memcpy(&value, &bits, 4);
        expected[i * n + j] +=
            value * getE2M1(code) * getUE4M3(scales[(j * depth + k) / 16]);
      }
  auto *y = static_cast<float *>(emulator.allocate(m * n * 4));
  Arguments arguments(upload(emulator, codes), upload(emulator, scales),
                      upload(emulator, x), y, n, depth);
  auto status = emulator.launch(kernels.get("matmul"), {unsigned(n / 64)},
                                {128}, 0, arguments.get());
  return status ? compare(y, n, expected) : status.message();
}

/// Running sums over 7 tiles; the array ends 4 rows into the last.
std::string runSums(Emulator &emulator, const CompiledKernels &kernels) {
  int rows = 100, columns = 32, tiles = 7;
  std::mt19937 random(4);
  std::vector<float> x(rows * columns);
  for (float &value : x)
    value = random() % 64;
  std::vector<double> expected(x.size());
  for (size_t i = 0; i < x.size(); ++i)
    expected[i] = x[i] + (i >= 512 ? expected[i - 512] : 0);
  auto *in = upload(emulator, x);
  auto *out = static_cast<float *>(emulator.allocate(x.size() * 4));
  TensorMap maps[2];
  for (int i = 0; i < 2; ++i) {
    auto status = encodeTensorMap(
        maps[i], i ? out : in,
        {zq::TensorMapType::Float32,
         i ? zq::TensorMapSwizzle::None : zq::TensorMapSwizzle::Bytes128,
         2,
         {columns, rows},
         {128},
         {32, 16}});
    if (!status)
      return status.message();
  }
  // A struct by value is handed over by its address.
  void *arguments[] = {&maps[0], &maps[1], &tiles};
  auto status = emulator.launch(kernels.get("sums"), {1}, {160}, 0, arguments);
  return status ? compare(out, columns, expected) : status.message();
}
} // namespace

std::vector<std::string> mlir::zq::test::runAll(Example example,
                                                const std::string &text) {
  std::vector<std::string> results;
  EmulatorOptions options;
  options.chip = example == Example::W4A16         ? "sm_80"
                 : example == Example::Nvfp4Mma    ? "sm_120a"
                 : example == Example::TmaPipeline ? "sm_90a"
                                                   : "sm_100a";
  options.maxSteps = 1'000'000;
  auto kernels = CompiledKernels::compile(text, options.chip);
  for (int seed = 0; seed < numSeeds; ++seed) {
    if (!kernels) {
      results.push_back("does not compile: " + kernels.message());
      continue;
    }
    options.seed = seed;
    Emulator emulator(options);
    switch (example) {
    case Example::W4A16:
      results.push_back(runW4A16(emulator, *kernels));
      break;
    case Example::Nvfp4Mma:
      results.push_back(runNvfp4(emulator, *kernels, 64, 32, 256));
      break;
    case Example::Nvfp4Tcgen05:
      results.push_back(runNvfp4(emulator, *kernels, 128, 64, 512));
      break;
    case Example::TmaPipeline:
      results.push_back(runSums(emulator, *kernels));
      break;
    }
  }
  return results;
}
