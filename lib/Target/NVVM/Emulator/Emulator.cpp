//===- Emulator.cpp - GPU kernels on the host, for tests ------------------===//
#include "zq/Target/NVVM/Emulator.h"

#include "Formats.h"
#include "Machine.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace zq::emulator;
using zq::codec::Status;

size_t zq::emulator::getSharedLimit(const std::string &chip) {
  // With the opt-in [guide 16.2; cutlass arch/arch.h].
  static const std::pair<const char *, size_t> limits[] = {
      {"sm_80", 166912},  {"sm_86", 101376},  {"sm_89", 101376},
      {"sm_90", 232448},  {"sm_100", 232448}, {"sm_103", 232448},
      {"sm_120", 101376}, {"sm_121", 101376},
  };
  std::string base = chip;
  if (!base.empty() && (base.back() == 'a' || base.back() == 'f'))
    base.pop_back();
  for (auto [name, bytes] : limits)
    if (base == name)
      return bytes;
  return 0;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Machine::Machine(EmulatorOptions options) : options(std::move(options)) {}

Machine::~Machine() {
  for (auto [address, memory] : allocations)
    std::free(memory);
}

/// Bytes on both sides of an array, so that no access past it lands in another.
static constexpr size_t guardBytes = 4096;
static constexpr size_t alignment = 256;

Emulator::Emulator(EmulatorOptions options)
    : machine(std::make_unique<Machine>(std::move(options))) {}
Emulator::~Emulator() = default;

void *Emulator::allocate(size_t bytes) {
  size_t room =
      (bytes + alignment - 1) / alignment * alignment + 2 * guardBytes;
  auto *memory = static_cast<char *>(std::aligned_alloc(alignment, room));
  if (!memory)
    return nullptr;
  std::memset(memory, 0xff, room);
  char *begin = memory + guardBytes;
  machine->allocations.push_back({begin, memory});
  machine->ranges[begin] = {bytes, guardBytes};
  return begin;
}

bool Emulator::free(void *begin) {
  auto &allocations = machine->allocations;
  for (size_t i = 0; i < allocations.size(); ++i) {
    if (allocations[i].first != begin)
      continue;
    std::free(allocations[i].second);
    allocations.erase(allocations.begin() + i);
    unregisterMemory(begin);
    return true;
  }
  return false;
}

void Emulator::registerMemory(const void *begin, size_t bytes) {
  machine->ranges[static_cast<const char *>(begin)] = {bytes, 0};
}

void Emulator::unregisterMemory(const void *begin) {
  machine->ranges.erase(static_cast<const char *>(begin));
}

const Statistics &Emulator::getStatistics() const {
  return machine->statistics;
}

const EmulatorOptions &Emulator::getOptions() const { return machine->options; }

//===----------------------------------------------------------------------===//
// Launching
//===----------------------------------------------------------------------===//

Status Emulator::launch(const Kernel &kernel, Dim grid, Dim block,
                        size_t dynamicShared, void **arguments) {
  return machine->launch(kernel, grid, block, dynamicShared, arguments);
}

Status Emulator::takeError() {
  return std::exchange(machine->hostError, Status());
}

static thread_local Emulator *active = nullptr;

ActiveEmulator::ActiveEmulator(Emulator &emulator)
    : previous(std::exchange(active, &emulator)) {}
ActiveEmulator::~ActiveEmulator() { active = previous; }

/// Host code has no way to stop: it goes on after a launch that failed, and the
/// launches after it do nothing.
void Emulator::launchFromHost(const Kernel &kernel, Dim grid, Dim block,
                              size_t dynamicShared, void **arguments) {
  if (!machine->hostError)
    return;
  machine->knowsAllMemory = false;
  machine->hostError = launch(kernel, grid, block, dynamicShared, arguments);
  machine->knowsAllMemory = true;
}

bool Emulator::works() const { return bool(machine->hostError); }

void Emulator::encodeFromHost(TensorMap &map, const void *array,
                              const TensorMapShape &shape) {
  if (machine->hostError)
    machine->hostError = encodeTensorMap(map, array, shape);
}

static Emulator &getActive(const char *what, const char *name) {
  if (!active) {
    std::fprintf(stderr, "%s %s without an emulator\n", name, what);
    std::abort();
  }
  return *active;
}

/// What nvgpu.tma.create.descriptor becomes.
static void encodeActive(TensorMap *map, const void *array,
                         const zq::TensorMapShape *shape) {
  getActive("is made", "a tensor map").encodeFromHost(*map, array, *shape);
}

/// What gpu.launch_func becomes.
static void launchActive(const Kernel *kernel, int64_t gridX, int64_t gridY,
                         int64_t gridZ, int64_t blockX, int64_t blockY,
                         int64_t blockZ, int64_t dynamicShared,
                         void **arguments) {
  Emulator &emulator = getActive("is launched", kernel->name);
  // Host code may find that there is nothing to do; the driver refuses that.
  if (gridX == 0 || gridY == 0 || gridZ == 0)
    return;
  auto clamp = [](int64_t extent) {
    return extent < 0 || extent > 0x7fffffff ? 0u : unsigned(extent);
  };
  emulator.launchFromHost(*kernel, {clamp(gridX), clamp(gridY), clamp(gridZ)},
                          {clamp(blockX), clamp(blockY), clamp(blockZ)},
                          dynamicShared, arguments);
}

/// What loops of the host ask that wait for what kernels write.
static bool isActiveWorking() {
  return getActive("is waited for", "a kernel").works();
}

static void *allocateActive(size_t bytes) {
  return active ? active->allocate(bytes) : std::malloc(bytes);
}

static void *allocateZerosActive(size_t count, size_t size) {
  size_t bytes;
  if (!active || __builtin_mul_overflow(count, size, &bytes))
    return std::calloc(count, size);
  void *memory = active->allocate(bytes);
  return memory ? std::memset(memory, 0, bytes) : nullptr;
}

static void freeActive(void *memory) {
  if (memory && (!active || !active->free(memory)))
    std::free(memory);
}

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

#define ZQSIM(name)                                                            \
  extern "C" void zqsim_##name(const Site *, const uint64_t *, void *);
#include "Ops.def"

// Conversions of f16 that compiled code calls on hosts without instructions for
// them; a process need not have those of the compiler's library.
static _Float16 truncateToHalf(double value) {
  uint16_t bits = encode(F16, value);
  _Float16 half;
  std::memcpy(&half, &bits, 2);
  return half;
}
static _Float16 truncateFloat(float value) { return truncateToHalf(value); }
static float extendHalf(_Float16 half) {
  uint16_t bits;
  std::memcpy(&bits, &half, 2);
  return decode(F16, bits);
}

const std::vector<Symbol> &zq::emulator::getRuntimeSymbols() {
  static const std::vector<Symbol> symbols = {
#define ZQSIM(name) {"zqsim_" #name, reinterpret_cast<void *>(zqsim_##name)},
#include "Ops.def"
      {"zqsim_launch", reinterpret_cast<void *>(launchActive)},
      {"zqsim_works", reinterpret_cast<void *>(isActiveWorking)},
      {"zqsim_tensor_map", reinterpret_cast<void *>(encodeActive)},
      {"__truncsfhf2", reinterpret_cast<void *>(truncateFloat)},
      {"__truncdfhf2", reinterpret_cast<void *>(truncateToHalf)},
      {"__extendhfsf2", reinterpret_cast<void *>(extendHalf)},
  };
  return symbols;
}

const std::vector<Symbol> &zq::emulator::getRuntimeAndMemorySymbols() {
  static const std::vector<Symbol> symbols = [] {
    std::vector<Symbol> symbols = getRuntimeSymbols();
    symbols.push_back({"malloc", reinterpret_cast<void *>(allocateActive)});
    symbols.push_back(
        {"calloc", reinterpret_cast<void *>(allocateZerosActive)});
    symbols.push_back({"free", reinterpret_cast<void *>(freeActive)});
    return symbols;
  }();
  return symbols;
}
