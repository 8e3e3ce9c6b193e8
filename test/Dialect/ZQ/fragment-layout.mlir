// Layouts of fragments and the places of lanes, there and back.
// RUN: zq-opt %s | zq-opt | FileCheck %s
// RUN: zq-opt %s --mlir-print-op-generic | zq-opt | FileCheck %s

// CHECK-LABEL: func.func @of_lane
// CHECK: zq.lane_offset %{{.*}} in <lanes = [(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)], elements = [(0, 1), (8, 0)], bits = 32> : index
// CHECK: zq.lane_offset %{{.*}} in <lanes = [(1, 16)], elements = [], bits = 8> : i32
func.func @of_lane(%i: index, %n: i32) -> (index, index, i32, i32) {
  %r, %c = zq.lane_offset %i in <lanes = [(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)], elements = [(0, 1), (8, 0)], bits = 32> : index
  %s, %d = zq.lane_offset %n in <lanes = [(1, 16)], elements = [], bits = 8> : i32
  return %r, %c, %s, %d : index, index, i32, i32
}

// CHECK-LABEL: func.func private @with_layout
// CHECK-SAME: #zq.fragment_layout<lanes = [], elements = [(0, 1)], bits = 16>
func.func private @with_layout() attributes {zq.layout = #zq.fragment_layout<lanes = [], elements = [(0, 1)], bits = 16>}
