// RUN: zq-opt %s -pass-pipeline='builtin.module(gpu.module(zq-lower-kernel-ops))' -split-input-file -verify-diagnostics | FileCheck %s

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @sum(
  // CHECK-COUNT-5: gpu.shuffle xor
  // CHECK-NOT: gpu.shuffle
  // CHECK: gpu.return
  gpu.func @sum(%x: memref<32xf32>) kernel {
    %t = gpu.thread_id x
    %v = memref.load %x[%t] : memref<32xf32>
    %s = gpu.subgroup_reduce add %v : (f32) -> f32
    memref.store %s, %x[%t] : memref<32xf32>
    gpu.return
  }

  // What may be out of bounds is masked.
  // CHECK-LABEL: gpu.func @transfers(
  // CHECK: vector.load %{{.*}} : memref<?xf32>, vector<4xf32>
  // CHECK: vector.maskedload
  // CHECK-NOT: vector.transfer
  gpu.func @transfers(%x: memref<?xf32>, %y: memref<?xf32>) kernel {
    %zero = arith.constant 0.0 : f32
    %t = gpu.thread_id x
    %a = vector.transfer_read %x[%t], %zero {in_bounds = [true]} : memref<?xf32>, vector<4xf32>
    %b = vector.transfer_read %x[%t], %zero : memref<?xf32>, vector<4xf32>
    %c = arith.addf %a, %b : vector<4xf32>
    vector.transfer_write %c, %y[%t] : vector<4xf32>, memref<?xf32>
    gpu.return
  }

  // No vector goes to local memory for an index.
  // CHECK-LABEL: gpu.func @element(
  // CHECK-SAME: %{{.*}}: memref<32xf32>, %[[AT:.*]]: index
  // CHECK: %[[LOW:.*]] = arith.andi %[[AT]], %c1
  // CHECK: %[[IS_ODD:.*]] = arith.cmpi ne, %[[LOW]], %c0
  // CHECK: %[[A:.*]] = arith.select %[[IS_ODD]], %{{.*}}, %{{.*}} : f32
  // CHECK: %[[IS_LAST:.*]] = arith.cmpi ne
  // CHECK: arith.select %[[IS_LAST]], %{{.*}}, %[[A]] : f32
  // CHECK: gpu.return
  gpu.func @element(%x: memref<32xf32>, %at: index) kernel {
    %t = gpu.thread_id x
    %v = vector.load %x[%t] : memref<32xf32>, vector<3xf32>
    %e = vector.extract %v[%at] : f32 from vector<3xf32>
    memref.store %e, %x[%t] : memref<32xf32>
    gpu.return
  }

  // Polynomials, correctly rounded roots, and one that there is an instruction
  // for.
  // CHECK-LABEL: gpu.func @math(
  // CHECK-NOT: math.{{exp |tanh|log10|rsqrt|sin}}
  // CHECK: math.exp2
  // CHECK-NOT: math.{{exp |tanh|log10|rsqrt|sin}}
  // CHECK: math.sqrt
  // CHECK: arith.divf
  // CHECK: gpu.return
  gpu.func @math(%x: memref<32xf32>) kernel {
    %t = gpu.thread_id x
    %0 = memref.load %x[%t] : memref<32xf32>
    %1 = math.exp %0 : f32
    %2 = math.tanh %1 : f32
    %3 = math.exp2 %2 : f32
    %4 = math.log10 %3 : f32
    %5 = math.sin %4 : f32
    %6 = math.rsqrt %5 : f32
    memref.store %6, %x[%t] : memref<32xf32>
    gpu.return
  }

  // bf16 is the instruction's business, not integers'.
  // CHECK-LABEL: gpu.func @bf16(
  // CHECK: arith.truncf %{{.*}} : vector<2xf32> to vector<2xbf16>
  gpu.func @bf16(%x: memref<32xf32>, %y: memref<32xbf16>) kernel {
    %t = gpu.thread_id x
    %0 = vector.load %x[%t] : memref<32xf32>, vector<2xf32>
    %1 = arith.truncf %0 : vector<2xf32> to vector<2xbf16>
    vector.store %1, %y[%t] : memref<32xbf16>, vector<2xbf16>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @f64(%x: memref<32xf64>) kernel {
    %t = gpu.thread_id x
    %0 = memref.load %x[%t] : memref<32xf64>
    // expected-error @below {{on 'f64' is no function that GPUs compute without a library}}
    %1 = math.exp %0 : f64
    memref.store %1, %x[%t] : memref<32xf64>
    gpu.return
  }
}
