//===- Jit.h - Functions on tensors, compiled for this machine ------------===//
#ifndef ZQ_RUNTIME_JIT_H
#define ZQ_RUNTIME_JIT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"
#include "zq/Runtime/CallSizes.h"
#include "zq/Runtime/Codegen.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zq::emulator {
class Emulator;
} // namespace zq::emulator

namespace mlir::zq {

/// A GPU that is emulated on the host.
struct EmulatedGpu {
  /// As NVIDIA's tools name it ("sm_120a").
  std::string chip;
  /// 0: threads run in turn. Others: in a random order, and asynchronous work
  /// is done as late as it may be.
  uint64_t seed = 0;
};

/// "CHIP" or "CHIP:SEED".
::zq::codec::Result<EmulatedGpu> parseEmulatedGpu(StringRef text);

/// How a function is compiled.
struct JitOptions {
  /// Compile kernels for this GPU, and run them in the emulator. Options of the
  /// CPU do not count then.
  std::optional<EmulatedGpu> emulated;
  /// Run outer loops in parallel by OpenMP.
  bool threads = true;
  /// Put every array against a page that nothing can be read from or written
  /// to, so that code that goes beyond an array's end crashes. Arrays are then
  /// aligned to no more than their elements.
  bool guardPages = false;
  /// Features of the CPU as LLVM names them ("+avx2,+fma"), of a machine that
  /// has no others beyond x86-64's; "host" asks the machine. Features that this
  /// machine lacks, or that LLVM does not know, are an error.
  std::string features = "host";
  /// Where the weights of contractions are decoded: "registers", "panel",
  /// "up-front", or "auto" for what the cost model finds cheapest.
  std::string placement = "auto";
  /// The largest error of a product that contractions may make by their choice
  /// of a compute domain (`zq-choose-domains`); 0 for f32 only.
  double accuracy = 5e-5;
  /// Store entropy-coded weights raw where that is predicted to be faster: the
  /// constants, and the arguments of a program that packs them.
  bool recodeWeights = false;
  /// Verify the module after each pass, and not only at the end.
  bool verifyEach = false;
};

/// The arrays that a function takes and returns.
struct Signature {
  /// One tensor per argument; for a compressed argument one per stream, in the
  /// codec's order. Sizes may be dynamic.
  SmallVector<RankedTensorType> inputs;
  SmallVector<RankedTensorType> results;
  CallSizes sizes;

  /// Checks that a call may take `inputs`, and appends the results' arrays for
  /// it.
  ::zq::codec::Status resolve(ArrayRef<const ::zq::codec::Array *> inputs,
                              std::vector<::zq::codec::Array> &results) const;

  /// `resolve`, and then `add`s the inputs and the results to a call, in order;
  /// `results` keep types and shapes alone.
  ::zq::codec::Status
  bind(ArrayRef<const ::zq::codec::Array *> inputs,
       std::vector<::zq::codec::Array> &results,
       llvm::function_ref<::zq::codec::Status(const ::zq::codec::Array &,
                                              bool isInput)>
           add) const;
};

/// Gives arrays of these types and shapes the bytes that `read` copies to `to`
/// for the one of number `index`.
::zq::codec::Result<std::vector<::zq::codec::Array>>
readArrays(std::vector<::zq::codec::Array> types,
           llvm::function_ref<::zq::codec::Status(size_t index, void *to,
                                                  size_t bytes)>
               read);

/// The signature of `function`. Emits an error there and fails if an argument
/// or result is no tensor, has elements that a reference array cannot hold, or
/// sizes that no argument has (see `getCallSizes`).
FailureOr<Signature> getSignature(func::FuncOp function);

/// Makes `function` the only public one of `module`: what it does not call is
/// not compiled.
void makeEntry(ModuleOp module, func::FuncOp function);

/// Adds the passes from functions on tensors to the LLVM dialect.
void buildPipeline(OpPassManager &pm, const JitOptions &options);

/// The machine that is compiled for.
::zq::codec::Result<std::unique_ptr<llvm::TargetMachine>>
createMachine(const JitOptions &options);

/// A function of a module, compiled with everything that it calls.
struct CompiledFunction {
  Signature signature;
  /// An object file with the packed form of the function's C interface.
  SmallVector<char, 0> object;
};

/// The symbol of the C interface of the function `name`.
inline std::string getCInterface(StringRef name) {
  return (cInterfacePrefix + name).str();
}

/// Lowers the whole of `module`, which is left in the LLVM dialect, and
/// compiles it. Emits an error and fails if there is no function `name` with a
/// body, if it has no `Signature`, or if the lowering fails.
FailureOr<CompiledFunction> compileFunction(ModuleOp module, StringRef name,
                                            const JitOptions &options);

/// One function bound to its inputs. Holds its own copies of them, aligned to
/// 64 bytes as the results are, so that a function that overwrites its
/// arguments leaves the caller's arrays alone. Outlives its `JitFunction`
/// never.
class JitCall {
public:
  JitCall(JitCall &&) = default;
  JitCall &operator=(JitCall &&) = default;

  /// Calls the function. The results of an earlier call are overwritten; so are
  /// inputs that the function works on in place, which makes the results of
  /// later calls of such a function meaningless. Fails where a kernel does
  /// something wrong in the emulator, and where too many threads are asked for
  /// (`checkNumThreads`).
  ::zq::codec::Status run();

  /// Copies of the results of the last call.
  std::vector<::zq::codec::Array> getResults() const;

private:
  friend class JitFunction;
  JitCall() = default;

  struct Free {
    /// Of a mapping that ends in a guard page: its beginning and size. Null
    /// for memory of the allocator.
    void *mapping;
    size_t mappedSize;
    /// The emulator's, which frees it.
    bool isEmulated;
    void operator()(uint8_t *bytes) const;
  };
  /// The memory of one memref, and its descriptor: two pointers, the offset,
  /// sizes and strides, each of 64 bits.
  struct Buffer {
    std::unique_ptr<uint8_t, Free> bytes;
    std::vector<int64_t> descriptor;
  };

  void addBuffer(const ::zq::codec::Array &contents, bool guarded);

  void (*function)(void **) = nullptr;
  /// On which kernels run; arrays lie there, so that it knows their bounds.
  std::shared_ptr<::zq::emulator::Emulator> emulator;
  /// Inputs, then results.
  std::vector<Buffer> buffers;
  size_t numInputs = 0;
  /// Type and shape of each result.
  std::vector<::zq::codec::Array> resultTypes;
};

/// A function on tensors, compiled with everything that it calls.
class JitFunction {
public:
  /// `compileFunction`, loaded into this process.
  static FailureOr<std::unique_ptr<JitFunction>>
  compile(ModuleOp module, StringRef name, const JitOptions &options = {});
  ~JitFunction();

  const Signature &getSignature() const { return signature; }

  /// Binds the function to `inputs`, which must agree with the signature in
  /// number, element type and shape, and with one another in the sizes that it
  /// leaves open.
  ::zq::codec::Result<JitCall>
  bind(ArrayRef<const ::zq::codec::Array *> inputs) const;

  /// Has the threads of an emulated GPU run in the order of `seed` in what is
  /// bound from now on. Nothing changes for other functions.
  void setSeed(uint64_t seed) {
    if (emulated)
      emulated->seed = seed;
  }

  /// Binds, calls once, and returns the results.
  ::zq::codec::Result<std::vector<::zq::codec::Array>>
  call(ArrayRef<const ::zq::codec::Array *> inputs) const;

private:
  JitFunction();

  std::unique_ptr<LoadedObject> object;
  void (*function)(void **) = nullptr;
  Signature signature;
  bool guardPages = false;
  std::optional<EmulatedGpu> emulated;
};

} // namespace mlir::zq

#endif // ZQ_RUNTIME_JIT_H
