// RUN: zq-opt %s -zq-lower-vector-ops-to-nvvm | FileCheck %s

// Codes of four bits come out of 32-bit words.
// CHECK-LABEL: func.func @unpack
// CHECK: vector.bitcast %{{.*}} : vector<4xi8> to vector<1xi32>
// CHECK: arith.andi %{{.*}}, %c15_i32
// CHECK: arith.shrui %{{.*}}, %c4_i32
// CHECK-NOT: zq.unpack
func.func @unpack(%bytes: vector<4xi8>) -> vector<8xi8> {
  %codes = zq.unpack %bytes bits 4 : vector<4xi8> -> vector<8xi8>
  return %codes : vector<8xi8>
}

// A small float: its bits where f32 has them, times a power of two.
// CHECK-LABEL: func.func @e2m1
// CHECK-DAG: %[[SCALE:.*]] = arith.constant dense<8.50705917E+37>
// CHECK: arith.shli
// CHECK: arith.mulf %{{.*}}, %[[SCALE]]
// CHECK-NOT: zq.lookup
func.func @e2m1(%codes: vector<2xi8>) -> vector<2xf32> {
  %table = arith.constant dense<[0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]> : vector<16xf32>
  %values = zq.lookup %codes in %table : vector<2xi8>, vector<16xf32> -> vector<2xf32>
  return %values : vector<2xf32>
}

// Two's complement: the sign flipped, as the last digits of 2^23, less that and
// the offset.
// CHECK-LABEL: func.func @integers
// CHECK-DAG: %[[MAGIC:.*]] = arith.constant dense<1258291200> : vector<2xi32>
// CHECK-DAG: %[[LESS:.*]] = arith.constant dense<8.388610e+06> : vector<2xf32>
// CHECK: arith.xori
// CHECK: arith.ori %{{.*}}, %[[MAGIC]]
// CHECK: arith.subf %{{.*}}, %[[LESS]]
func.func @integers(%codes: vector<2xi8>) -> vector<2xf32> {
  %table = arith.constant dense<[0.0, 1.0, -2.0, -1.0]> : vector<4xf32>
  %values = zq.lookup %codes in %table : vector<2xi8>, vector<4xf32> -> vector<2xf32>
  return %values : vector<2xf32>
}

// No rule, more than four entries: an array.
// CHECK-LABEL: func.func @array
// CHECK: %[[TABLE:.*]] = arith.constant dense<{{.*}}> : tensor<8xf32>
// CHECK: tensor.extract %[[TABLE]]
func.func @array(%codes: vector<2xi8>) -> vector<2xf32> {
  %table = arith.constant dense<[0.0, 1.0, 4.0, 8.5, 10.0, 11.0, 12.0, 14.0]> : vector<8xf32>
  %values = zq.lookup %codes in %table : vector<2xi8>, vector<8xf32> -> vector<2xf32>
  return %values : vector<2xf32>
}

// A table that came from a stream is looked up there.
// CHECK-LABEL: func.func @stream
// CHECK-SAME: (%[[STREAM:.*]]: tensor<3x8xf32>,
// CHECK: tensor.extract %[[STREAM]]
func.func @stream(%stream: tensor<3x8xf32>, %codes: vector<2xi8>, %i: index) -> vector<2xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %table = vector.transfer_read %stream[%i, %c0], %zero {in_bounds = [true]} : tensor<3x8xf32>, vector<8xf32>
  %values = zq.lookup %codes in %table : vector<2xi8>, vector<8xf32> -> vector<2xf32>
  return %values : vector<2xf32>
}

// CHECK-LABEL: func.func @sign_extended
// CHECK-NOT: arith.sitofp
// CHECK: arith.subf
func.func @sign_extended(%codes: vector<2xi32>) -> vector<2xf32> {
  %c28 = arith.constant dense<28> : vector<2xi32>
  %left = arith.shli %codes, %c28 : vector<2xi32>
  %right = arith.shrsi %left, %c28 : vector<2xi32>
  %values = arith.sitofp %right : vector<2xi32> to vector<2xf32>
  return %values : vector<2xf32>
}

// What is computed of repeated values is computed once for each.
// CHECK-LABEL: func.func @repeated
// CHECK-SAME: (%[[SCALES:.*]]: vector<2xi8>,
// CHECK: arith.extui %[[SCALES]] : vector<2xi8> to vector<2xi32>
// CHECK: %[[FACTORS:.*]] = arith.mulf {{.*}} : vector<2xf32>
// CHECK: %[[ALL:.*]] = vector.shuffle %[[FACTORS]], %[[FACTORS]] [0, 0, 0, 0, 1, 1, 1, 1]
// CHECK: arith.mulf %{{.*}}, %[[ALL]] : vector<8xf32>
func.func @repeated(%scales: vector<2xi8>, %values: vector<8xf32>) -> vector<8xf32> {
  %half = arith.constant dense<0.5> : vector<8xf32>
  %all = vector.shuffle %scales, %scales [0, 0, 0, 0, 1, 1, 1, 1] : vector<2xi8>, vector<2xi8>
  %wide = arith.extui %all : vector<8xi8> to vector<8xi32>
  %bits = arith.bitcast %wide : vector<8xi32> to vector<8xf32>
  %factors = arith.mulf %bits, %half : vector<8xf32>
  %product = arith.mulf %values, %factors : vector<8xf32>
  return %product : vector<8xf32>
}

// For tensor cores: two codes of a word at once, as the lowest bits of a float
// that one multiplication and addition makes integers, one from each half.
// CHECK-LABEL: func.func @pairs_of_integers
// CHECK: %[[WORDS:.*]] = vector.bitcast %{{.*}} : vector<4xi8> to vector<1xi32>
// CHECK: arith.xori %{{.*}}, %c-2004318072_i32
// CHECK: arith.andi %{{.*}}, %c983055_i32
// CHECK: llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"
// CHECK: arith.andi %{{.*}}, %c15728880_i32
// CHECK: vector.shuffle %{{.*}} [0, 2, 4, 6, 1, 3, 5, 7] : vector<8xbf16>
// CHECK-NOT: zq.
func.func @pairs_of_integers(%bytes: vector<4xi8>) -> vector<8xbf16> {
  %table = arith.constant dense<[0.0, 0.015625, 0.03125, 0.046875, 0.0625, 0.078125, 0.09375, 0.109375, -0.125, -0.109375, -0.09375, -0.078125, -0.0625, -0.046875, -0.03125, -0.015625]> : vector<16xbf16>
  %codes = zq.unpack %bytes bits 4 : vector<4xi8> -> vector<8xi8>
  %values = zq.lookup %codes in %table : vector<8xi8>, vector<16xbf16> -> vector<8xbf16>
  return %values : vector<8xbf16>
}

// An order of the reader's that undoes that one costs nothing.
// CHECK-LABEL: func.func @pairs_in_order
// CHECK: llvm.call_intrinsic "llvm.nvvm.fma.rn.f16x2"
// CHECK-NOT: vector.shuffle
// CHECK: return
func.func @pairs_in_order(%bytes: vector<4xi8>) -> vector<8xf16> {
  %table = arith.constant dense<[0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]> : vector<16xf16>
  %codes = zq.unpack %bytes bits 4 : vector<4xi8> -> vector<8xi8>
  %values = zq.lookup %codes in %table : vector<8xi8>, vector<16xf16> -> vector<8xf16>
  %ordered = vector.shuffle %values, %values [0, 4, 1, 5, 2, 6, 3, 7] : vector<8xf16>, vector<8xf16>
  return %ordered : vector<8xf16>
}

// A small float of bf16: one product puts its sign and its other bits in place.
// CHECK-LABEL: func.func @pairs_of_floats
// CHECK: arith.andi %{{.*}}, %c983055_i32
// CHECK: arith.muli %{{.*}}, %c4160_i32
// CHECK: arith.andi %{{.*}}, %c-2118090304_i32
// CHECK: llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"
func.func @pairs_of_floats(%bytes: vector<4xi8>) -> vector<8xbf16> {
  %table = arith.constant dense<[0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]> : vector<16xbf16>
  %codes = zq.unpack %bytes bits 4 : vector<4xi8> -> vector<8xi8>
  %values = zq.lookup %codes in %table : vector<8xi8>, vector<16xbf16> -> vector<8xbf16>
  return %values : vector<8xbf16>
}

// No rule, 16 entries: bytes that an instruction picks, in their order.
// CHECK-LABEL: func.func @pairs_of_bytes
// CHECK-COUNT-14: nvvm.prmt
// CHECK-NOT: vector.shuffle
// CHECK: return
func.func @pairs_of_bytes(%bytes: vector<4xi8>) -> vector<8xbf16> {
  %table = arith.constant dense<[-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0, 69.0, 89.0, 113.0]> : vector<16xbf16>
  %codes = zq.unpack %bytes bits 4 : vector<4xi8> -> vector<8xi8>
  %values = zq.lookup %codes in %table : vector<8xi8>, vector<16xbf16> -> vector<8xbf16>
  return %values : vector<8xbf16>
}

// A table of bytes that is read lies in two registers.
// CHECK-LABEL: func.func @bytes
// CHECK: vector.bitcast %{{.*}} : vector<8xi8> to vector<2xi32>
// CHECK: nvvm.prmt
// CHECK-NOT: zq.lookup
func.func @bytes(%table: vector<8xi8>, %codes: vector<2xi8>) -> vector<2xi8> {
  %values = zq.lookup %codes in %table : vector<2xi8>, vector<8xi8> -> vector<2xi8>
  return %values : vector<2xi8>
}

// Each lane takes its element from the stream, behind those that were taken.
// CHECK-LABEL: func.func @expand
// CHECK-SAME: (%[[STREAM:.*]]: tensor<64xi8>, %[[BEGIN:.*]]: index,
// CHECK: %[[FIRST:.*]] = tensor.extract %[[STREAM]][%[[BEGIN]]]
// CHECK: %[[MASK:.*]] = vector.extract
// CHECK: %[[ONE:.*]] = arith.index_castui %[[MASK]] : i1 to index
// CHECK: %[[NEXT:.*]] = arith.addi %[[BEGIN]], %[[ONE]]
// CHECK: %[[SECOND:.*]] = tensor.extract %[[STREAM]][%[[NEXT]]]
// CHECK: %[[TAKEN:.*]] = vector.from_elements %[[FIRST]], %[[SECOND]]
// CHECK: arith.select %{{.*}}, %[[TAKEN]], %{{.*}} : vector<2xi1>, vector<2xi8>
func.func @expand(%stream: tensor<64xi8>, %begin: index, %mask: vector<2xi1>, %otherwise: vector<2xi8>) -> vector<2xi8> {
  %zero = arith.constant 0 : i8
  %source = vector.transfer_read %stream[%begin], %zero {in_bounds = [true]} : tensor<64xi8>, vector<2xi8>
  %values = zq.expand %source, %mask, %otherwise : vector<2xi8>
  return %values : vector<2xi8>
}

// So it does where elements are computed of the stream's, and computes its own.
// CHECK-LABEL: func.func @expand_computed
// CHECK: %[[FIRST:.*]] = tensor.extract
// CHECK: %[[SECOND:.*]] = tensor.extract
// CHECK: %[[TAKEN:.*]] = vector.from_elements %[[FIRST]], %[[SECOND]] : vector<2xi16>
// CHECK: %[[SHIFTED:.*]] = arith.shrui %[[TAKEN]]
// CHECK: %[[BYTES:.*]] = arith.trunci %[[SHIFTED]] : vector<2xi16> to vector<2xi8>
// CHECK: arith.select %{{.*}}, %[[BYTES]]
func.func @expand_computed(%stream: tensor<64xi16>, %begin: index, %mask: vector<2xi1>, %otherwise: vector<2xi8>) -> vector<2xi8> {
  %zero = arith.constant 0 : i16
  %eight = arith.constant dense<8> : vector<2xi16>
  %words = vector.transfer_read %stream[%begin], %zero {in_bounds = [true]} : tensor<64xi16>, vector<2xi16>
  %shifted = arith.shrui %words, %eight : vector<2xi16>
  %source = arith.trunci %shifted : vector<2xi16> to vector<2xi8>
  %values = zq.expand %source, %mask, %otherwise : vector<2xi8>
  return %values : vector<2xi8>
}

// Lanes four at a time: those that are set before each are the sums of nibbles
// that one product has, and an instruction picks bytes by them. The first take
// bytes of two whole words, the last four those that are known to be there.
// CHECK-LABEL: func.func @expand_bytes
// CHECK-SAME: (%[[STREAM:.*]]: tensor<64xi8>, %[[BEGIN:.*]]: index,
// CHECK: %[[FROM:.*]] = arith.andi %[[BEGIN]], %c-4
// CHECK: %[[AT:.*]] = arith.addi %[[FROM]], %{{.*}} : index
// CHECK: vector.transfer_read %[[STREAM]][%[[AT]]]{{.*}} : tensor<64xi8>, vector<8xi8>
// CHECK: llvm.intr.fshr
// CHECK: arith.muli %{{.*}}, %c4368_i32
// CHECK: arith.addi %{{.*}}, %c17476_i32
// CHECK: nvvm.prmt
// CHECK: vector.transfer_read %[[STREAM]]{{.*}} : tensor<64xi8>, vector<4xi8>
// CHECK: nvvm.prmt
// CHECK-NOT: zq.
func.func @expand_bytes(%stream: tensor<64xi8>, %begin: index, %bytes: vector<4xi8>, %otherwise: vector<8xi8>) -> vector<8xi8> {
  %zero = arith.constant 0 : i8
  %escape = arith.constant dense<15> : vector<8xi8>
  %codes = zq.unpack %bytes bits 4 : vector<4xi8> -> vector<8xi8>
  %mask = arith.cmpi eq, %codes, %escape : vector<8xi8>
  %source = vector.transfer_read %stream[%begin], %zero {in_bounds = [true]} : tensor<64xi8>, vector<8xi8>
  %values = zq.expand %source, %mask, %otherwise : vector<8xi8>
  return %values : vector<8xi8>
}

// Codes that lanes take are shifted out of the words that they are packed in.
// CHECK-LABEL: func.func @expand_codes
// CHECK: nvvm.prmt
// CHECK: arith.shrui
// CHECK: nvvm.prmt
// CHECK-NOT: zq.
func.func @expand_codes(%bytes: vector<4xi8>, %mask: vector<16xi1>) -> vector<16xi8> {
  %zeros = arith.constant dense<0> : vector<16xi8>
  %codes = zq.unpack %bytes bits 2 : vector<4xi8> -> vector<16xi8>
  %values = zq.expand %codes, %mask, %zeros : vector<16xi8>
  return %values : vector<16xi8>
}

// CHECK-LABEL: func.func @count
// CHECK: %[[COUNT:.*]] = llvm.intr.ctpop(%{{.*}}) : (i32) -> i32
// CHECK: arith.trunci %[[COUNT]] : i32 to i8
func.func @count(%mask: vector<16xi1>) -> i8 {
  %ones = arith.extui %mask : vector<16xi1> to vector<16xi8>
  %count = vector.reduction <add>, %ones : vector<16xi8> into i8
  return %count : i8
}

// Codes of three bits: to nibbles, which pick from the table.
// CHECK-LABEL: func.func @pick
// CHECK: arith.andi %{{.*}}, %c2004318071_i32
// CHECK-COUNT-2: nvvm.prmt
// CHECK-NOT: zq.
func.func @pick(%table: vector<8xi8>, %bytes: vector<12xi8>) -> vector<32xi8> {
  %codes = zq.unpack %bytes bits 3 : vector<12xi8> -> vector<32xi8>
  %values = zq.lookup %codes in %table : vector<32xi8>, vector<8xi8> -> vector<32xi8>
  return %values : vector<32xi8>
}

// Bytes from anywhere on: whole words, moved, up to that with the last byte.
// CHECK-LABEL: func.func @read
// CHECK-SAME: (%[[STREAM:.*]]: tensor<?xi8>, %[[BEGIN:.*]]: index)
// CHECK: %[[FROM:.*]] = arith.andi %[[BEGIN]], %c-4
// CHECK: vector.transfer_read %[[STREAM]][%[[FROM]]]{{.*}} : tensor<?xi8>, vector<16xi8>
// CHECK: %[[WITHIN:.*]] = arith.andi %[[BEGIN]], %c3
// CHECK: %[[OFFSET:.*]] = arith.index_castui %[[WITHIN]] : index to i32
// CHECK: %[[END:.*]] = arith.addi %[[OFFSET]], %c15_i32
// CHECK: %[[WHOLE:.*]] = arith.andi %[[END]], %c-4_i32
// CHECK: %[[LAST:.*]] = arith.index_castui %[[WHOLE]] : i32 to index
// CHECK: %[[AT:.*]] = arith.addi %[[FROM]], %[[LAST]]
// CHECK: vector.transfer_read %[[STREAM]][%[[AT]]]{{.*}} : tensor<?xi8>, vector<4xi8>
// CHECK-COUNT-4: llvm.intr.fshr
// CHECK-NOT: llvm.intr.fshr
func.func @read(%stream: tensor<?xi8>, %begin: index) -> vector<16xi8> {
  %zero = arith.constant 0 : i8
  %bytes = vector.transfer_read %stream[%begin], %zero {in_bounds = [true]} : tensor<?xi8>, vector<16xi8>
  return %bytes : vector<16xi8>
}

// CHECK-LABEL: func.func @order
// CHECK: %[[WORD:.*]] = nvvm.prmt <default> %c29975_i32, %[[FIRST:.*]], %[[FIRST]]
// CHECK: nvvm.prmt <default> %c12864_i32, %[[WORD]], %{{.*}}
// CHECK-NOT: vector.shuffle
func.func @order(%bytes: vector<8xi8>) -> vector<4xi8> {
  %other = vector.shuffle %bytes, %bytes [3, 4, 1, 3] : vector<8xi8>, vector<8xi8>
  return %other : vector<4xi8>
}

// Floats of 16 bits that are put together, two to a word.
// CHECK-LABEL: func.func @halves
// CHECK-SAME: (%[[LOW:.*]]: vector<8xi8>, %[[HIGH:.*]]: vector<8xi8>)
// CHECK: nvvm.prmt
// CHECK: arith.ori %{{.*}}, %{{.*}} : i32
// CHECK: vector.bitcast %{{.*}} : vector<4xi32> to vector<8xbf16>
func.func @halves(%low: vector<8xi8>, %high: vector<8xi8>) -> vector<8xbf16> {
  %seven = arith.constant dense<7> : vector<8xi16>
  %a = arith.extui %low : vector<8xi8> to vector<8xi16>
  %b = arith.extui %high : vector<8xi8> to vector<8xi16>
  %moved = arith.shli %b, %seven : vector<8xi16>
  %bits = arith.ori %moved, %a : vector<8xi16>
  %values = arith.bitcast %bits : vector<8xi16> to vector<8xbf16>
  return %values : vector<8xbf16>
}

// A table that bf16 has, of codes that lie in words: in pairs, and widened.
// CHECK-LABEL: func.func @widened
// CHECK: llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"
// CHECK: arith.extf %{{.*}} : vector<8xbf16> to vector<8xf32>
func.func @widened(%bytes: vector<4xi8>) -> vector<8xf32> {
  %table = arith.constant dense<[0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]> : vector<16xf32>
  %codes = zq.unpack %bytes bits 4 : vector<4xi8> -> vector<8xi8>
  %values = zq.lookup %codes in %table : vector<8xi8>, vector<16xf32> -> vector<8xf32>
  return %values : vector<8xf32>
}

// Bits that stay side by side move together; others are apart.
// CHECK-LABEL: func.func @lane_offset
// CHECK-SAME: (%[[LANE:.*]]: i32)
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : i32
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : i32
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : i32
// CHECK-DAG: %[[C4:.*]] = arith.constant 4 : i32
// CHECK-DAG: %[[UP:.*]] = arith.shrui %[[LANE]], %[[C2]] : i32
// CHECK-DAG: %[[ROW:.*]] = arith.andi %[[UP]], %{{.*}} : i32
// CHECK-DAG: %[[LOW:.*]] = arith.andi %[[LANE]], %[[C3]] : i32
// CHECK-DAG: %[[FIRST:.*]] = arith.shli %[[LOW]], %[[C1]] : i32
// CHECK-DAG: %[[TOP:.*]] = arith.andi %{{.*}}, %[[C1]] : i32
// CHECK-DAG: %[[LAST:.*]] = arith.shli %[[TOP]], %[[C4]] : i32
// CHECK: %[[COLUMN:.*]] = arith.xori %[[FIRST]], %[[LAST]] : i32
// CHECK: return %[[ROW]], %[[COLUMN]]
func.func @lane_offset(%lane: i32) -> (i32, i32) {
  %row, %column = zq.lane_offset %lane in <lanes = [(0, 2), (0, 4), (1, 0), (2, 0), (4, 16)], elements = [], bits = 32> : i32
  return %row, %column : i32, i32
}

// What is added to the exact product of a code and a power of two is part of one
// instruction.
// CHECK-LABEL: func.func @add_to_exact_product(
// CHECK-SAME: %[[WORD:.*]]: i32, %[[ADDEND:.*]]: vector<2xbf16>
// CHECK: arith.andi %[[WORD]]
// CHECK: %[[SUM:.*]] = llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"(%{{.*}}, %{{.*}}, %[[ADDEND]])
// CHECK-NEXT: return %[[SUM]]
func.func @add_to_exact_product(%word: i32, %addend: vector<2xbf16>) -> vector<2xbf16> {
  %mask = arith.constant 983055 : i32
  %codes = arith.andi %word, %mask : i32
  %pair = llvm.bitcast %codes : i32 to vector<2xbf16>
  %large = arith.constant dense<0x7F00> : vector<2xbf16>
  %zero = arith.constant dense<-0.0> : vector<2xbf16>
  %one = arith.constant dense<1.0> : vector<2xbf16>
  %product = llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"(%pair, %large, %zero)
      : (vector<2xbf16>, vector<2xbf16>, vector<2xbf16>) -> vector<2xbf16>
  %sum = llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"(%product, %one, %addend)
      : (vector<2xbf16>, vector<2xbf16>, vector<2xbf16>) -> vector<2xbf16>
  return %sum : vector<2xbf16>
}

// A smaller factor rounds, and so does one that is no power of two.
// CHECK-LABEL: func.func @add_to_product(
// CHECK-COUNT-4: llvm.call_intrinsic
func.func @add_to_product(%word: i32, %addend: vector<2xbf16>)
    -> (vector<2xbf16>, vector<2xbf16>) {
  %mask = arith.constant 983055 : i32
  %codes = arith.andi %word, %mask : i32
  %pair = llvm.bitcast %codes : i32 to vector<2xbf16>
  %half = arith.constant dense<0.5> : vector<2xbf16>
  %three = arith.constant dense<3.0> : vector<2xbf16>
  %zero = arith.constant dense<-0.0> : vector<2xbf16>
  %one = arith.constant dense<1.0> : vector<2xbf16>
  %p = llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"(%pair, %half, %zero)
      : (vector<2xbf16>, vector<2xbf16>, vector<2xbf16>) -> vector<2xbf16>
  %s = llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"(%p, %one, %addend)
      : (vector<2xbf16>, vector<2xbf16>, vector<2xbf16>) -> vector<2xbf16>
  %q = llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"(%pair, %three, %zero)
      : (vector<2xbf16>, vector<2xbf16>, vector<2xbf16>) -> vector<2xbf16>
  %t = llvm.call_intrinsic "llvm.nvvm.fma.rn.bf16x2"(%q, %one, %addend)
      : (vector<2xbf16>, vector<2xbf16>, vector<2xbf16>) -> vector<2xbf16>
  return %s, %t : vector<2xbf16>, vector<2xbf16>
}

// One of a word's codes is shifted out of it, and then computed with.
// CHECK-LABEL: func.func @one_code(
// CHECK-SAME: %[[BYTE:.*]]: vector<1xi8>, %[[AT:.*]]: index
// CHECK-NOT: vector.extract %{{.*}}[%[[AT]]]
// CHECK: arith.shrui %{{.*}} : i32
// CHECK: return %{{.*}} : f32
func.func @one_code(%byte: vector<1xi8>, %at: index) -> f32 {
  %codes = zq.unpack %byte bits 4 : vector<1xi8> -> vector<2xi8>
  %wide = arith.extui %codes : vector<2xi8> to vector<2xi32>
  %floats = arith.sitofp %wide : vector<2xi32> to vector<2xf32>
  %one = vector.extract %floats[%at] : f32 from vector<2xf32>
  return %one : f32
}
