// A driver without a GPU: memory is the host's, kernels do nothing but tell on
// stderr how they were launched, and in the end on how many arrays, and after
// how many launches on others one came again. FAKE_CUDA_FAIL names a function
// that fails, FAKE_CUDA_MAJOR the GPU's generation.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fails(const char *function) {
  const char *which = getenv("FAKE_CUDA_FAIL");
  return which && strcmp(which, function) == 0;
}

#define FAIL_IF_ASKED                                                          \
  if (fails(__func__))                                                         \
  return 700

static char *image;

int cuInit(unsigned flags) { return fails(__func__) ? 100 : 0; }
int cuGetErrorString(int error, const char **text) {
  *text = error == 700 ? "an illegal memory access was encountered"
                       : "no CUDA-capable device is detected";
  return 0;
}
int cuDriverGetVersion(int *version) { return *version = 13000, 0; }
int cuDeviceGetCount(int *count) { return *count = fails(__func__) ? 0 : 1, 0; }
int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, 0; }
int cuDeviceGetName(char *name, int length, int device) {
  return snprintf(name, length, "Fake GPU"), 0;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  switch (attribute) {
  case 38:
    *value = 1 << 20;
    return 0;
  case 75:
    *value = getenv("FAKE_CUDA_MAJOR") ? atoi(getenv("FAKE_CUDA_MAJOR")) : 9;
    return 0;
  case 76:
    *value = 0;
    return 0;
  case 97:
    *value = 232448;
    return 0;
  }
  return 1;
}
int cuDevicePrimaryCtxRetain(void **context, int device) {
  return *context = &image, 0;
}
// The first arguments of launches since there is a clock, and when each was the
// last launch's.
static int isTimed;
static void *arrays[4096];
static int lastLaunch[4096], numArrays, numLaunches, leastGap = 1 << 30;

static void noteArray(void *array) {
  int i = 0;
  while (i < numArrays && arrays[i] != array)
    ++i;
  int gap = numLaunches - lastLaunch[i];
  if (i == numArrays)
    arrays[numArrays++] = array;
  else if (gap < leastGap)
    leastGap = gap;
  lastLaunch[i] = numLaunches++;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
  return fprintf(stderr,
                 "released after %d launches on %d arrays, each %d or "
                 "more apart\n",
                 numLaunches, numArrays, leastGap),
         0;
}
int cuCtxSetCurrent(void *context) { return context == &image ? 0 : 1; }
int cuCtxSynchronize(void) {
  FAIL_IF_ASKED;
  return 0;
}
int cuMemAlloc_v2(unsigned long long *memory, size_t bytes) {
  FAIL_IF_ASKED;
  *memory = (unsigned long long)aligned_alloc(256, bytes);
  // What is only copied to time it is never looked at.
  if (bytes <= 1 << 20)
    memset((void *)*memory, 0, bytes);
  return 0;
}
int cuMemFree_v2(unsigned long long memory) { return free((void *)memory), 0; }
int cuMemcpyHtoD_v2(unsigned long long to, const void *from, size_t bytes) {
  return memcpy((void *)to, from, bytes), 0;
}
int cuMemcpyDtoH_v2(void *to, unsigned long long from, size_t bytes) {
  return memcpy(to, (void *)from, bytes), 0;
}
int cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from,
                         size_t bytes, void *stream) {
  if (bytes <= 1 << 20)
    memcpy((void *)to, (void *)from, bytes);
  return 0;
}
int cuModuleLoadDataEx(void **module, const void *data, unsigned count,
                       int *options, void **values) {
  if (fails(__func__)) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == 5)
        strcpy(values[i], "ptxas error: Unsupported .version");
    return 222;
  }
  image = strdup(data);
  *module = image;
  return 0;
}
int cuModuleUnload(void *module) { return module == image ? 0 : 1; }
int cuModuleGetFunction(void **function, void *module, const char *name) {
  char entry[256];
  snprintf(entry, sizeof(entry), ".entry %s(", name);
  if (!strstr(module, entry))
    return 500;
  *function = strdup(name);
  return 0;
}
int cuFuncSetAttribute(void *function, int attribute, int value) {
  return fprintf(stderr, "attribute %d of %s is %d\n", attribute,
                 (char *)function, value),
         0;
}
int cuTensorMapEncodeTiled(void *map, int type, unsigned rank, void *array,
                           const unsigned long long *sizes,
                           const unsigned long long *strides,
                           const unsigned *box, const unsigned *steps,
                           int interleave, int swizzle, int promotion,
                           int fill) {
  FAIL_IF_ASKED;
  if ((unsigned long long)map % 64 || (unsigned long long)array % 16 ||
      interleave || fill || steps[0] != 1 || steps[1] != 1)
    return 1;
  memset(map, 0, 128);
  return fprintf(stderr,
                 "tensor map of type %d, rank %u: %llux%llu by %llu, box "
                 "%ux%u, swizzle %d\n",
                 type, rank, sizes[0], sizes[1], strides[0], box[0], box[1],
                 swizzle),
         0;
}
int cuLaunchKernel(void *function, unsigned gridX, unsigned gridY,
                   unsigned gridZ, unsigned blockX, unsigned blockY,
                   unsigned blockZ, unsigned shared, void *stream,
                   void **arguments, void **extra) {
  FAIL_IF_ASKED;
  if (isTimed)
    noteArray(*(void **)arguments[0]);
  static int told;
  if (!told++)
    fprintf(stderr, "launch %s %ux%ux%u of %ux%ux%u with %u\n",
            (char *)function, gridX, gridY, gridZ, blockX, blockY, blockZ,
            shared);
  return 0;
}
int cuEventCreate(void **event, unsigned flags) {
  return *event = malloc(1), 0;
}
int cuEventDestroy_v2(void *event) { return free(event), 0; }
int cuEventRecord(void *event, void *stream) { return isTimed = 1, 0; }
int cuEventSynchronize(void *event) { return 0; }
int cuEventElapsedTime(float *milliseconds, void *begin, void *end) {
  return *milliseconds = 2, 0;
}
