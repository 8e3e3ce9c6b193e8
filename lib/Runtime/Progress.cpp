//===- Progress.cpp - A progress bar for work that takes long -------------===//
#include "zq/Runtime/Progress.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

using namespace zq::runtime;

/// Often enough to look alive, seldom enough to cost nothing.
static constexpr std::chrono::milliseconds drawInterval(100);

/// The bar and the text beside it fit a terminal of 80 columns.
static constexpr int barWidth = 30;
static constexpr size_t maxNameWidth = 30;

Progress::Progress(std::string what, int64_t total, int descriptor,
                   std::chrono::milliseconds delay)
    : what(std::move(what)), total(total), descriptor(descriptor),
      terminal(::isatty(descriptor) == 1), start(Clock::now()),
      nextDraw(start + delay) {
  if (this->what.size() > maxNameWidth)
    this->what.resize(maxNameWidth);
}

Progress::~Progress() {
  if (!drawn)
    return;
  draw(Clock::now());
  if (::write(descriptor, "\n", 1) != 1)
    return;
}

void Progress::advance(int64_t amount) {
  done += amount;
  if (!terminal)
    return;
  Clock::time_point now = Clock::now();
  if (now < nextDraw)
    return;
  draw(now);
  nextDraw = now + drawInterval;
}

void Progress::draw(Clock::time_point now) {
  double seconds = std::chrono::duration<double>(now - start).count();
  char tail[64];
  std::string line = "\r" + what + " ";
  if (total > 0) {
    double fraction = std::clamp(double(done) / double(total), 0.0, 1.0);
    int filled = static_cast<int>(fraction * barWidth);
    line += "[" + std::string(filled, '#') +
            std::string(barWidth - filled, '.') + "]";
    double left = fraction > 0 ? seconds / fraction - seconds : 0;
    std::snprintf(tail, sizeof(tail), " %3.0f %%, %.0f s left", 100 * fraction,
                  left);
  } else {
    std::snprintf(tail, sizeof(tail), "%lld, %.0f s",
                  static_cast<long long>(done), seconds);
  }
  line += tail;
  // Clears what a longer line left behind.
  line += "\x1b[K";
  // A bar that cannot be drawn is no reason to stop the work.
  drawn = ::write(descriptor, line.data(), line.size()) > 0 || drawn;
}
