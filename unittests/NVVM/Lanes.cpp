//===- Lanes.cpp - Ops of the emulator, called from C++ as from a kernel --===//
#include "Lanes.h"

using namespace mlir::zq::test;
using namespace zq::emulator;

std::string mlir::zq::test::runThreads(
    unsigned threads, const std::function<void(unsigned)> &program,
    uint64_t seed, const std::string &chip, size_t sharedBytes) {
  EmulatorOptions options;
  options.seed = seed;
  options.chip = chip;
  Emulator emulator(options);
  Kernel kernel{};
  kernel.name = "program";
  kernel.entry = [](void **arguments) {
    static const Op tid(zqsim_sreg_tid_x);
    (*static_cast<const std::function<void(unsigned)> *>(arguments[0]))(tid());
  };
  void *arguments[] = {const_cast<std::function<void(unsigned)> *>(&program)};
  auto status = emulator.launch(kernel, {1}, {threads}, sharedBytes, arguments);
  return status ? "" : status.message();
}

char *mlir::zq::test::getShared(size_t offset) {
  static const Op address(zqsim_shared_address);
  return address.operator()<char *>() + offset;
}
