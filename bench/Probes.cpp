//===- Probes.cpp - The machine's own limits, for the benchmarks ----------===//
//
// A shared library that bench/probes.py loads. Every probe runs on `threads`
// threads of the OpenMP runtime that compiled functions use too, and returns
// the seconds from the first thread's start to the last one's end. Which
// instructions a probe uses is found out at run time; one that the CPU lacks
// returns a negative number.
//
//===----------------------------------------------------------------------===//
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <immintrin.h>
#include <sched.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace {

constexpr double unsupported = -1.0;

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

/// Calls `body(thread)` on each of the threads, and returns the seconds.
template <typename Body>
double onThreads(int threads, Body body) {
  if (threads == 1) {
    double begin = now();
    body(0);
    return now() - begin;
  }
  double begin = now();
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int thread = 0; thread < threads; ++thread)
    body(thread);
  return now() - begin;
}

/// Where results go, so that no work is dropped.
std::atomic<uint64_t> sink;

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

// One sequential stream; `ahead` bytes from it a prefetch into the second-level
// cache, unless it is 0. `bytes` is a multiple of 512.

__attribute__((target("avx512f"))) uint64_t readAvx512(const char *data,
                                                       size_t bytes,
                                                       size_t ahead) {
  __m512i sums[8] = {};
  for (const char *end = data + bytes; data != end; data += 512) {
    for (int i = 0; i < 8; ++i) {
      if (ahead)
        _mm_prefetch(data + ahead + 64 * i, _MM_HINT_T1);
      sums[i] = _mm512_xor_si512(
          sums[i], _mm512_load_si512((const void *)(data + 64 * i)));
    }
  }
  for (int i = 1; i < 8; ++i)
    sums[0] = _mm512_xor_si512(sums[0], sums[i]);
  return _mm512_reduce_add_epi64(sums[0]);
}

__attribute__((target("avx2"))) uint64_t readAvx2(const char *data,
                                                  size_t bytes, size_t ahead) {
  __m256i sums[8] = {};
  for (const char *end = data + bytes; data != end; data += 256) {
    for (int i = 0; i < 8; ++i) {
      if (ahead && i % 2 == 0)
        _mm_prefetch(data + ahead + 32 * i, _MM_HINT_T1);
      sums[i] = _mm256_xor_si256(
          sums[i], _mm256_load_si256((const __m256i *)(data + 32 * i)));
    }
  }
  for (int i = 1; i < 8; ++i)
    sums[0] = _mm256_xor_si256(sums[0], sums[i]);
  return _mm256_extract_epi64(sums[0], 0) ^ _mm256_extract_epi64(sums[0], 1);
}

uint64_t readScalar(const char *data, size_t bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes; i += 8)
    sum ^= *(const uint64_t *)(data + i);
  return sum;
}

uint64_t readStream(const char *data, size_t bytes, size_t ahead) {
  if (__builtin_cpu_supports("avx512f"))
    return readAvx512(data, bytes, ahead);
  if (__builtin_cpu_supports("avx2"))
    return readAvx2(data, bytes, ahead);
  return readScalar(data, bytes);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

// Each loop keeps 16 independent sums, enough for two units of latency 4 to 8.
// The empty asm statement makes each sum opaque, so that no work is hoisted.

constexpr int accumulators = 16;

__attribute__((target("avx512f"))) void fmaAvx512(int64_t rounds) {
  __m512 sums[accumulators], a = _mm512_set1_ps(0.5f);
  for (auto &sum : sums)
    sum = _mm512_set1_ps(1.0f);
  while (rounds--) {
    for (auto &sum : sums) {
      sum = _mm512_fmadd_ps(sum, a, a);
      asm volatile("" : "+v"(sum));
    }
  }
  sink += (uint64_t)_mm512_reduce_add_ps(sums[0]);
}

__attribute__((target("avx2,fma"))) void fmaAvx2(int64_t rounds) {
  __m256 sums[accumulators], a = _mm256_set1_ps(0.5f);
  for (auto &sum : sums)
    sum = _mm256_set1_ps(1.0f);
  while (rounds--) {
    for (auto &sum : sums) {
      sum = _mm256_fmadd_ps(sum, a, a);
      asm volatile("" : "+x"(sum));
    }
  }
  sink += (uint64_t)_mm256_cvtss_f32(sums[0]);
}

__attribute__((target("avx512f,avx512bf16"))) void
dotBf16Avx512(int64_t rounds) {
  __m512 sums[accumulators] = {};
  __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5f), _mm512_set1_ps(0.5f));
  while (rounds--) {
    for (auto &sum : sums) {
      sum = _mm512_dpbf16_ps(sum, a, a);
      asm volatile("" : "+v"(sum));
    }
  }
  sink += (uint64_t)_mm512_reduce_add_ps(sums[0]);
}

__attribute__((target("avx512f,avx512vnni"))) void
dotInt8Avx512(int64_t rounds) {
  __m512i sums[accumulators] = {}, a = _mm512_set1_epi8(3);
  while (rounds--) {
    for (auto &sum : sums) {
      sum = _mm512_dpbusd_epi32(sum, a, a);
      asm volatile("" : "+v"(sum));
    }
  }
  sink += _mm512_reduce_add_epi32(sums[0]);
}

__attribute__((target("avxvnni"))) void dotInt8Avx2(int64_t rounds) {
  __m256i sums[accumulators] = {}, a = _mm256_set1_epi8(3);
  while (rounds--) {
    for (auto &sum : sums) {
      sum = _mm256_dpbusd_avx_epi32(sum, a, a);
      asm volatile("" : "+x"(sum));
    }
  }
  sink += _mm256_extract_epi64(sums[0], 0);
}

// Without a dot instruction, int8 products go through pairs of int16.
__attribute__((target("avx2"))) void pairsInt8Avx2(int64_t rounds) {
  __m256i sums[accumulators] = {}, a = _mm256_set1_epi8(3),
          ones = _mm256_set1_epi16(1);
  while (rounds--) {
    for (auto &sum : sums) {
      __m256i pairs = _mm256_maddubs_epi16(a, a);
      asm volatile("" : "+x"(pairs));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
      asm volatile("" : "+x"(sum));
    }
  }
  sink += _mm256_extract_epi64(sums[0], 0);
}

// Matrix tiles: four sums of 16x16, two left and two right operands.
struct TileConfig {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

#define ZQ_TILES(INSTRUCTION)                                                  \
  TileConfig config;                                                           \
  _tile_loadconfig(&config);                                                   \
  _tile_zero(0);                                                               \
  _tile_zero(1);                                                               \
  _tile_zero(2);                                                               \
  _tile_zero(3);                                                               \
  _tile_zero(4);                                                               \
  _tile_zero(5);                                                               \
  _tile_zero(6);                                                               \
  _tile_zero(7);                                                               \
  while (rounds--) {                                                           \
    INSTRUCTION(0, 4, 6);                                                      \
    INSTRUCTION(1, 4, 7);                                                      \
    INSTRUCTION(2, 5, 6);                                                      \
    INSTRUCTION(3, 5, 7);                                                      \
  }                                                                            \
  _tile_release();

__attribute__((target("amx-tile,amx-bf16"))) void tilesBf16(int64_t rounds) {
  ZQ_TILES(_tile_dpbf16ps)
}
__attribute__((target("amx-tile,amx-int8"))) void tilesInt8(int64_t rounds) {
  ZQ_TILES(_tile_dpbusd)
}
#undef ZQ_TILES

/// Asks the kernel for the tile registers.
bool haveTiles(unsigned leafBit) {
  unsigned a, b, c, d;
  asm volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
  constexpr int requestPermission = 0x1023, tileData = 18;
  return (d >> leafBit & 1) && (d >> 24 & 1) &&
         syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

/// A loop of arithmetic, and its operations a round.
struct Peak {
  void (*run)(int64_t) = nullptr;
  double operations = 0;
};

/// The peak of that name in bench/probes.py; none if the CPU lacks it.
Peak findPeak(int kind) {
  bool avx512 = __builtin_cpu_supports("avx512f");
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  switch (kind) {
  case 0: // f32
    if (avx512)
      return {fmaAvx512, 2.0 * 16 * accumulators};
    return avx2 ? Peak{fmaAvx2, 2.0 * 8 * accumulators} : Peak{};
  case 1: // bf16
    if (avx512 && __builtin_cpu_supports("avx512bf16"))
      return {dotBf16Avx512, 2.0 * 32 * accumulators};
    return {};
  case 2: // int8
    if (avx512 && __builtin_cpu_supports("avx512vnni"))
      return {dotInt8Avx512, 2.0 * 64 * accumulators};
    if (avx2 && __builtin_cpu_supports("avxvnni"))
      return {dotInt8Avx2, 2.0 * 32 * accumulators};
    return avx2 ? Peak{pairsInt8Avx2, 2.0 * 32 * accumulators} : Peak{};
  case 3: // bf16 tiles
    return haveTiles(22) ? Peak{tilesBf16, 4 * 2.0 * 16 * 16 * 32} : Peak{};
  case 4: // int8 tiles
    return haveTiles(25) ? Peak{tilesInt8, 4 * 2.0 * 16 * 16 * 64} : Peak{};
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Placement and calls
//===----------------------------------------------------------------------===//

void pinTo(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

template <size_t... Index>
void callWith(void *function, void **arguments, std::index_sequence<Index...>) {
  using Function = void (*)(decltype((void)Index, (void *)nullptr)...);
  reinterpret_cast<Function>(function)(arguments[Index]...);
}

template <size_t Count>
bool callCounted(void *function, void **arguments, int count) {
  if (count == int(Count)) {
    callWith(function, arguments, std::make_index_sequence<Count>());
    return true;
  }
  if constexpr (Count > 1)
    return callCounted<Count - 1>(function, arguments, count);
  return false;
}

constexpr int maxArguments = 32;

} // namespace

extern "C" {

/// Reads `bytes` (a multiple of 512 a thread) at `data`, aligned to 64 bytes,
/// `repeats` times: each thread one contiguous part. Returns seconds.
double zq_probe_read(const char *data, size_t bytes, size_t ahead, int repeats,
                     int threads) {
  size_t part = bytes / threads / 512 * 512;
  return onThreads(threads, [&](int thread) {
    uint64_t sum = 0;
    for (int i = 0; i < repeats; ++i) {
      sum += readStream(data + thread * part, part, ahead);
      asm volatile("" ::: "memory");
    }
    sink += sum;
  });
}

/// Runs the arithmetic loop `kind` for `rounds` on each thread. Returns seconds
/// and, in `operations`, how many they were on all threads together.
double zq_probe_peak(int kind, int64_t rounds, int threads,
                     double *operations) {
  Peak peak = findPeak(kind);
  if (!peak.run)
    return unsupported;
  *operations = peak.operations * rounds * threads;
  return onThreads(threads, [&](int) { peak.run(rounds); });
}

/// Returns the seconds of so many additions, a multiple of 64, each of which
/// needs the one before: a cycle each.
double zq_probe_clock(int64_t additions) {
  // Of a register: a constant may be added without taking a cycle.
  uint64_t sum = additions, by = 3;
  double begin = now();
  for (int64_t i = 0; i < additions; i += 64)
    asm volatile(".rept 64\n add %1, %0\n .endr" : "+r"(sum) : "r"(by));
  return now() - begin;
}

/// Returns the nanoseconds in which a cache line goes from one CPU to the other
/// and back.
double zq_probe_line_round_trip(int cpu, int other, int rounds) {
  if (cpu == other)
    return unsupported;
  alignas(128) std::atomic<int> line{0};
  double seconds = 0;
  std::thread partner([&] {
    pinTo(other);
    for (int i = 0; i < rounds; ++i) {
      while (line.load(std::memory_order_acquire) != 2 * i + 1)
        ;
      line.store(2 * i + 2, std::memory_order_release);
    }
  });
  std::thread self([&] {
    pinTo(cpu);
    double begin = 0;
    for (int i = 0; i < rounds; ++i) {
      if (i == rounds / 10)
        begin = now();
      line.store(2 * i + 1, std::memory_order_release);
      while (line.load(std::memory_order_acquire) != 2 * i + 2)
        ;
    }
    seconds = now() - begin;
  });
  self.join();
  partner.join();
  return seconds / (rounds - rounds / 10) * 1e9;
}

/// Calls `function` with `count` pointers, and returns seconds.
double zq_call(void *function, void **arguments, int count, int repeats) {
  double begin = now();
  for (int i = 0; i < repeats; ++i)
    if (!callCounted<maxArguments>(function, arguments, count))
      return unsupported;
  return now() - begin;
}
}
