//===- ChipTest.cpp - The GPUs that are compiled for ----------------------===//
#include "zq/Target/NVVM/Chip.h"
#include "zq/Target/NVVM/Emulator.h"
#include "zq/Target/NVVM/NVVMCode.h"

#include "gtest/gtest.h"

#include <cstdlib>

using namespace mlir::zq;

namespace {

TEST(ChipTest, AreFoundByName) {
  for (const Chip &chip : getChips()) {
    auto found = parseChip(chip.name);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, &chip);
    EXPECT_EQ(chip.getFeatures(), "+ptx" + std::to_string(chip.ptx));
  }
  auto unknown = parseChip("gfx942");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.message().find("sm_80, sm_89, sm_90a"), std::string::npos);
  auto plain = parseChip("sm_120");
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.message().find("did you mean 'sm_120a'?"), std::string::npos);
}

TEST(ChipTest, HaveWhatTheirFamilyHas) {
  auto get = [](llvm::StringRef name) { return **parseChip(name); };
  EXPECT_TRUE(get("sm_90a").hasWgmma());
  EXPECT_FALSE(get("sm_100a").hasWgmma());
  for (llvm::StringRef name : {"sm_100a", "sm_100f", "sm_103a"}) {
    EXPECT_TRUE(get(name).hasTcgen05());
    EXPECT_FALSE(get(name).hasMmaBlockScale());
  }
  for (llvm::StringRef name : {"sm_120a", "sm_120f", "sm_121a"}) {
    EXPECT_FALSE(get(name).hasTcgen05());
    EXPECT_TRUE(get(name).hasMmaBlockScale());
  }
  EXPECT_FALSE(get("sm_80").hasTMA());
  EXPECT_FALSE(get("sm_80").hasMmaF8());
  EXPECT_TRUE(get("sm_89").hasFastMmaF8());
  EXPECT_FALSE(get("sm_90a").hasFastMmaF8());
}

/// The emulator has limits of its own, written from the manual again.
TEST(ChipTest, HaveTheEmulatorsSharedMemory) {
  for (const Chip &chip : getChips())
    EXPECT_EQ(::zq::emulator::getSharedLimit(chip.name.str()),
              static_cast<size_t>(chip.sharedMemoryPerBlock))
        << chip.name.str();
}

TEST(ChipTest, HoldBlocksWhileThereIsRoom) {
  const Chip &chip = **parseChip("sm_80");
  // Threads, then registers, shared memory, and blocks are what runs out.
  EXPECT_EQ(chip.getBlocksPerSM(1024, 32, 0), 2);
  EXPECT_EQ(chip.getBlocksPerSM(256, 128, 0), 2);
  EXPECT_EQ(chip.getBlocksPerSM(256, 255, 0), 1);
  EXPECT_EQ(chip.getBlocksPerSM(128, 32, 80 * 1024), 2);
  EXPECT_EQ(chip.getBlocksPerSM(128, 32, chip.sharedMemoryPerBlock), 1);
  EXPECT_EQ(chip.getBlocksPerSM(32, 16, 0), 32);
  EXPECT_EQ(chip.getBlocksPerSM(2048, 16, 0), 0);
}

TEST(StatisticsTest, AreReadFromTheAssembler) {
  auto kernels = parseStatistics(
      "ptxas info    : 0 bytes gmem\n"
      "ptxas info    : Compiling entry function 'one' for 'sm_80'\n"
      "ptxas info    : Function properties for one\n"
      "    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads\n"
      "ptxas info    : Used 31 registers, used 1 barriers, 1024 bytes smem, "
      "384 bytes cmem[0]\n"
      "ptxas info    : Compiling entry function 'two' for 'sm_80'\n"
      "ptxas info    : Used 8 registers, 360 bytes cmem[0]\n");
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0].name, "one");
  EXPECT_EQ(kernels[0].registers, 31);
  EXPECT_EQ(kernels[0].barriers, 1);
  EXPECT_EQ(kernels[0].sharedMemory, 1024);
  EXPECT_EQ(kernels[0].stack, 16);
  EXPECT_EQ(kernels[0].spillStores, 8);
  EXPECT_EQ(kernels[0].spillLoads, 12);
  EXPECT_EQ(kernels[1].name, "two");
  EXPECT_EQ(kernels[1].registers, 8);
  EXPECT_EQ(kernels[1].sharedMemory, 0);
}

TEST(CudaProgramTest, SaysWhereItLooked) {
  ::setenv("CUDA_HOME", "/none", 1);
  ::setenv("CUDA_PATH", "/neither", 1);
  auto path = findCudaProgram("no-such-program");
  ASSERT_FALSE(path);
  EXPECT_EQ(path.message(),
            "no 'no-such-program' of the CUDA toolkit, neither on PATH nor in "
            "/none/bin, /neither/bin, /usr/local/cuda/bin; set CUDA_HOME, or "
            "write PTX (.ptx), which needs none");
  ::unsetenv("CUDA_HOME");
  ::unsetenv("CUDA_PATH");
}

} // namespace
