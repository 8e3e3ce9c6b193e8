// RUN: zq-opt %s -zq-emulate-kernels -split-input-file | FileCheck %s
// RUN: zq-opt %s -zq-emulate-kernels=check-accesses=false -split-input-file | FileCheck %s --check-prefix=UNCHECKED

// The host calls the launcher with the kernel's description, the extents, and
// the addresses of the arguments, which lie where no loop makes more of them.
module attributes {gpu.container_module} {
// CHECK-LABEL: func.func @host(
// CHECK-SAME: %[[OUT:.*]]: !llvm.ptr<1>, %[[N:.*]]: index)
// CHECK: %[[ARRAY:.*]] = llvm.alloca {{.*}} x !llvm.array<2 x ptr>
// CHECK: scf.for
// CHECK: %[[KERNEL:.*]] = llvm.mlir.addressof @zqsim_kernel_kernels_lanes : !llvm.ptr
// CHECK: %[[GRID:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK: llvm.call @zqsim_launch(%[[KERNEL]], %[[GRID]], {{.*}}, %[[ARRAY]])
func.func @host(%out: !llvm.ptr<1>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %bytes = arith.constant 1024 : i32
  scf.for %i = %c0 to %n step %c1 {
    gpu.launch_func @kernels::@lanes blocks in (%n, %c1, %c1)
        threads in (%c32, %c1, %c1) dynamic_shared_memory_size %bytes
        args(%out : !llvm.ptr<1>, %i : index)
  }
  return
}

// A loop that waits for what kernels write ends where one of them is wrong.
// CHECK-LABEL: func.func @until(
// CHECK: %[[WORKS:.*]] = llvm.call @zqsim_works() : () -> i1
// CHECK: %[[GOES:.*]] = arith.andi %{{.*}}, %[[WORKS]]
// CHECK: scf.condition(%[[GOES]])
func.func @until(%x: i1) {
  scf.while : () -> () {
    scf.condition(%x)
  } do {
    scf.yield
  }
  return
}

// CHECK-NOT: gpu.module
gpu.module @kernels {
  llvm.mlir.global internal @words() {addr_space = 3 : i32} : !llvm.array<20 x i8>
  llvm.mlir.global internal @more() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<32 x i8>
  llvm.mlir.global external @dynamic() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
  llvm.mlir.global internal constant @table(dense<[1, 2]> : tensor<2xi32>) : !llvm.array<2 x i32>

  // CHECK-LABEL: llvm.func internal @kernels_lanes(
  // CHECK-SAME: %[[PTR:.*]]: !llvm.ptr<1>, %{{.*}}: i64)
  // CHECK-NOT: nvvm
  // LLVM is to say where the code takes more of a lane's stack.
  // CHECK-SAME: passthrough = {{\[\[}}"warn-stack-size", "1835008"]]
  // CHECK: %[[RESULTS:.*]] = llvm.alloca
  // CHECK: %[[OPERANDS:.*]] = llvm.alloca
  llvm.func @lanes(%out: !llvm.ptr<1> {llvm.noalias, llvm.readonly}, %i: i64)
      attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 32, 1, 1>} {
    // CHECK: llvm.call @zqsim_sreg_laneid(%{{.*}}, %[[OPERANDS]], %[[RESULTS]])
    // CHECK: %[[LANE:.*]] = llvm.load %[[RESULTS]] {{.*}} -> i32
    %t = nvvm.read.ptx.sreg.laneid : i32
    // Shared memory lies where the runtime says.
    // CHECK: llvm.call @zqsim_shared_address(
    %more = llvm.mlir.addressof @more : !llvm.ptr<3>
    // CHECK: llvm.call @zqsim_shared_address(
    %dynamic = llvm.mlir.addressof @dynamic : !llvm.ptr<3>
    // CHECK: llvm.mlir.addressof @kernels_table
    %table = llvm.mlir.addressof @table : !llvm.ptr
    // Operands lie in slots of 8 bytes.
    // CHECK: llvm.store %[[LANE]], %[[OPERANDS]]
    // CHECK: %[[SLOT:.*]] = llvm.getelementptr %[[OPERANDS]][1]
    // CHECK: llvm.store %{{.*}}, %[[SLOT]] {alignment = 8 : i64} : i8, !llvm.ptr
    // CHECK: llvm.call @zqsim_vote_sync(
    // CHECK: %[[BYTE:.*]] = llvm.load %[[RESULTS]] {{.*}} -> i8
    // CHECK: llvm.trunc %[[BYTE]] : i8 to i1
    %yes = llvm.mlir.constant(true) : i1
    %vote = nvvm.vote.sync any %t, %yes -> i1
    // CHECK: llvm.call @zqsim_access(
    // CHECK-NEXT: llvm.load %[[TABLE:.*]] : !llvm.ptr -> i32
    // UNCHECKED-NOT: zqsim_access
    %one = llvm.load %table : !llvm.ptr -> i32
    // CHECK: llvm.call @zqsim_access(
    // CHECK-NEXT: llvm.store %{{.*}}, %[[PTR]]
    llvm.store %one, %out : i32, !llvm.ptr<1>
    llvm.store %t, %more : i32, !llvm.ptr<3>
    llvm.store %t, %dynamic : i32, !llvm.ptr<3>
    llvm.return
  }
}

// Constants of the kernel may be read; the dynamic part of shared memory starts
// after the others, at its alignment.
// CHECK: llvm.func internal @zqsim_entry_kernels_lanes(%[[ARGS:.*]]: !llvm.ptr)
// CHECK: llvm.call @kernels_lanes(
// CHECK: llvm.mlir.global internal constant @zqsim_constants_kernels_lanes
// CHECK: llvm.mlir.global external constant @zqsim_kernel_kernels_lanes()
// CHECK: llvm.mlir.addressof @zqsim_entry_kernels_lanes
// CHECK: llvm.mlir.constant(1024 : i64) : i64
// CHECK: dense<[32, 1, 1]>
}

// -----

// Arithmetic of bf16 rounds as on a GPU, and fused operations once.
module {
gpu.module @kernels {
  // CHECK-LABEL: llvm.func internal @kernels_half(
  llvm.func @half(%a: vector<2xbf16>, %b: f32, %c: vector<2xf16>) -> vector<2xbf16> {
    // CHECK: llvm.fmul {{.*}} : vector<2xf32>
    // CHECK: llvm.fcmp "uno"
    // CHECK: llvm.trunc {{.*}} : vector<2xi32> to vector<2xi16>
    %p = llvm.fmul %a, %a : vector<2xbf16>
    // CHECK: llvm.call @zqsim_fma_half(
    %f = llvm.intr.fma(%p, %a, %a) : (vector<2xbf16>, vector<2xbf16>, vector<2xbf16>) -> vector<2xbf16>
    // CHECK-NOT: llvm.fptrunc
    // CHECK: llvm.trunc {{.*}} : i32 to i16
    %t = llvm.fptrunc %b : f32 to bf16
    %i = llvm.mlir.constant(0 : i32) : i32
    %r = llvm.insertelement %t, %f[%i : i32] : vector<2xbf16>
    llvm.return %r : vector<2xbf16>
  }

  // Intrinsics without an op are told apart by their names.
  // CHECK-LABEL: llvm.func internal @kernels_intrinsics(
  llvm.func @intrinsics(%w: i32, %f: f32) -> f32 {
    // CHECK: llvm.call @zqsim_mma_sync(
    %d = llvm.call_intrinsic "llvm.nvvm.mma.m16n8k32.row.col.f32.e4m3.e4m3.f32"(%w, %w, %w, %w, %w, %w, %f, %f, %f, %f)
        : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    // CHECK: llvm.call @zqsim_ex2_approx(
    %e = llvm.call_intrinsic "llvm.nvvm.ex2.approx.f32"(%f) : (f32) -> f32
    llvm.return %e : f32
  }
}
}
