//===- Fiber.cpp - Stacks to switch between -------------------------------===//
#include "Fiber.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

using namespace zq::emulator;

#if !defined(__x86_64__)
#error "the emulator's fibers are written for x86-64"
#endif

// The registers that a callee keeps by the System V ABI; ucontext would make a
// system call for each switch.
extern "C" void zqsimSwitchStack(void **save, void *resume);
asm(R"(
.text
.globl zqsimSwitchStack
.type zqsimSwitchStack, @function
zqsimSwitchStack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size zqsimSwitchStack, . - zqsimSwitchStack
)");

void Fiber::prepare(char *stackBegin, char *stackEnd, void (*entry)()) {
  this->stackBegin = stackBegin;
  stackBytes = stackEnd - stackBegin;
  fakeStack = nullptr;
  auto *top = reinterpret_cast<uint64_t *>(stackEnd);
  // As after a call: the return address off a multiple of 16 by 8.
  *--top = 0;
  *--top = reinterpret_cast<uint64_t>(entry);
  for (int i = 0; i < 6; ++i)
    *--top = 0;
  stackPointer = top;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ZQ_HAS_ADDRESS_SANITIZER
#endif
#endif

#ifdef ZQ_HAS_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>

void zq::emulator::switchFiber(Fiber &from, Fiber &to) {
  __sanitizer_start_switch_fiber(&from.fakeStack, to.stackBegin, to.stackBytes);
  zqsimSwitchStack(&from.stackPointer, to.stackPointer);
  __sanitizer_finish_switch_fiber(from.fakeStack, nullptr, nullptr);
}

void zq::emulator::beginFiber(Fiber *from) {
  const void *begin;
  size_t bytes;
  __sanitizer_finish_switch_fiber(nullptr, &begin, &bytes);
  if (from) {
    from->stackBegin = begin;
    from->stackBytes = bytes;
  }
}
#else
void zq::emulator::switchFiber(Fiber &from, Fiber &to) {
  zqsimSwitchStack(&from.stackPointer, to.stackPointer);
}

void zq::emulator::beginFiber(Fiber *) {}
#endif

static size_t getPageBytes() {
  static const size_t bytes = sysconf(_SC_PAGESIZE);
  return bytes;
}

StackPool::~StackPool() {
  for (char *mapping : mappings)
    munmap(mapping, stackBytes + getPageBytes());
}

char *StackPool::getBegin(size_t index) {
  while (mappings.size() <= index) {
    void *mapping =
        mmap(nullptr, stackBytes + getPageBytes(), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) {
      std::perror("no memory for the stack of an emulated lane");
      std::abort();
    }
    mprotect(mapping, getPageBytes(), PROT_NONE);
    mappings.push_back(static_cast<char *>(mapping));
  }
  return mappings[index] + getPageBytes();
}
