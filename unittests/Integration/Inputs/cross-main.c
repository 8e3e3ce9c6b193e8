// Calls functions of compiled code, of a table that is linked in, for a CPU that
// is emulated: `prog INPUTS OUTPUTS`. INPUTS has 64-bit words: for each function
// the number of its arrays, and for each array whether it is a result, its rank,
// its bytes, its shape, and what it holds if it is no result. OUTPUTS gets the
// bytes of all results. Each array ends at a page that cannot be read.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef void (*function)(void **);
extern const function functions[];
extern const size_t numFunctions;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t readWord(FILE *file) {
  uint64_t word;
  if (fread(&word, sizeof word, 1, file) != 1)
    fail("inputs");
  return word;
}

static char *allocate(size_t size) {
  size_t page = sysconf(_SC_PAGESIZE);
  size_t readable = (size + page - 1) / page * page;
  char *begin = mmap(NULL, readable + page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED || mprotect(begin + readable, page, PROT_NONE))
    fail("memory");
  return begin + readable - size;
}

int main(int argc, char **argv) {
  FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;
  FILE *out = argc == 3 ? fopen(argv[2], "wb") : NULL;
  if (!in || !out)
    fail("usage: INPUTS OUTPUTS");
  for (size_t i = 0; i < numFunctions; ++i) {
    enum { maxArrays = 128, maxRank = 8 };
    static int64_t descriptors[maxArrays][3 + 2 * maxRank];
    static void *arguments[maxArrays];
    static uint64_t isResult[maxArrays], bytes[maxArrays];
    uint64_t count = readWord(in);
    if (count > maxArrays)
      fail("too many arrays");
    for (uint64_t j = 0; j < count; ++j) {
      isResult[j] = readWord(in);
      uint64_t rank = readWord(in);
      bytes[j] = readWord(in);
      if (rank > maxRank)
        fail("too many dimensions");
      int64_t *descriptor = descriptors[j];
      char *data = allocate(bytes[j]);
      descriptor[0] = descriptor[1] = (intptr_t)data;
      descriptor[2] = 0;
      for (uint64_t d = 0; d < rank; ++d)
        descriptor[3 + d] = readWord(in);
      int64_t stride = 1;
      for (uint64_t d = rank; d-- > 0; stride *= descriptor[3 + d])
        descriptor[3 + rank + d] = stride;
      if (!isResult[j] && bytes[j] && fread(data, bytes[j], 1, in) != 1)
        fail("inputs");
      arguments[j] = descriptor;
    }
    functions[i](arguments);
    for (uint64_t j = 0; j < count; ++j)
      if (isResult[j] && bytes[j] &&
          fwrite((void *)descriptors[j][1], bytes[j], 1, out) != 1)
        fail("outputs");
  }
  return fclose(out) ? 1 : 0;
}
