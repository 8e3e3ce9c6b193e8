// RUN: zq-opt %s -zq-bare-kernel-arguments -zq-copy-tables -split-input-file | FileCheck %s

// Entries that the data chooses, in a loop, lie in the block's memory: 64 threads
// copy 512 bytes by 16, of which they have 32.
// CHECK-LABEL: gpu.func @lookup
// CHECK-SAME: %[[TABLE:[a-z0-9]+]]: !llvm.ptr<1> {llvm.align = 16 : i64, llvm.noalias, llvm.readonly}
// CHECK-SAME: workgroup(%[[COPY:.*]] : memref<256xi16, #gpu.address_space<workgroup>>)
// CHECK: %[[THREAD:.*]] = gpu.thread_id  x
// CHECK: %[[OWN:.*]] = arith.index_cast %[[THREAD]] : index to i32
// CHECK: %[[IS_PIECE:.*]] = arith.cmpi slt, %[[OWN]], %c32_i32
// CHECK: scf.if %[[IS_PIECE]]
// CHECK: %[[PIECE:.*]] = llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
// CHECK: llvm.store %[[PIECE]], %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK: memref.load %[[COPY]][%{{.*}}] : memref<256xi16, #gpu.address_space<workgroup>>
module attributes {gpu.container_module} {
  func.func @f(%table: memref<256xi16>, %codes: memref<?xi8>, %y: memref<64xi16>) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    gpu.launch_func @kernels::@lookup blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1)
        args(%table : memref<256xi16>, %codes : memref<?xi8>, %y : memref<64xi16>)
    return
  }
  gpu.module @kernels {
    gpu.func @lookup(%table: memref<256xi16>, %codes: memref<?xi8>, %y: memref<64xi16>) kernel {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c9 = arith.constant 9 : index
      %none = arith.constant 0 : i16
      %t = gpu.thread_id x
      %sum = scf.for %i = %c0 to %c9 step %c1 iter_args(%s = %none) -> i16 {
        %code = memref.load %codes[%i] : memref<?xi8>
        %slot = arith.index_castui %code : i8 to index
        %entry = memref.load %table[%slot] : memref<256xi16>
        %next = arith.addi %s, %entry : i16
        scf.yield %next : i16
      }
      memref.store %sum, %y[%t] : memref<64xi16>
      gpu.return
    }
  }
}

// -----

// Not what a kernel writes to, what is looked up once or at places that all
// lanes know, nor what is too much for so few threads or for the SM.
// CHECK-LABEL: gpu.func @others
// CHECK-NOT: #gpu.address_space<workgroup>
// CHECK-NOT: gpu.barrier
module attributes {gpu.container_module} {
  func.func @f(%codes: memref<?xi8>, %written: memref<256xi16>, %large: memref<8192xi16>, %known: memref<256xi16>,
               %once: memref<256xi16>, %y: memref<64xi16>) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    gpu.launch_func @kernels::@others blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1)
        args(%codes : memref<?xi8>, %written : memref<256xi16>, %large : memref<8192xi16>, %known : memref<256xi16>,
             %once : memref<256xi16>, %y : memref<64xi16>)
    return
  }
  gpu.module @kernels {
    gpu.func @others(%codes: memref<?xi8>, %written: memref<256xi16>, %large: memref<8192xi16>, %known: memref<256xi16>,
                     %once: memref<256xi16>, %y: memref<64xi16>) kernel {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c9 = arith.constant 9 : index
      %t = gpu.thread_id x
      %first = memref.load %codes[%t] : memref<?xi8>
      %at = arith.index_castui %first : i8 to index
      %begin = memref.load %once[%at] : memref<256xi16>
      %sum = scf.for %i = %c0 to %c9 step %c1 iter_args(%s = %begin) -> i16 {
        %code = memref.load %codes[%i] : memref<?xi8>
        %slot = arith.index_castui %code : i8 to index
        %a = memref.load %written[%slot] : memref<256xi16>
        %b = memref.load %large[%slot] : memref<8192xi16>
        %c = memref.load %known[%i] : memref<256xi16>
        %ab = arith.addi %a, %b : i16
        %abc = arith.addi %ab, %c : i16
        memref.store %abc, %written[%i] : memref<256xi16>
        %next = arith.addi %s, %abc : i16
        scf.yield %next : i16
      }
      memref.store %sum, %y[%t] : memref<64xi16>
      gpu.return
    }
  }
}

// -----

// Nor where fewer blocks would fit an SM of some chip than keep it busy: of 8 KB
// there are eleven on the smallest, where eight are to be; there are nine with
// 2 KB more, and six with another 4 KB.
// CHECK-LABEL: gpu.func @beside
// CHECK-SAME: workgroup(%{{.*}} : memref<2048xf32, #gpu.address_space<workgroup>>, %[[COPY:.*]] : memref<1024xi16, #gpu.address_space<workgroup>>)
// CHECK: memref.load %[[COPY]]
// CHECK: memref.load %{{.*}} : memref<2048xi16>
module attributes {gpu.container_module} {
  func.func @f(%codes: memref<?xi8>, %small: memref<1024xi16>, %large: memref<2048xi16>, %y: memref<64xi16>) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    gpu.launch_func @kernels::@beside blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1)
        args(%codes : memref<?xi8>, %small : memref<1024xi16>, %large : memref<2048xi16>, %y : memref<64xi16>)
    return
  }
  gpu.module @kernels {
    gpu.func @beside(%codes: memref<?xi8>, %small: memref<1024xi16>, %large: memref<2048xi16>, %y: memref<64xi16>)
        workgroup(%own : memref<2048xf32, #gpu.address_space<workgroup>>) kernel {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c9 = arith.constant 9 : index
      %none = arith.constant 0 : i16
      %t = gpu.thread_id x
      %sum = scf.for %i = %c0 to %c9 step %c1 iter_args(%s = %none) -> i16 {
        %code = memref.load %codes[%i] : memref<?xi8>
        %slot = arith.index_castui %code : i8 to index
        %a = memref.load %small[%slot] : memref<1024xi16>
        %b = memref.load %large[%slot] : memref<2048xi16>
        %ab = arith.addi %a, %b : i16
        %next = arith.addi %s, %ab : i16
        scf.yield %next : i16
      }
      memref.store %sum, %y[%t] : memref<64xi16>
      gpu.return
    }
  }
}

// -----

// Elements narrower than a byte take one: 256 bytes of i1 are 16 pieces.
// CHECK-LABEL: gpu.func @narrow
// CHECK-SAME: workgroup(%[[COPY:.*]] : memref<256xi1, #gpu.address_space<workgroup>>)
// CHECK: arith.cmpi slt, %{{.*}}, %c16_i32
// CHECK: memref.load %[[COPY]]
module attributes {gpu.container_module} {
  func.func @f(%mask: memref<256xi1>, %ids: memref<4xindex>, %codes: memref<?xi8>, %y: memref<64xi1>) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    gpu.launch_func @kernels::@narrow blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1)
        args(%mask : memref<256xi1>, %ids : memref<4xindex>, %codes : memref<?xi8>, %y : memref<64xi1>)
    return
  }
  gpu.module @kernels {
    gpu.func @narrow(%mask: memref<256xi1>, %ids: memref<4xindex>, %codes: memref<?xi8>, %y: memref<64xi1>) kernel {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %none = arith.constant false
      %t = gpu.thread_id x
      %end = memref.load %ids[%c0] : memref<4xindex>
      %sum = scf.for %i = %c0 to %end step %c1 iter_args(%s = %none) -> i1 {
        %code = memref.load %codes[%i] : memref<?xi8>
        %slot = arith.index_castui %code : i8 to index
        %bit = memref.load %mask[%slot] : memref<256xi1>
        %next = arith.ori %s, %bit : i1
        scf.yield %next : i1
      }
      memref.store %sum, %y[%t] : memref<64xi1>
      gpu.return
    }
  }
}

// -----

// Kernels with dynamic shared memory hold so much in registers that one more
// address is one too many.
// CHECK-LABEL: gpu.func @dynamic
// CHECK-NOT: #gpu.address_space<workgroup>
// CHECK-NOT: gpu.barrier
module attributes {gpu.container_module} {
  func.func @f(%table: memref<256xi16>, %codes: memref<?xi8>, %y: memref<64xi16>) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %bytes = arith.constant 1024 : i32
    gpu.launch_func @kernels::@dynamic blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1)
        dynamic_shared_memory_size %bytes
        args(%table : memref<256xi16>, %codes : memref<?xi8>, %y : memref<64xi16>)
    return
  }
  gpu.module @kernels {
    gpu.func @dynamic(%table: memref<256xi16>, %codes: memref<?xi8>, %y: memref<64xi16>) kernel {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c9 = arith.constant 9 : index
      %none = arith.constant 0 : i16
      %t = gpu.thread_id x
      %sum = scf.for %i = %c0 to %c9 step %c1 iter_args(%s = %none) -> i16 {
        %code = memref.load %codes[%i] : memref<?xi8>
        %slot = arith.index_castui %code : i8 to index
        %entry = memref.load %table[%slot] : memref<256xi16>
        %next = arith.addi %s, %entry : i16
        scf.yield %next : i16
      }
      memref.store %sum, %y[%t] : memref<64xi16>
      gpu.return
    }
  }
}
