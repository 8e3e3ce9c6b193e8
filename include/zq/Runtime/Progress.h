//===- Progress.h - A progress bar for work that takes long ---------------===//
#ifndef ZQ_RUNTIME_PROGRESS_H
#define ZQ_RUNTIME_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <string>

namespace zq::runtime {

/// Draws one line with a bar while work goes on. Prints nothing unless the
/// descriptor is a terminal and the work has lasted longer than `delay`, so
/// that short work and logs stay clean. For use by one thread.
class Progress {
public:
  /// `what` names the work; `total` is its amount in any unit, 0 or less when
  /// it is not known.
  Progress(std::string what, int64_t total, int descriptor = 2,
           std::chrono::milliseconds delay = std::chrono::seconds(2));
  /// Ends the line if one was begun.
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// Says that `amount` more is done, and redraws if the last drawing is old.
  void advance(int64_t amount = 1);

private:
  using Clock = std::chrono::steady_clock;

  void draw(Clock::time_point now);

  std::string what;
  int64_t total;
  int64_t done = 0;
  int descriptor;
  bool terminal;
  bool drawn = false;
  Clock::time_point start;
  Clock::time_point nextDraw;
};

} // namespace zq::runtime

#endif // ZQ_RUNTIME_PROGRESS_H
