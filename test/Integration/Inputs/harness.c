// Calls kernels on damaged streams, under AddressSanitizer: harness COUNT.
// sanitize.py writes streams.h, the streams of a weight as its encoder made
// them.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Stream {
  const unsigned char *contents;
  int64_t size;
  int64_t elementBytes;
  int64_t rank;
  int64_t shape[2];
  // Whether the size is known at run time only.
  int isDynamic;
};

#include "streams.h"

// The descriptor of a memref of up to two dimensions: pointers, offset, sizes,
// strides.
struct Descriptor {
  void *allocated, *aligned;
  int64_t rest[5];
};

static struct Descriptor describe(void *bytes, int64_t rank,
                                  const int64_t *shape) {
  struct Descriptor descriptor = {bytes, bytes, {0}};
  for (int64_t i = 0; i < rank; ++i) {
    descriptor.rest[1 + i] = shape[i];
    descriptor.rest[1 + rank + i] = i + 1 < rank ? shape[i + 1] : 1;
  }
  return descriptor;
}

// The generator of the damage, xorshift64*.
static uint64_t state = 88172645463325252u;
static uint64_t next(uint64_t bound) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (state * 2685821657736338717u >> 33) % bound;
}

static void fill(unsigned char *bytes, int64_t size) {
  int64_t begin = next(size), end = begin + 1 + next(size - begin);
  int kind = next(3);
  for (int64_t i = begin; i < end; ++i)
    bytes[i] = kind == 0 ? next(256) : kind == 1 ? 0xff : 0x7f;
}

// Damages a stream, which may get shorter: a new allocation of exactly its
// size.
static unsigned char *damage(unsigned char *bytes, int64_t *size,
                             int isDynamic) {
  switch (next(isDynamic ? 4 : 3)) {
  case 0:
    break;
  case 1:
    for (int64_t flips = 1 + next(8); flips > 0 && *size; --flips)
      bytes[next(*size)] ^= 1 << next(8);
    break;
  case 2:
    if (*size)
      fill(bytes, *size);
    break;
  case 3: {
    // Loading a file refuses streams of fewer than eight bytes.
    int64_t shorter = 8 + next(*size - 7);
    unsigned char *copy = malloc(shorter);
    memcpy(copy, bytes, shorter);
    free(bytes);
    *size = shorter;
    return copy;
  }
  }
  return bytes;
}

int main(int argc, char **argv) {
  int64_t count = argc > 1 ? atoll(argv[1]) : 1, calls = 0;
  for (int64_t round = 0; round < count; ++round) {
    unsigned char *bytes[NUM_STREAMS];
    struct Descriptor descriptors[NUM_STREAMS];
    void *inputs[NUM_STREAMS];
    for (int i = 0; i < NUM_STREAMS; ++i) {
      const struct Stream *stream = &streams[i];
      int64_t size = stream->size;
      bytes[i] = malloc(size);
      memcpy(bytes[i], stream->contents, size);
      // The first round is on the streams as they are.
      if (round)
        bytes[i] = damage(bytes[i], &size, stream->isDynamic);
      int64_t shape[2] = {stream->shape[0], stream->shape[1]};
      if (stream->isDynamic)
        shape[0] = size / stream->elementBytes;
      descriptors[i] = describe(bytes[i], stream->rank, shape);
      inputs[i] = &descriptors[i];
    }

    void *whole = malloc(ROWS * COLUMNS * ELEMENT_BYTES);
    void *part = malloc(3 * 90 * ELEMENT_BYTES);
    float *x = malloc(COLUMNS * sizeof(float));
    float *y = malloc(ROWS * sizeof(float));
    for (int i = 0; i < COLUMNS; ++i)
      x[i] = i % 7 - 3;
    int64_t wholeShape[2] = {ROWS, COLUMNS}, partShape[2] = {3, 90};
    int64_t xShape[1] = {COLUMNS}, yShape[1] = {ROWS};
    struct Descriptor wholeDescriptor = describe(whole, 2, wholeShape);
    struct Descriptor partDescriptor = describe(part, 2, partShape);
    struct Descriptor xDescriptor = describe(x, 1, xShape);
    struct Descriptor yDescriptor = describe(y, 1, yShape);
    _mlir_ciface_decode(STREAM_ARGUMENTS, &wholeDescriptor);
    _mlir_ciface_window(STREAM_ARGUMENTS, &partDescriptor);
    _mlir_ciface_matvec(STREAM_ARGUMENTS, &xDescriptor, &yDescriptor);
    calls += 3;

    free(whole);
    free(part);
    free(x);
    free(y);
    for (int i = 0; i < NUM_STREAMS; ++i)
      free(bytes[i]);
  }
  printf("%lld calls, nothing read or written outside\n", (long long)calls);
  return 0;
}
