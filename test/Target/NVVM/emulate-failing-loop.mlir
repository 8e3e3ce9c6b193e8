// A loop of the host that waits for what a kernel writes, which is wrong and
// never writes it: the error is told, and the loop ends.
// RUN: not timeout 20 zq-run %s --target=emulate:sm_80 2>&1 | FileCheck %s
// CHECK: out of bounds

func.func @main() -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %far = arith.constant 5 : index
  %one = arith.constant 1.0 : f32
  %x = memref.alloc() : memref<4xf32>
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
      threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    %two = arith.constant 2.0 : f32
    memref.store %two, %x[%c0] : memref<4xf32>
    gpu.terminator
  }
  scf.while : () -> () {
    %v = memref.load %x[%c0] : memref<4xf32>
    %isLarge = arith.cmpf ogt, %v, %one : f32
    scf.condition(%isLarge)
  } do {
    gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
        threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
      memref.store %one, %x[%far] : memref<4xf32>
      gpu.terminator
    }
    scf.yield
  }
  %t = bufferization.to_tensor %x restrict : memref<4xf32> to tensor<4xf32>
  return %t : tensor<4xf32>
}
