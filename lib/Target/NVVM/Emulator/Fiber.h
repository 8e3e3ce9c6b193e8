//===- Fiber.h - Stacks to switch between ---------------------------------===//
#ifndef ZQ_TARGET_NVVM_EMULATOR_FIBER_H
#define ZQ_TARGET_NVVM_EMULATOR_FIBER_H

#include <cstddef>
#include <vector>

namespace zq::emulator {

/// A point at which execution stopped, on a stack of its own. One is left for
/// good by never resuming it: nothing on its stack is destroyed, so that code
/// on fibers owns nothing on the heap.
struct Fiber {
  void *stackPointer = nullptr;
  // For AddressSanitizer, which wants to be told of switches.
  const void *stackBegin = nullptr;
  size_t stackBytes = 0;
  void *fakeStack = nullptr;

  /// Starts `entry` on `stack` (its lowest and one past its highest byte) when
  /// it is resumed first. `entry` must not return.
  void prepare(char *stackBegin, char *stackEnd, void (*entry)());
};

/// Goes on at `to`; comes back when something resumes `from`.
void switchFiber(Fiber &from, Fiber &to);

/// The first thing that the entry of a fiber calls. `from` is the thread's own
/// stack, if the fiber was started from there, else null.
void beginFiber(Fiber *from);

/// Stacks with a page below each that faults when touched.
class StackPool {
public:
  /// Much of it is never touched: kernels are compiled in a hurry, and have a
  /// slot for most values.
  static constexpr size_t stackBytes = size_t(2) << 20;

  ~StackPool();
  /// The lowest usable byte of stack `index`.
  char *getBegin(size_t index);
  char *getEnd(size_t index) { return getBegin(index) + stackBytes; }

private:
  std::vector<char *> mappings;
};

} // namespace zq::emulator

#endif // ZQ_TARGET_NVVM_EMULATOR_FIBER_H
