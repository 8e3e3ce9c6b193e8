// Products of every named format, of few rows and of many, are assembled for
// every chip. Nothing is spilled but what is said here, all of kernels for many
// rows on sm_90a or the family of sm_100a: one to four addresses that ptxas saves
// at the limit that two blocks leave it, most of them for the planes of rotated
// activations (`int4_h128`, `turboquant_...`), or at 255 registers where a thread
// decodes 320 or 256 weights at a time (`ternary`, `tq1_0`).
// REQUIRES: ptxas, long_tests
// DEFINE: %{assemble} = %python %S/Inputs/assemble_formats.py --zq-compile zq-compile --zq-describe zq-describe
// DEFINE: %{few} = --spills ternary:8:sm_90a --spills ternary:16:sm_100a,sm_100f,sm_103a --spills tq1_0:8:sm_90a --spills q3_k:8:sm_90a,sm_100a,sm_100f,sm_103a --spills q6_k:32:sm_90a --spills int4_h128:32:sm_100a,sm_100f,sm_103a --spills turboquant_mse2:16:sm_100a,sm_100f,sm_103a --spills turboquant_mse3:16:sm_100a,sm_100f,sm_103a --spills turboquant_mse4:16:sm_100a,sm_100f,sm_103a --spills turboquant_prod3:16:sm_100a,sm_100f,sm_103a --spills turboquant_mse4_h:8:sm_100a,sm_100f,sm_103a
// RUN: %{assemble} %{few} | FileCheck %s
// CHECK: 87 formats for sm_80,sm_89,sm_90a,sm_100a,sm_100f,sm_103a,sm_120a,sm_120f,sm_121a
// Some of them as bf16 too, which is rounded to or multiplied as it is.
// RUN: %{assemble} --element bf16 --format nvfp4 --format int4_g128 | FileCheck %s --check-prefix=BF16
// BF16: 2 formats
// Activations that are rotated for bf16 weights lie in local memory, a block of
// 512 f32 of each thread.
// RUN: %{assemble} --element bf16 --format int4_h128 --stack int4_h128:2096 | FileCheck %s --check-prefix=ROTATED
// ROTATED: 1 formats

// The check finds what is wrong.
// RUN: not %{assemble} --chips sm_90a --format ternary 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: ternary: sm_90a: multiply_70_kernel: {{[0-9]+}} bytes spilled
// RUN: not %{assemble} --chips sm_88,sm_89 --format nvfp4 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: nvfp4: {{.*}}unknown chip 'sm_88'
