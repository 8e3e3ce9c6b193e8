// Products of every named format, of few rows and of many, are assembled for
// three generations; the first codecs for all chips. Nothing is spilled but what
// is said here, all of kernels for many rows: one address that ptxas saves at the
// limit that two blocks leave it (four of `q6_k`, and of rotated activations of
// f32 on sm_100a and sm_103a), or at 255 registers where a thread decodes 320 or 256 weights at
// a time (`ternary`, `tq1_0`).
// REQUIRES: ptxas, long_tests
// DEFINE: %{assemble} = %python %S/Inputs/assemble_formats.py --zq-compile zq-compile --zq-describe zq-describe
// DEFINE: %{few} = --spills bitmap_8_16:8 --spills ternary:8 --spills tq1_0:8 --spills q3_k:8 --spills q6_k:32
// RUN: %{assemble} --chips sm_80,sm_90a,sm_120a %{few} | FileCheck %s
// CHECK: 87 formats for sm_80,sm_90a,sm_120a
// RUN: %{assemble} --chips sm_89,sm_100a,sm_103a,sm_121a --format nvfp4 --format int4_h128 --format bf16_huff \
// RUN:   --format bf16_window3 --format bf16_register_rans --format int4_rans --format mxfp4 --format int4_g128 --spills int4_h128:32

// The check finds what is wrong.
// RUN: not %{assemble} --chips sm_90a --format ternary 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: ternary: sm_90a: multiply_70_kernel: {{[0-9]+}} bytes spilled
