//===- GlobalMemory.h - Who touched which byte of global memory -----------===//
//
// Each byte remembers the last write and the last read of a launch. Nothing
// orders the CTAs of a launch but their atomics, and in a CTA accesses are
// ordered as those of shared memory are. What is remembered is less than there:
// one read of each byte. So a race may be missed, and none is made up.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_GLOBALMEMORY_H
#define ZQ_TARGET_NVVM_EMULATOR_GLOBALMEMORY_H

#include "Site.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace zq::emulator {

class Machine;
struct Lane;

class GlobalMemory {
public:
  /// A launch of `ctas` CTAs begins.
  void reset(uint64_t ctas, bool checksRaces);
  /// A plain access by the lane, of its CTA.
  void access(Machine &machine, const Lane &lane, uint64_t cta,
              const void *address, size_t bytes, bool isWrite);
  /// An atomic access, which may be how CTAs wait for one another.
  void synchronize(uint64_t cta);

private:
  /// A CTA's number and one more; 0: none.
  struct Access {
    uint32_t cta = 0, clock = 0;
    uint32_t thread = 0;
  };
  struct Byte {
    Access write, read;
    const Site *writeSite = nullptr, *readSite = nullptr;
  };
  static constexpr size_t pageBytes = 1024;
  using Page = std::vector<Byte>;

  Page &getPage(uintptr_t number);
  bool isOrdered(Machine &machine, const Lane &lane, uint64_t cta,
                 const Access &earlier) const;

  bool checksRaces = true;
  std::unordered_map<uintptr_t, Page> pages;
  /// The page that was used last.
  uintptr_t lastNumber = 0;
  Page *lastPage = nullptr;
  /// Whether a CTA accessed anything by an atomic.
  std::vector<bool> hasSynchronized;
};

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_GLOBALMEMORY_H
