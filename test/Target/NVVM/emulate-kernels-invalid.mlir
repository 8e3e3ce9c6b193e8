// RUN: zq-opt %s -zq-emulate-kernels=chip=sm_80 -split-input-file -verify-diagnostics

gpu.module @kernels {
  llvm.func @unknown() {
    // expected-error@+1 {{the emulator has no semantics for 'nvvm.wgmma.fence.aligned'}}
    nvvm.wgmma.fence.aligned
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @text(%a: i32) {
    // expected-error@+1 {{the emulator has no semantics for 'nvvm.inline_ptx'}}
    nvvm.inline_ptx "bar.sync {$r0};" ro (%a : i32)
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @intrinsic(%a: i32) {
    // expected-error@+1 {{the emulator has no semantics for 'llvm.nvvm.fns'}}
    %0 = llvm.call_intrinsic "llvm.nvvm.fns"(%a, %a, %a) : (i32, i32, i32) -> i32
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @other(%a: i32) {
    // expected-error@+1 {{the emulator has no semantics for 'arith.addi'}}
    %0 = arith.addi %a, %a : i32
    llvm.return
  }
}

// -----

gpu.module @kernels {
  // expected-error@+1 {{the emulator has no function 'kernels___nv_expf': a kernel calls it, and it has no body}}
  llvm.func @__nv_expf(f32) -> f32
  llvm.func @calls(%a: f32) {
    %0 = llvm.call @__nv_expf(%a) : (f32) -> f32
    llvm.return
  }
}

// -----

gpu.module @kernels {
  // expected-error@+1 {{takes kernels in the NVVM form, and not 'gpu.func'}}
  gpu.func @early() kernel {
    gpu.return
  }
}

// -----

// The chip has no such op.
gpu.module @kernels {
  llvm.func @chip(%p: !llvm.ptr<3>, %n: i32) {
    // expected-error@+1 {{chip sm_80 lacks this op, which is of sm_100a}}
    nvvm.tcgen05.alloc %p, %n : !llvm.ptr<3>, i32
    // expected-error@+1 {{chip sm_80 lacks this op, which is of sm_90a}}
    nvvm.mbarrier.expect_tx %p, %n : !llvm.ptr<3>, i32
    llvm.return
  }
}

// -----

module attributes {gpu.container_module} {
func.func @host(%n: index) {
  // expected-error@+1 {{has clusters, which are not emulated}}
  gpu.launch_func @kernels::@empty clusters in (%n, %n, %n) blocks in (%n, %n, %n)
      threads in (%n, %n, %n)
  return
}
gpu.module @kernels {
  llvm.func @empty() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
}

// -----

gpu.module @kernels {
  // expected-error@+1 {{keeps 80000 bytes in local memory; the emulator has 65536}}
  llvm.func @large() {
    %n = llvm.mlir.constant(20000 : i64) : i64
    %0 = llvm.alloca %n x f32 : (i64) -> !llvm.ptr
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @dynamic(%n: i64) {
    // expected-error@+1 {{the emulator has no local memory of unknown size}}
    %0 = llvm.alloca %n x f32 : (i64) -> !llvm.ptr
    llvm.return
  }
}
