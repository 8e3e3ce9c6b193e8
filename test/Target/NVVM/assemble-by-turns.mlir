// Products of every named format are assembled for one of the chips that
// assemble-all-formats.mlir leaves out, so that these take turns; what each
// format becomes on each chip, scripts/night.sh assembles.
// REQUIRES: ptxas, long_tests
// RUN: %python %S/Inputs/assemble_formats.py --zq-compile zq-compile --zq-describe zq-describe --no-limits \
// RUN:   --chips sm_89,sm_100a,sm_100f,sm_103a,sm_121a --turns 1 | FileCheck %s
// CHECK: nvfp4: {{[0-9]+}} kernels, at most {{[0-9]+}} registers, for sm_{{[0-9]+[af]?$}}
// CHECK: 87 formats for sm_89,sm_100a,sm_100f,sm_103a,sm_121a

// A format that does not compile is told.
// RUN: not %python %S/Inputs/assemble_formats.py --zq-compile zq-compile --zq-describe zq-describe --no-limits \
// RUN:   --chips sm_88,sm_89 --turns 1 --format nvfp4 2>&1 | FileCheck %s --check-prefix=WRONG
// WRONG: nvfp4: {{.*}}unknown chip 'sm_88'
