//===- Steps.cpp - Counts the instructions that a function executes -------===//
//
// A copy of the process calls the function and is stepped through it, an
// instruction at a time. bench/bounds.py says what it does with the counts.
//
//===----------------------------------------------------------------------===//
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <link.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" double zq_call(void *function, void **arguments, int count,
                          int repeats);

namespace {

struct CodeSearch {
  uintptr_t inside;
  uintptr_t begin, bias;
  size_t bytes;
};

int findCode(dl_phdr_info *object, size_t, void *data) {
  auto &search = *static_cast<CodeSearch *>(data);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto &part = object->dlpi_phdr[i];
    uintptr_t begin = object->dlpi_addr + part.p_vaddr;
    if (part.p_type != PT_LOAD || !(part.p_flags & PF_X) ||
        search.inside < begin || search.inside >= begin + part.p_memsz)
      continue;
    search.begin = begin;
    search.bias = object->dlpi_addr;
    search.bytes = part.p_memsz;
    return 1;
  }
  return 0;
}

/// The exit status of a child that may not be traced.
constexpr int notTraced = 2;

bool waitForChild(pid_t child, int &status) {
  pid_t found;
  do
    found = waitpid(child, &status, 0);
  while (found < 0 && errno == EINTR);
  return found == child;
}

} // namespace

extern "C" {

/// The code of the shared object that holds `function`: returns its size in
/// bytes (0: none does), in `begin` where it lies, and in `address` what the
/// object's file calls that place.
size_t zq_find_code(const void *function, uintptr_t *begin,
                    uintptr_t *address) {
  CodeSearch search{reinterpret_cast<uintptr_t>(function), 0, 0, 0};
  if (!dl_iterate_phdr(findCode, &search))
    return 0;
  *begin = search.begin;
  *address = search.begin - search.bias;
  return search.bytes;
}

/// Calls `function` as zq_call does, in a copy of this process. counts[i] says
/// how often the instruction at begin + i, of `bytes`, was executed. Returns 0,
/// -1 if the system does not let a process be traced, -2 if the call failed.
int zq_count_steps(void *function, void **arguments, int count, uintptr_t begin,
                   size_t bytes, uint32_t *counts) {
  pid_t child = fork();
  if (child < 0)
    return -1;
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
      _exit(notTraced);
    raise(SIGSTOP);
    _exit(zq_call(function, arguments, count, 1) < 0);
  }
  int status;
  bool isFirst = true;
  while (waitForChild(child, status) && WIFSTOPPED(status)) {
    if (isFirst)
      ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL);
    isFirst = false;
    int signal = WSTOPSIG(status);
    if (signal == SIGTRAP || signal == SIGSTOP) {
      auto at = static_cast<uintptr_t>(
          ptrace(PTRACE_PEEKUSER, child, offsetof(user_regs_struct, rip), 0));
      if (at - begin < bytes)
        ++counts[at - begin];
      signal = 0;
    }
    ptrace(PTRACE_SINGLESTEP, child, nullptr, signal);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) == 1)
    return -2;
  return WEXITSTATUS(status) == notTraced ? -1 : 0;
}
}
