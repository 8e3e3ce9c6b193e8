//===- CompiledKernels.h - Kernels from text, to run in the emulator ------===//
#ifndef ZQ_UNITTESTS_NVVM_COMPILEDKERNELS_H
#define ZQ_UNITTESTS_NVVM_COMPILEDKERNELS_H

#include "zq/Runtime/Codegen.h"
#include "zq/Target/NVVM/Emulator.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::zq::test {

/// A text with some of it replaced, which must be there.
std::string replaceOnce(std::string text, const std::string &from,
                        const std::string &to);
std::string replaceAll(std::string text, const std::string &from,
                       const std::string &to);

/// The file `name` of test/Target/NVVM/emulator.
std::string readKernel(const std::string &name);

/// Kernels of a module in text: `gpu.func`s of arith, scf, llvm and nvvm ops,
/// or the NVVM form itself.
class CompiledKernels {
public:
  static ::zq::codec::Result<CompiledKernels> compile(const std::string &text,
                                                      const std::string &chip);

  /// The kernel `name` of the gpu.module `kernels`.
  const ::zq::emulator::Kernel &get(const std::string &name) const;
  /// A function of the host by its C interface.
  void *getFunction(const std::string &name) const;

private:
  std::unique_ptr<LoadedObject> object;
};

/// Arguments of a launch.
class Arguments {
public:
  template <typename... T>
  explicit Arguments(T... values) {
    (add(values), ...);
  }
  void **get();

private:
  template <typename T>
  void add(T value) {
    storage.emplace_back();
    __builtin_memcpy(storage.back().data(), &value, sizeof(T));
  }
  std::vector<std::array<char, 8>> storage;
  std::vector<void *> addresses;
};

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_NVVM_COMPILEDKERNELS_H
