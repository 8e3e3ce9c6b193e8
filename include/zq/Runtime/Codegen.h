//===- Codegen.h - From the LLVM dialect to machine code ------------------===//
#ifndef ZQ_RUNTIME_CODEGEN_H
#define ZQ_RUNTIME_CODEGEN_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "zq/Codec/Result.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace mlir::zq {

/// An x86-64 machine. `cpu` is a name that LLVM knows, or "host" for this
/// machine's with exactly the features it has. `features` are further ones, as
/// LLVM writes them ("+avx2,+fma").
::zq::codec::Result<std::unique_ptr<llvm::TargetMachine>>
createX86Machine(const std::string &cpu, const std::string &features = "");

/// The same for AArch64. Where LLVM knows that the vectors of a CPU's SVE have
/// more than 128 bits, code is made for that length and no other.
::zq::codec::Result<std::unique_ptr<llvm::TargetMachine>>
createAArch64Machine(const std::string &cpu, const std::string &features = "");

/// The features that `machine` has, as `getTarget` takes them: "+avx,+avx2,..."
/// or "aarch64,+neon,...".
std::string getFeatures(const llvm::TargetMachine &machine);

/// Those of `features` ("+avx,+avx2") that the machine this runs on lacks, in
/// the same form; empty where it has all of them. The architecture's name where
/// it is another one.
std::string getMissingFeatures(llvm::StringRef features);

/// What the C interface of a function is called: this, and the function's name.
constexpr llvm::StringLiteral cInterfacePrefix = "_mlir_ciface_";

/// Runs `pm` on `module` and verifies what comes out. Verifying after each
/// pass, too, takes a third of the time; it is how tests find the pass at
/// fault.
LogicalResult runPasses(PassManager &pm, ModuleOp module,
                        bool verifyEach = false);

/// The forms that machine code is written in.
enum class CodeForm { LLVMIR, Assembly, Object };

/// Translates `module`, which is in the LLVM dialect, optimises it as much as
/// `machine` is to, and writes it to `os`. Emits an error where that fails. For
/// each of `packed`, functions of pointers only, there is a further function
/// `zq_packed_NAME` that takes one pointer to an array of these pointers. The C
/// interfaces of the functions `checked` refuse a CPU that lacks what `machine`
/// has (see `addCpuChecks`).
LogicalResult emitCode(ModuleOp module, llvm::TargetMachine &machine,
                       CodeForm form, llvm::raw_pwrite_stream &os,
                       llvm::ArrayRef<std::string> packed = {},
                       llvm::ArrayRef<std::string> checked = {});

/// An object file that was loaded into this process. It may call `symbols`,
/// what the process has, and OpenMP's runtime.
class LoadedObject {
public:
  static ::zq::codec::Result<std::unique_ptr<LoadedObject>>
  load(std::unique_ptr<llvm::MemoryBuffer> object,
       llvm::ArrayRef<std::pair<const char *, void *>> symbols = {});
  ~LoadedObject();

  /// The address of the symbol `name`.
  ::zq::codec::Result<void *> lookup(llvm::StringRef name);

  /// The address of the function `zq_packed_NAME`.
  ::zq::codec::Result<void (*)(void **)> lookupPacked(llvm::StringRef name);

private:
  LoadedObject();

  std::unique_ptr<llvm::orc::LLJIT> jit;
};

/// How many threads a parallel loop of compiled code runs on.
int getNumThreads();

/// Whether OpenMP's runtime can be expected to start as many as it is asked
/// for: it ends the process where it cannot.
::zq::codec::Status checkNumThreads();

} // namespace mlir::zq

#endif // ZQ_RUNTIME_CODEGEN_H
