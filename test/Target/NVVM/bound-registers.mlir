// RUN: zq-opt %s -zq-bound-registers=shared-memory=233472 | FileCheck %s --check-prefixes=CHECK,LARGE
// RUN: zq-opt %s -zq-bound-registers=shared-memory=102400 | FileCheck %s --check-prefixes=CHECK,SMALL
// And in PTX, for an SM that has room for two blocks, and for one.
// RUN: zq-opt %s -zq-lower-kernels-to-nvvm=chip=sm_90a | FileCheck %s --check-prefix=NVVM-2
// RUN: zq-opt %s -zq-lower-kernels-to-nvvm=chip=sm_120a | FileCheck %s --check-prefix=NVVM-1
// NVVM-2: llvm.func @by_memory({{.*}}nvvm.minctasm = 2 : i32
// NVVM-1: llvm.func @by_memory({{.*}}nvvm.minctasm = 1 : i32

module attributes {gpu.container_module} {
  func.func @f(%x: !llvm.ptr<1>, %n: i32, %m: index) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %c128 = arith.constant 128 : index
    %c256 = arith.constant 256 : index
    %c512 = arith.constant 512 : index
    %bytes = arith.constant 65536 : i32
    gpu.launch_func @kernels::@small blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@half blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1) args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@half_by_memory blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1) dynamic_shared_memory_size %bytes args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@plain blocks in (%c1, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@full blocks in (%c1, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@used_up blocks in (%c1, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@in_turn blocks in (%c1, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@larger blocks in (%c1, %c1, %c1) threads in (%c512, %c1, %c1) args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@by_memory blocks in (%c1, %c1, %c1) threads in (%c256, %c1, %c1) dynamic_shared_memory_size %bytes args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@unknown blocks in (%c1, %c1, %c1) threads in (%m, %c1, %c1) args(%x : !llvm.ptr<1>)
    gpu.launch_func @kernels::@unknown_memory blocks in (%c1, %c1, %c1) threads in (%c256, %c1, %c1) dynamic_shared_memory_size %n args(%x : !llvm.ptr<1>)
    return
  }
  gpu.module @kernels {
    // CHECK: gpu.func @small(%{{.*}}) kernel {
    gpu.func @small(%x: !llvm.ptr<1>) kernel {
      gpu.return
    }
    // CHECK: gpu.func @half({{.*}}nvvm.minctasm = 1 : i32
    gpu.func @half(%x: !llvm.ptr<1>) kernel {
      gpu.return
    }
    // CHECK: gpu.func @half_by_memory(%{{.*}}) kernel {
    gpu.func @half_by_memory(%x: !llvm.ptr<1>) kernel {
      gpu.return
    }
    // CHECK: gpu.func @plain({{.*}}nvvm.minctasm = 2 : i32
    gpu.func @plain(%x: !llvm.ptr<1>) kernel {
      gpu.return
    }
    // 192 values in registers, and 16 more.
    // CHECK: gpu.func @full({{.*}}nvvm.minctasm = 2 : i32
    gpu.func @full(%x: !llvm.ptr<1>) kernel {
      %a = llvm.load %x : !llvm.ptr<1> -> vector<192xf32>
      %b = llvm.load %x : !llvm.ptr<1> -> vector<32xbf16>
      llvm.store %b, %x : vector<32xbf16>, !llvm.ptr<1>
      llvm.store %a, %x : vector<192xf32>, !llvm.ptr<1>
      gpu.return
    }
    // One more, which a later block reads: one block may have all registers.
    // CHECK: gpu.func @used_up({{.*}}nvvm.minctasm = 1 : i32
    gpu.func @used_up(%x: !llvm.ptr<1>) kernel {
      %c = llvm.load %x : !llvm.ptr<1> -> i8
      %a = llvm.load %x : !llvm.ptr<1> -> vector<192xf32>
      %b = llvm.load %x : !llvm.ptr<1> -> vector<32xbf16>
      llvm.store %b, %x : vector<32xbf16>, !llvm.ptr<1>
      cf.br ^later
    ^later:
      llvm.store %a, %x : vector<192xf32>, !llvm.ptr<1>
      llvm.store %c, %x : i8, !llvm.ptr<1>
      gpu.return
    }
    // As many, but not at one time.
    // CHECK: gpu.func @in_turn({{.*}}nvvm.minctasm = 2 : i32
    gpu.func @in_turn(%x: !llvm.ptr<1>) kernel {
      %a = llvm.load %x : !llvm.ptr<1> -> vector<192xf32>
      llvm.store %a, %x : vector<192xf32>, !llvm.ptr<1>
      %b = llvm.load %x : !llvm.ptr<1> -> vector<192xf32>
      llvm.store %b, %x : vector<192xf32>, !llvm.ptr<1>
      gpu.return
    }
    // CHECK: gpu.func @larger({{.*}}nvvm.minctasm = 1 : i32
    gpu.func @larger(%x: !llvm.ptr<1>) kernel {
      gpu.return
    }
    // LARGE: gpu.func @by_memory({{.*}}nvvm.minctasm = 2 : i32
    // SMALL: gpu.func @by_memory({{.*}}nvvm.minctasm = 1 : i32
    gpu.func @by_memory(%x: !llvm.ptr<1>) kernel {
      gpu.return
    }
    // CHECK: gpu.func @unknown(%{{.*}}) kernel {
    gpu.func @unknown(%x: !llvm.ptr<1>) kernel {
      gpu.return
    }
    // CHECK: gpu.func @unknown_memory(%{{.*}}) kernel {
    gpu.func @unknown_memory(%x: !llvm.ptr<1>) kernel {
      gpu.return
    }
  }
}
