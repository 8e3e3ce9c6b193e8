//===- Busy.h - A sign of life during one long call -----------------------===//
#ifndef ZQ_RUNTIME_BUSY_H
#define ZQ_RUNTIME_BUSY_H

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace zq::runtime {

/// Shows what is being done, and for how long by now, while it exists: for work
/// in one call, whose share done nobody knows (where that is known, see
/// `Progress`). Prints nothing unless stderr is a terminal and two seconds have
/// passed, and takes its line away in the end.
class Busy {
public:
  explicit Busy(std::string what);
  ~Busy();
  Busy(const Busy &) = delete;
  Busy &operator=(const Busy &) = delete;

private:
  void show();

  std::string what;
  std::mutex mutex;
  std::condition_variable ended;
  bool isOver = false;
  std::thread thread;
};

} // namespace zq::runtime

#endif // ZQ_RUNTIME_BUSY_H
