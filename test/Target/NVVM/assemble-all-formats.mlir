// Products of every named format, of few rows and of many, are assembled for
// three generations; the first codecs for all chips. Nothing is spilled but what
// is said here: a register or two that ptxas saves at the limit that two blocks
// leave it.
// REQUIRES: ptxas, long_tests
// DEFINE: %{assemble} = %python %S/Inputs/assemble_formats.py --zq-compile zq-compile --zq-describe zq-describe
// DEFINE: %{few} = --spills int4_h128:8 --spills nf4:8 --spills bipolar4:8 --spills ternary:8 --spills bitmap_8_16:8 --spills turboquant_mse2:8 --spills turboquant_mse4:8 --spills turboquant_mse4_h:8 --spills turboquant_prod3:8 --spills ecf8:8 --spills q4_1:16 --spills q4_k:16 --spills tq1_0:16 --spills tq2_0:16
// RUN: %{assemble} --chips sm_80,sm_90a,sm_120a %{few} | FileCheck %s
// CHECK: 87 formats for sm_80,sm_90a,sm_120a
// RUN: %{assemble} --chips sm_89,sm_100a,sm_103a,sm_121a --format nvfp4 --format int4_h128 --format bf16_huff \
// RUN:   --format bf16_window3 --format bf16_register_rans --format int4_rans --format mxfp4 --format int4_g128 --spills int4_h128:32

// The check finds what is wrong.
// RUN: not %{assemble} --chips sm_90a --format q4_1 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: q4_1: sm_90a: multiply_3_kernel: {{[0-9]+}} bytes spilled
