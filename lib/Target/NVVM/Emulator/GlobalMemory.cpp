//===- GlobalMemory.cpp - Who touched which byte of global memory ---------===//
#include "GlobalMemory.h"

#include "Machine.h"

using namespace zq::emulator;

void GlobalMemory::reset(uint64_t ctas, bool checks) {
  checksRaces = checks;
  pages.clear();
  lastPage = nullptr;
  hasSynchronized.assign(ctas, false);
}

void GlobalMemory::synchronize(uint64_t cta) { hasSynchronized[cta] = true; }

GlobalMemory::Page &GlobalMemory::getPage(uintptr_t number) {
  if (lastPage && number == lastNumber)
    return *lastPage;
  Page &page = pages[number];
  if (page.empty())
    page.resize(pageBytes);
  lastNumber = number;
  lastPage = &page;
  return page;
}

/// Whether the access comes before what the lane does now.
bool GlobalMemory::isOrdered(Machine &machine, const Lane &lane, uint64_t cta,
                             const Access &earlier) const {
  if (!earlier.cta)
    return true;
  // CTAs run one after the other here, so that all atomics of the one come
  // before those of the other.
  if (earlier.cta != cta + 1)
    return hasSynchronized[cta] && hasSynchronized[earlier.cta - 1];
  if (earlier.thread == lane.thread)
    return true;
  unsigned warp = earlier.thread / warpSize;
  uint32_t seen = machine.getWarp(lane).clock[warp];
  // What another lane of the warp did needs bar.warp.sync or more.
  return warp == lane.getWarp() ? earlier.clock < seen : earlier.clock <= seen;
}

void GlobalMemory::access(Machine &machine, const Lane &lane, uint64_t cta,
                          const void *address, size_t bytes, bool isWrite) {
  if (!checksRaces)
    return;
  Access own{static_cast<uint32_t>(cta + 1),
             machine.getWarp(lane).clock[lane.getWarp()], lane.thread};
  auto check = [&](uintptr_t at, const Access &earlier, const Site *site,
                   const char *verb) {
    if (isOrdered(machine, lane, cta, earlier))
      return;
    bool isOtherCta = earlier.cta != own.cta;
    machine.fail("race: thread %u %s the byte of global memory at %p that "
                 "thread %u%s %s at %s (%s), with nothing between that orders "
                 "them",
                 lane.thread, isWrite ? "writes" : "reads",
                 reinterpret_cast<void *>(at), earlier.thread,
                 isOtherCta ? " of another CTA" : "", verb, site->op,
                 site->where);
  };
  auto begin = reinterpret_cast<uintptr_t>(address);
  for (uintptr_t at = begin; at < begin + bytes; ++at) {
    Byte &byte = getPage(at / pageBytes)[at % pageBytes];
    check(at, byte.write, byte.writeSite, "wrote");
    if (isWrite) {
      check(at, byte.read, byte.readSite, "read");
      byte.write = own;
      byte.writeSite = lane.site;
    } else {
      byte.read = own;
      byte.readSite = lane.site;
    }
  }
}
