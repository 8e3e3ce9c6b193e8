//===- ExampleKernelTest.cpp - Whole kernels in the emulator --------------===//
#include "CompiledKernels.h"
#include "ExampleData.h"
#include "gtest/gtest.h"

#include <cmath>
#include <map>

using namespace mlir::zq::test;
using namespace zq::emulator;

TEST(ExampleKernel, LaneIdsAndHostLaunch) {
  auto kernels = CompiledKernels::compile(R"(
module attributes {gpu.container_module} {
  llvm.func @host(%out: !llvm.ptr<1>) {
    %one = llvm.mlir.constant(1 : i64) : i64
    %n = llvm.mlir.constant(64 : i64) : i64
    gpu.launch_func @kernels::@lanes blocks in (%one, %one, %one)
        threads in (%n, %one, %one) : i64 args(%out : !llvm.ptr<1>)
    llvm.return
  }
  gpu.module @kernels {
    llvm.func @lanes(%out: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %t = nvvm.read.ptx.sreg.tid.x : i32
      %l = nvvm.read.ptx.sreg.laneid : i32
      %p = llvm.getelementptr %out[%t] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      llvm.store %l, %p : i32, !llvm.ptr<1>
      llvm.return
    }
  }
}
)",
                                          "sm_80");
  ASSERT_TRUE(bool(kernels)) << kernels.message();
  Emulator emulator;
  auto *out = static_cast<int32_t *>(emulator.allocate(64 * 4));
  auto *host = reinterpret_cast<void (*)(void *)>(kernels->getFunction("host"));
  {
    ActiveEmulator active(emulator);
    host(out);
  }
  auto status = emulator.takeError();
  ASSERT_TRUE(bool(status)) << status.message();
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(out[i], i % 32);
  // Half of the threads write past the end.
  emulator.free(out);
  out = static_cast<int32_t *>(emulator.allocate(32 * 4));
  {
    ActiveEmulator active(emulator);
    host(out);
  }
  status = emulator.takeError();
  ASSERT_FALSE(bool(status));
  EXPECT_NE(status.message().find("out of bounds"), std::string::npos)
      << status.message();
}

//===----------------------------------------------------------------------===//
// Runs of the kernels in test/Target/NVVM/emulator
//===----------------------------------------------------------------------===//

namespace {
/// Device memory with these bytes.
template <typename T>
T *upload(Emulator &emulator, const std::vector<T> &values) {
  auto *memory = static_cast<T *>(emulator.allocate(values.size() * sizeof(T)));
  std::copy(values.begin(), values.end(), memory);
  return memory;
}

/// What is wrong with a run, or nothing.
std::string compare(const float *values, int rows, int columns,
                    const std::vector<double> &expected, double bound) {
  for (int i = 0; i < rows * columns; ++i)
    if (!(std::fabs(values[i] - expected[i]) <= bound))
      return "wrong at (" + std::to_string(i / columns) + ", " +
             std::to_string(i % columns) + "): " + std::to_string(values[i]) +
             ", expected " + std::to_string(expected[i]);
  return "";
}

/// The product of two matrices, rows by rows.
template <typename A, typename B>
std::vector<double> multiply(const A &a, const B &b, int m, int n, int k) {
  std::vector<double> product(size_t(m) * n);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j)
      for (int l = 0; l < k; ++l)
        product[i * n + j] += a.get(i, l) * b.get(j, l);
  return product;
}

std::string runNvfp4(const std::string &text, const std::string &chip,
                     uint64_t seed, int tileM, int tileN, int depth) {
  int m = 128, n = 128;
  static std::map<int, std::vector<double>> products;
  Nvfp4 a(m, depth, 1), b(n, depth, 2);
  std::vector<double> &expected = products[depth];
  if (expected.empty())
    expected = multiply(a, b, m, n, depth);
  auto kernels = CompiledKernels::compile(text, chip);
  if (!kernels)
    return "does not compile: " + kernels.message();
  EmulatorOptions options;
  options.seed = seed;
  options.chip = chip;
  Emulator emulator(options);
  auto *d = static_cast<float *>(emulator.allocate(m * n * 4));
  Arguments arguments(upload(emulator, a.codes), upload(emulator, b.codes),
                      upload(emulator, a.scales), upload(emulator, b.scales), d,
                      n, depth);
  auto status = emulator.launch(kernels->get("matmul"),
                                {unsigned(n / tileN), unsigned(m / tileM)},
                                {128}, 0, arguments.get());
  if (!status)
    return status.message();
  return compare(d, m, n, expected, 1e-2);
}
} // namespace

TEST(ExampleKernel, Nvfp4ByMma) {
  for (uint64_t seed = 0; seed < 6; ++seed)
    EXPECT_EQ(
        runNvfp4(readKernel("nvfp4-mma.mlir"), "sm_120a", seed, 64, 32, 256),
        "");
}

TEST(ExampleKernel, Nvfp4ByTcgen05) {
  for (uint64_t seed = 0; seed < 6; ++seed)
    EXPECT_EQ(runNvfp4(readKernel("nvfp4-tcgen05.mlir"), "sm_100a", seed, 128,
                       64, 512),
              "");
}
