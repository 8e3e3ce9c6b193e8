//===- Busy.cpp - A sign of life during one long call ---------------------===//
#include "zq/Runtime/Busy.h"

#include <chrono>
#include <cstdio>
#include <unistd.h>

using namespace zq::runtime;

Busy::Busy(std::string text) : what(std::move(text)) {
  if (::isatty(STDERR_FILENO) == 1)
    thread = std::thread([this] { show(); });
}

Busy::~Busy() {
  if (!thread.joinable())
    return;
  {
    std::lock_guard<std::mutex> lock(mutex);
    isOver = true;
  }
  ended.notify_one();
  thread.join();
}

void Busy::show() {
  std::unique_lock<std::mutex> lock(mutex);
  auto over = [this] { return isOver; };
  if (ended.wait_for(lock, std::chrono::seconds(2), over))
    return;
  int seconds = 2;
  do
    std::fprintf(stderr, "\r%s ... %d s\x1b[K", what.c_str(), seconds++);
  while (!ended.wait_for(lock, std::chrono::seconds(1), over));
  std::fprintf(stderr, "\r\x1b[K");
}
