// RUN: zq-opt %s -zq-check-nvvm=chip=sm_120a -split-input-file -verify-diagnostics
// RUN: not zq-opt %s -zq-check-nvvm=chip=sm_95 -split-input-file 2>&1 | FileCheck %s

// CHECK: error: unknown chip 'sm_95'; there are sm_80, sm_89, sm_90a, sm_100a, sm_100f, sm_103a, sm_120a, sm_120f, sm_121a

// What the chip has.
gpu.module @good {
  llvm.func @copy(%x: !llvm.ptr<1>, %s: !llvm.ptr<3>, %f: f32) attributes {nvvm.kernel} {
    nvvm.cp.async.shared.global %s, %x, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    nvvm.cp.async.commit.group
    nvvm.cp.async.wait.group 0
    nvvm.barrier
    %e = llvm.call_intrinsic "llvm.nvvm.ex2.approx.f"(%f) : (f32) -> f32
    %g = llvm.intr.exp2(%e) : (f32) -> f32
    llvm.store %g, %x : f32, !llvm.ptr<1>
    llvm.return
  }
}

// -----

gpu.module @wgmma {
  llvm.func @f() attributes {nvvm.kernel} {
    // expected-error @below {{is no instruction of sm_120a, but of sm_90a}}
    nvvm.wgmma.fence.aligned
    llvm.return
  }
}

// -----

gpu.module @form {
  llvm.func @f(%x: f32, %m: i32, %p: !llvm.ptr<1>) attributes {nvvm.kernel} {
    // expected-error @below {{on f32 is no instruction of sm_120a, but of sm_100a, sm_100f, sm_103a}}
    %r = nvvm.redux.sync fmin %x, %m : f32 -> f32
    llvm.store %r, %p : f32, !llvm.ptr<1>
    llvm.return
  }
}

// -----

gpu.module @unknown {
  llvm.func @f(%x: i32) attributes {nvvm.kernel} {
    // expected-error @below {{is not in the table of instructions}}
    nvvm.pmevent id = 1
    // expected-error @below {{is not in the table of instructions}}
    llvm.call_intrinsic "llvm.nvvm.no.such.thing"(%x) : (i32) -> ()
    // expected-error @below {{is text that nobody checks}}
    llvm.inline_asm "nop;", "" : () -> ()
    llvm.return
  }
}

// -----

gpu.module @library {
  llvm.func @__nv_expf(f32) -> f32
  llvm.func @f(%x: f32, %p: !llvm.ptr<1>) attributes {nvvm.kernel} {
    // expected-error @below {{calls '__nv_expf', which is nowhere}}
    %y = llvm.call @__nv_expf(%x) : (f32) -> f32
    // expected-error @below {{needs a library}}
    %z = llvm.intr.sin(%y) : (f32) -> f32
    llvm.store %z, %p : f32, !llvm.ptr<1>
    llvm.return
  }
}

// -----

gpu.module @other {
  llvm.func @f() attributes {nvvm.kernel} {
    // expected-error @below {{is left in a kernel}}
    gpu.barrier
    llvm.return
  }
}

// -----

gpu.module @shared {
  llvm.mlir.global internal @a() {addr_space = 3 : i32} : !llvm.array<40000 x i8>
  llvm.mlir.global internal @b() {addr_space = 3 : i32} : !llvm.array<2500 x f32>
  // One of them is fine.
  llvm.func @one() attributes {nvvm.kernel} {
    %a = llvm.mlir.addressof @a : !llvm.ptr<3>
    llvm.return
  }
  // expected-error @below {{kernel 'both' declares 50000 bytes of shared memory; more than 49152 have to be dynamic}}
  llvm.func @both() attributes {nvvm.kernel} {
    %a = llvm.mlir.addressof @a : !llvm.ptr<3>
    %b = llvm.mlir.addressof @b : !llvm.ptr<3>
    llvm.return
  }
}

// -----

// 101376 bytes are what a block may have, static and dynamic.
module attributes {gpu.container_module} {
gpu.module @kernels {
  llvm.mlir.global internal @a() {addr_space = 3 : i32} : !llvm.array<1376 x i8>
  llvm.func @static() attributes {gpu.kernel, nvvm.kernel} {
    %a = llvm.mlir.addressof @a : !llvm.ptr<3>
    llvm.return
  }
  llvm.func @none() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
func.func @launches(%n: i32) {
  %one = arith.constant 1 : index
  %many = arith.constant 64 : index
  %bytes = arith.constant 100000 : i32
  %more = arith.constant 100001 : i32
  gpu.launch_func @kernels::@static blocks in (%one, %one, %one) threads in (%one, %one, %one) dynamic_shared_memory_size %bytes
  gpu.launch_func @kernels::@none blocks in (%one, %one, %one) threads in (%one, %one, %one) dynamic_shared_memory_size %more
  gpu.launch_func @kernels::@none blocks in (%one, %one, %one) threads in (%one, %one, %one) dynamic_shared_memory_size %n
  // expected-error @below {{has blocks with 101377 bytes of shared memory, and a block of sm_120a may have 101376}}
  gpu.launch_func @kernels::@static blocks in (%one, %one, %one) threads in (%one, %one, %one) dynamic_shared_memory_size %more
  // expected-error @below {{has blocks of 4096 threads, and there may be 1024}}
  gpu.launch_func @kernels::@none blocks in (%one, %one, %one) threads in (%many, %many, %one)
  return
}
}
