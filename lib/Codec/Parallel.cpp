//===- Parallel.cpp - Work on one tensor by several threads ---------------===//

#include "zq/Codec/Parallel.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

using namespace zq::codec;

static std::atomic<int> wantedThreads{0};
static thread_local bool isSerial = false;

void zq::codec::setNumThreads(int count) {
  assert(count >= 0 && "a negative number of threads");
  wantedThreads = count;
}

int zq::codec::numThreads() {
  int wanted = wantedThreads;
  return wanted ? wanted
                : std::max(1, int(std::thread::hardware_concurrency()));
}

SerialScope::SerialScope() : outer(isSerial) { isSerial = true; }
SerialScope::~SerialScope() { isSerial = outer; }

void zq::codec::parallelFor(int64_t count, int64_t grain,
                            const std::function<void(int64_t, int64_t)> &body) {
  assert(grain >= 1 && "pieces have a size");
  const int64_t pieces = count / grain + (count % grain != 0);
  if (pieces <= 1) {
    if (count > 0)
      body(0, count);
    return;
  }
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  auto work = [&] {
    // Pieces within pieces stay where they are.
    SerialScope serial;
    try {
      for (int64_t piece = next++; piece < pieces; piece = next++)
        body(piece * grain, std::min(count, (piece + 1) * grain));
    } catch (...) {
      next = pieces;
      std::lock_guard<std::mutex> lock(mutex);
      failure = std::current_exception();
    }
  };

  std::vector<std::thread> helpers;
  auto start = [&] {
    try {
      helpers.emplace_back(work);
      return true;
    } catch (const std::system_error &) {
      // The system has no more threads to give; those that there are do it.
      return false;
    }
  };
  const int64_t wanted = isSerial ? 1 : std::min<int64_t>(pieces, numThreads());
  for (int64_t i = 1; i < wanted && start();)
    ++i;
  work();
  for (std::thread &helper : helpers)
    helper.join();
  if (failure)
    std::rethrow_exception(failure);
}

Status
zq::codec::parallelCheck(int64_t count, int64_t grain,
                         const std::function<Status(int64_t, int64_t)> &body) {
  std::mutex mutex;
  int64_t firstFailed = count;
  Status result;
  parallelFor(count, grain, [&](int64_t begin, int64_t end) {
    Status status = body(begin, end);
    if (status)
      return;
    std::lock_guard<std::mutex> lock(mutex);
    if (begin < firstFailed) {
      firstFailed = begin;
      result = std::move(status);
    }
  });
  return result;
}
