// RUN: zq-opt %s -zq-expand-reshapes -verify-diagnostics

func.func @part(%x: memref<?x64xf32, strided<[128, 1]>>, %a: index, %b: index) -> memref<?x?x64xf32, strided<[?, 128, 1]>> {
  // expected-error@+1 {{a part of an array cannot be expanded to several dimensions whose sizes are not known}}
  %v = memref.expand_shape %x [[0, 1], [2]] output_shape [%a, %b, 64] : memref<?x64xf32, strided<[128, 1]>> into memref<?x?x64xf32, strided<[?, 128, 1]>>
  return %v : memref<?x?x64xf32, strided<[?, 128, 1]>>
}
