/* Calls @linear, compiled by zq-compile, with streams of ones: codes 0x22 are
 * 1.0 twice, a scale of 1.0 is 0x38 in E4M3. With an argument it says what the
 * CPU lacks first. */
#include "linear.h"

#include <stdio.h>
#include <string.h>

static float x[4 * 256], scale[1], result[4 * 48];
static uint8_t scale1[48 * 16], codes[48 * 128];

int main(int argc, char **argv) {
  (void)argv;
  for (int i = 0; i < 4 * 256; ++i)
    x[i] = (float)(i / 256);
  scale[0] = 0.5f;
  memset(scale1, 0x38, sizeof(scale1));
  memset(codes, 0x22, sizeof(codes));
  zq_memref_2d mx = zq_dense_2d(x, 4, 256), ms = zq_dense_2d(scale, 1, 1),
               ms1 = zq_dense_2d(scale1, 48, 16),
               mc = zq_dense_2d(codes, 48, 128),
               mr = zq_dense_2d(result, 4, 48);
  if (argc > 1)
    printf("missing: %s\n", zq_missing_linear() ? zq_missing_linear() : "");
  fflush(stdout);
  _mlir_ciface_linear(&mx, &ms, &ms1, &mc, &mr);
  for (int i = 0; i < 4; ++i)
    printf("%g %g\n", result[i * 48], result[i * 48 + 47]);
  return 0;
}
