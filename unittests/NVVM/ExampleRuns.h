//===- ExampleRuns.h - Runs of the example kernels, compared --------------===//
#ifndef ZQ_UNITTESTS_NVVM_EXAMPLERUNS_H
#define ZQ_UNITTESTS_NVVM_EXAMPLERUNS_H

#include <string>
#include <vector>

namespace mlir::zq::test {

enum class Example { W4A16, Nvfp4Mma, Nvfp4Tcgen05, TmaPipeline };

/// Seeds 0 and up that each example runs with.
constexpr int numSeeds = 6;

/// Runs the kernel in `text`, one of the examples or a variant of it, with each
/// seed: what was wrong, or an empty string.
std::vector<std::string> runAll(Example example, const std::string &text);

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_NVVM_EXAMPLERUNS_H
