//===- ExampleKernelTest.cpp - Whole kernels in the emulator --------------===//
#include "CompiledKernels.h"
#include "ExampleRuns.h"
#include "gtest/gtest.h"

using namespace mlir::zq::test;
using namespace zq::emulator;

static const std::vector<std::string> allGood(numSeeds, "");

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

TEST(ExampleKernel, HostCodeAllocatesOnTheEmulator) {
  auto kernels = CompiledKernels::compile(R"(
module attributes {gpu.container_module} {
  llvm.func @malloc(i64) -> !llvm.ptr
  llvm.func @free(!llvm.ptr)
  llvm.func @host(%out: !llvm.ptr<1>, %threads: i64) {
    %one = llvm.mlir.constant(1 : i64) : i64
    %bytes = llvm.mlir.constant(256 : i64) : i64
    %array = llvm.call @malloc(%bytes) : (i64) -> !llvm.ptr
    %global = llvm.addrspacecast %array : !llvm.ptr to !llvm.ptr<1>
    gpu.launch_func @kernels::@write blocks in (%one, %one, %one)
        threads in (%threads, %one, %one) : i64
        args(%out : !llvm.ptr<1>, %global : !llvm.ptr<1>)
    llvm.call @free(%array) : (!llvm.ptr) -> ()
    llvm.return
  }
  gpu.module @kernels {
    llvm.func @write(%out: !llvm.ptr<1>, %array: !llvm.ptr<1>) attributes {gpu.kernel, nvvm.kernel} {
      %t = nvvm.read.ptx.sreg.tid.x : i32
      %p = llvm.getelementptr %array[%t] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      llvm.store %t, %p : i32, !llvm.ptr<1>
      %v = llvm.load %p : !llvm.ptr<1> -> i32
      %q = llvm.getelementptr %out[%t] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
      llvm.store %v, %q : i32, !llvm.ptr<1>
      llvm.return
    }
  }
}
)",
                                          "sm_80");
  ASSERT_TRUE(bool(kernels)) << kernels.message();
  auto *host =
      reinterpret_cast<void (*)(void *, int64_t)>(kernels->getFunction("host"));
  Emulator emulator;
  ActiveEmulator active(emulator);
  // The emulator does not know this one, and the array ends after 64 words.
  std::vector<int32_t> out(128);
  host(out.data(), 64);
  auto status = emulator.takeError();
  EXPECT_TRUE(bool(status)) << status.message();
  EXPECT_EQ(out[63], 63);
  host(out.data(), 65);
  status = emulator.takeError();
  EXPECT_NE(status.message().find("256 bytes into an array of 256"),
            std::string::npos)
      << status.message();
  // An error is told once.
  EXPECT_TRUE(bool(emulator.takeError()));
}

//===----------------------------------------------------------------------===//
// Kernels of test/Target/NVVM/emulator
//===----------------------------------------------------------------------===//

TEST(ExampleKernel, W4A16ByMma) {
  EXPECT_EQ(runAll(Example::W4A16, readKernel("w4a16-mma.mlir")), allGood);
}

TEST(ExampleKernel, Nvfp4ByMma) {
  EXPECT_EQ(runAll(Example::Nvfp4Mma, readKernel("nvfp4-mma.mlir")), allGood);
}

TEST(ExampleKernel, Nvfp4ByTcgen05) {
  EXPECT_EQ(runAll(Example::Nvfp4Tcgen05, readKernel("nvfp4-tcgen05.mlir")),
            allGood);
}

TEST(ExampleKernel, SumsByTma) {
  EXPECT_EQ(runAll(Example::TmaPipeline, readKernel("tma-pipeline.mlir")),
            allGood);
}
