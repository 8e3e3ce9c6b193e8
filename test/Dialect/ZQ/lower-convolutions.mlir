// RUN: zq-opt %s -zq-lower-convolutions -canonicalize -cse -split-input-file | FileCheck %s

// The windows are copied in the order of the filter, whose loops stay those of
// its codec; the loops over pixels become one.

#w = #zq.codec<scale<1x1x1x16, f16>, quantize<si4>, pack>

// CHECK-DAG: #[[READ:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d3, d2 + d4, d5)>
// CHECK-DAG: #[[WINDOW:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d3, d4)>
// CHECK-DAG: #[[FILTER:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d3, d4, d1)>
// CHECK-DAG: #[[RESULT:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1)>
// CHECK-LABEL: func.func @nhwc_hwcf(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x9x11x5xf32>
// CHECK: %[[D:.*]] = zq.decode
// CHECK: %[[C:.*]] = linalg.generic {indexing_maps = [#[[READ]], #{{.*}}], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%[[X]] : {{.*}}) outs(%{{.*}} : tensor<2x7x9x3x3x5xf32>)
// CHECK: %[[P:.*]] = tensor.collapse_shape %[[C]] {{\[\[}}0, 1, 2], [3], [4], [5]]
// CHECK: %[[Y:.*]] = linalg.generic {indexing_maps = [#[[WINDOW]], #[[FILTER]], #[[RESULT]]], iterator_types = ["parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%[[P]], %[[D]] :
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK: tensor.expand_shape %[[Y]] {{\[\[}}0, 1, 2], [3]]
// CHECK-NOT: linalg.conv
func.func @nhwc_hwcf(%x: tensor<2x9x11x5xf32>, %w: !zq.tensor<3x3x5x19xf32, #w>,
                     %o: tensor<2x7x9x19xf32>) -> tensor<2x7x9x19xf32> {
  %e = tensor.empty() : tensor<3x3x5x19xf32>
  %d = zq.decode %w at [0, 0, 0, 0] outs(%e : tensor<3x3x5x19xf32>)
      : !zq.tensor<3x3x5x19xf32, #w> -> tensor<3x3x5x19xf32>
  %y = linalg.conv_2d_nhwc_hwcf ins(%x, %d : tensor<2x9x11x5xf32>, tensor<3x3x5x19xf32>)
      outs(%o : tensor<2x7x9x19xf32>) -> tensor<2x7x9x19xf32>
  return %y : tensor<2x7x9x19xf32>
}

// -----

// A filter that is stored as a matrix is contracted as one.

// CHECK-DAG: #[[READ:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d3, d1 * 2 + d4, d2 + d5 * 3)>
// CHECK-DAG: #[[WINDOW:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[FILTER:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[RESULT:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d1)>
// CHECK-LABEL: func.func @nchw_fchw(
// CHECK: %[[D:.*]] = zq.decode
// CHECK: linalg.generic {indexing_maps = [#[[READ]],
// CHECK: linalg.generic {indexing_maps = [#[[WINDOW]], #[[FILTER]], #[[RESULT]]], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%{{.*}}, %[[D]] : tensor<2x24x45xf32>, tensor<7x45xf32>)
func.func @nchw_fchw(%x: tensor<2x5x9x12xf32>, %w: !zq.tensor<7x45xf32, #zq.codec<nvfp4>>,
                     %o: tensor<2x7x4x6xf32>) -> tensor<2x7x4x6xf32> {
  %e = tensor.empty() : tensor<7x45xf32>
  %d = zq.decode %w at [0, 0] outs(%e : tensor<7x45xf32>)
      : !zq.tensor<7x45xf32, #zq.codec<nvfp4>> -> tensor<7x45xf32>
  %f = tensor.expand_shape %d [[0], [1, 2, 3]] output_shape [7, 5, 3, 3]
      : tensor<7x45xf32> into tensor<7x5x3x3xf32>
  %y = linalg.conv_2d_nchw_fchw {strides = dense<[2, 1]> : tensor<2xi64>,
                                 dilations = dense<[1, 3]> : tensor<2xi64>}
      ins(%x, %f : tensor<2x5x9x12xf32>, tensor<7x5x3x3xf32>)
      outs(%o : tensor<2x7x4x6xf32>) -> tensor<2x7x4x6xf32>
  return %y : tensor<2x7x4x6xf32>
}

// -----

// Channels that are not contracted stay loops of the result.

// CHECK-DAG: #[[FILTER:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3, d1)>
// CHECK-LABEL: func.func @depthwise(
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[FILTER]], #{{.*}}], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
func.func @depthwise(%x: tensor<1x7x8x35xf32>, %w: !zq.tensor<3x3x35xf32, #zq.codec<scale<1x1x16, f16>, quantize<si4>, pack>>,
                     %o: tensor<1x5x6x35xf32>) -> tensor<1x5x6x35xf32> {
  %e = tensor.empty() : tensor<3x3x35xf32>
  %d = zq.decode %w at [0, 0, 0] outs(%e : tensor<3x3x35xf32>)
      : !zq.tensor<3x3x35xf32, #zq.codec<scale<1x1x16, f16>, quantize<si4>, pack>> -> tensor<3x3x35xf32>
  %y = linalg.depthwise_conv_2d_nhwc_hwc ins(%x, %d : tensor<1x7x8x35xf32>, tensor<3x3x35xf32>)
      outs(%o : tensor<1x5x6x35xf32>) -> tensor<1x5x6x35xf32>
  return %y : tensor<1x5x6x35xf32>
}

// -----

// A batch of unknown size stays a loop of its own.

// CHECK-LABEL: func.func @dynamic_batch(
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0], [1, 2], [3, 4, 5]]
func.func @dynamic_batch(%x: tensor<?x9x9x5xf32>, %f: tensor<3x3x5x19xf32>,
                         %o: tensor<?x7x7x19xf32>) -> tensor<?x7x7x19xf32> {
  %y = linalg.conv_2d_nhwc_hwcf ins(%x, %f : tensor<?x9x9x5xf32>, tensor<3x3x5x19xf32>)
      outs(%o : tensor<?x7x7x19xf32>) -> tensor<?x7x7x19xf32>
  return %y : tensor<?x7x7x19xf32>
}

// A pooling has no filter to multiply with.
// CHECK-LABEL: func.func @pooling(
// CHECK: linalg.pooling_nhwc_max
func.func @pooling(%x: tensor<1x8x8x5xf32>, %o: tensor<1x4x4x5xf32>) -> tensor<1x4x4x5xf32> {
  %window = tensor.empty() : tensor<2x2xf32>
  %y = linalg.pooling_nhwc_max {strides = dense<2> : tensor<2xi64>}
      ins(%x, %window : tensor<1x8x8x5xf32>, tensor<2x2xf32>)
      outs(%o : tensor<1x4x4x5xf32>) -> tensor<1x4x4x5xf32>
  return %y : tensor<1x4x4x5xf32>
}
