//===- Lanes.h - Ops of the emulator, called from C++ as from a kernel ----===//
#ifndef ZQ_UNITTESTS_NVVM_LANES_H
#define ZQ_UNITTESTS_NVVM_LANES_H

#include "Site.h"
#include "zq/Target/NVVM/Emulator.h"

#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#define ZQSIM(name)                                                            \
  extern "C" void zqsim_##name(const ::zq::emulator::Site *, const uint64_t *, \
                               void *);
#include "Ops.def"

namespace mlir::zq::test {

using OpFunction = void (*)(const ::zq::emulator::Site *, const uint64_t *,
                            void *);

/// One op of a program: all lanes name the same object. Where it may fail, a
/// program owns nothing on the heap, since its stack is abandoned.
class Op {
public:
  Op(OpFunction function, std::initializer_list<int32_t> attributes = {},
     const char *name = "op")
      : function(function), site{name, "test", {}} {
    std::copy(attributes.begin(), attributes.end(), site.attributes);
  }

  /// Executes it on the lane that runs, with operands of up to 8 bytes each.
  template <typename Result = uint32_t, typename... T>
  Result operator()(T... operands) const {
    uint64_t slots[sizeof...(T) + 1] = {};
    [[maybe_unused]] uint64_t *slot = slots;
    (std::memcpy(slot++, &operands, sizeof(T)), ...);
    Result result{};
    function(&site, slots, &result);
    return result;
  }
  /// The same, with words of any number as operands and results.
  std::vector<uint32_t> words(const std::vector<uint64_t> &operands,
                              unsigned numResults) const {
    std::vector<uint32_t> results(numResults + 1);
    function(&site, operands.data(), results.data());
    results.resize(numResults);
    return results;
  }

private:
  OpFunction function;
  ::zq::emulator::Site site;
};

/// Runs `program(thread)` on each thread of one CTA, with shared memory whose
/// address `getShared` tells; the error, or nothing.
std::string runThreads(unsigned threads,
                       const std::function<void(unsigned)> &program,
                       uint64_t seed = 0, const std::string &chip = "sm_100a",
                       size_t sharedBytes = 65536);

/// The address of a byte of shared memory, in a program.
char *getShared(size_t offset);

/// A stand-in for the load or store of host code.
template <typename T>
T loadShared(size_t offset) {
  static const Op access(zqsim_access, {sizeof(T), sizeof(T), 4}, "load");
  access(getShared(offset));
  T value;
  std::memcpy(&value, getShared(offset), sizeof(T));
  return value;
}
template <typename T>
void storeShared(size_t offset, T value) {
  static const Op access(zqsim_access, {sizeof(T), sizeof(T), 5}, "store");
  access(getShared(offset));
  std::memcpy(getShared(offset), &value, sizeof(T));
}

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_NVVM_LANES_H
