//===- Pipelines.h - Pass pipelines, named for the form they reach --------===//
#ifndef ZQ_PIPELINES_PIPELINES_H
#define ZQ_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::zq {

/// Options of `zq-lower-to-llvm`.
struct LowerToLLVMOptions : PassPipelineOptions<LowerToLLVMOptions> {
  Option<std::string> features{
      *this, "features",
      llvm::cl::desc("Features of the CPU as LLVM names them (\"+avx512f,"
                     "+avx512bw\", \"aarch64,+neon\"); \"host\" asks the "
                     "machine"),
      llvm::cl::init("host")};
  Option<bool> threads{
      *this, "threads",
      llvm::cl::desc("Run the tiles of the outer loops in parallel by OpenMP"),
      llvm::cl::init(true)};
  Option<std::string> placement{
      *this, "placement",
      llvm::cl::desc("Where the weights of contractions are decoded: "
                     "\"registers\", \"panel\", \"up-front\", or \"auto\" "
                     "for what the cost model finds cheapest"),
      llvm::cl::init("auto")};
  Option<double> accuracy{
      *this, "accuracy",
      llvm::cl::desc(
          "The largest error of a product that contractions may make "
          "by their choice of a compute domain, relative to the "
          "largest activation times the largest weight; 0: f32 only"),
      llvm::cl::init(5e-5)};
  Option<bool> packWeights{
      *this, "pack-weights",
      llvm::cl::desc("Give compressed arguments the layout that contractions "
                     "are fastest with: callers hand over other streams"),
      llvm::cl::init(false)};
  Option<bool> recodeWeights{
      *this, "recode-weights",
      llvm::cl::desc("Store entropy-coded constants (and arguments, with "
                     "pack-weights) raw where that is predicted to be faster; "
                     "takes more memory"),
      llvm::cl::init(false)};
};

/// Options of `zq-lower-to-kernels` and `zq-lower-to-nvvm`.
struct LowerToNVVMOptions : PassPipelineOptions<LowerToNVVMOptions> {
  Option<std::string> chip{
      *this, "chip",
      llvm::cl::desc("The GPU, as NVIDIA's tools name it (\"sm_90a\")"),
      llvm::cl::init("sm_80")};
  Option<double> accuracy{
      *this, "accuracy",
      llvm::cl::desc("The largest error of a product, relative to it, that "
                     "contractions may make by their choice of 16-bit floats"),
      llvm::cl::init(5e-5)};
};

/// The passes between import and tiling, in order: each leaves what a function
/// computes, but for rounding, which `zq-verify-rewrites` checks pass by pass.
/// `lanes` are those of a vector of f32. `panelRows` are the rows of a weight
/// that lie side by side; without these (0) no products are looked up either.
SmallVector<std::unique_ptr<Pass>> createAlgebraPasses(int64_t lanes,
                                                       int64_t panelRows);

/// From functions on tensors, compressed ones among them, to fused loops of
/// vectors on tensors.
void buildLowerToVectorsPipeline(OpPassManager &pm,
                                 const LowerToLLVMOptions &options);

/// From functions on tensors to the LLVM dialect. A function gets a C
/// interface: results become further arguments, and `_mlir_ciface_NAME` takes
/// pointers to memref descriptors. Compressed arguments become one argument
/// for each stream, in the codec's order.
void buildLowerToLLVMPipeline(OpPassManager &pm,
                              const LowerToLLVMOptions &options);

/// Adds the passes from streams that are tensors to buffers, where results are
/// further arguments. Buffers are not deallocated yet.
void addBufferizePasses(OpPassManager &pm);

/// The part of the next pipeline that the chip decides: import, algebra, and
/// contractions and encoders as kernels (`gpu.launch`). Whatever follows asks a
/// chip only how many blocks share its registers and whether it has the
/// instructions, so that functions of equal kernels are equal code.
void buildFormKernelsPipeline(OpPassManager &pm,
                              const LowerToNVVMOptions &options);

/// From functions on tensors to functions on arrays of a GPU's memory that
/// launch kernels (`gpu.launch_func`), and the kernels (`gpu.func`), whose
/// arguments are pointers and numbers. A chip that `parseChip` does not know is
/// an error at the module.
void buildLowerToKernelsPipeline(OpPassManager &pm,
                                 const LowerToNVVMOptions &options);

/// The same, and the kernels on to functions of the LLVM and NVVM dialects
/// (`gpu.module`s of `llvm.func`).
void buildLowerToNVVMPipeline(OpPassManager &pm,
                              const LowerToNVVMOptions &options);

/// Its part between `buildFormKernelsPipeline` and `addFitToChipPasses`, which
/// is the same for all chips.
void buildFormedKernelsToNVVMPipeline(OpPassManager &pm);

/// Adds the passes that bring functions on memrefs, of scf, arith and cf, to
/// the LLVM dialect, with the C interface that `buildLowerToLLVMPipeline`
/// names.
void addHostToLLVMPasses(OpPassManager &pm);

/// Registers all by name: `zq-lower-to-vectors`, `zq-lower-to-llvm`,
/// `zq-lower-to-kernels`, `zq-lower-to-nvvm`.
void registerPipelines();

} // namespace mlir::zq

#endif // ZQ_PIPELINES_PIPELINES_H
