// Every error of the ops of compute domains, by its label and with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) has 1 or 2 planes, and not 3}}
  %q:4 = zq.planes %x count 3 group 32 rows 2 offset 8 : tensor<2x64xf32> -> tensor<1x16x3x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) has groups of a multiple of 4 up to 1024 columns, and not of 30}}
  %q:4 = zq.planes %x count 2 group 30 rows 2 offset 8 : tensor<2x64xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) takes 1 to 256 rows at a time, and not 0}}
  %q:4 = zq.planes %x count 2 group 32 rows 0 offset 8 : tensor<2x64xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) has an offset of 0 to 255, and not 256}}
  %q:4 = zq.planes %x count 2 group 32 rows 2 offset 256 : tensor<2x64xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) has one plane of 16-bit integers, and not 2}}
  %q:4 = zq.planes %x count 2 limit 9 group 32 rows 2 offset 0 : tensor<2x64xf32> -> tensor<1x16x2x2x2xi16>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) has a limit of 1 to 32767, and not 32768}}
  %q:4 = zq.planes %x count 1 limit 32768 group 32 rows 2 offset 0 : tensor<2x64xf32> -> tensor<1x16x2x2x2xi16>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q2) yields 'tensor<1x16x2x2x2xi16>', and not 'tensor<1x16x1x2x4xi8>'}}
  %q:4 = zq.planes %x count 1 limit 9 group 32 rows 2 offset 0 : tensor<2x64xf32> -> tensor<1x16x1x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x?xf32>) {
  // expected-error @+1 {{(Q2) takes a matrix with static columns, and not 'tensor<2x?xf32>'}}
  %q:4 = zq.planes %x count 2 group 32 rows 2 offset 8 : tensor<2x?xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<3x70xf32>) {
  // expected-error @+1 {{(Q2) yields 'tensor<2x24x2x2x4xi8>', and not 'tensor<1x16x2x2x4xi8>'}}
  %q:4 = zq.planes %x count 2 group 32 rows 2 offset 8 : tensor<3x70xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N1) has 4 to 64 lanes, a power of two, and not 3}}
  %y = zq.contract %x with %w lanes 3 outs(%i : tensor<2x32xf32>) : (tensor<2x64xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N1) has no form for this weight: a stage's factors are not laid out for lanes}}
  %y = zq.contract %x with %w lanes 8 outs(%i : tensor<2x32xf32>) : (tensor<2x64xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N1) has no form for this weight: its codes are not laid out for lanes}}
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<2x64xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x64, f16, zero, rows = 16>, scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N1) has no form for this weight: a stage above another factor has zero points}}
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<2x64xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<offset<1x32, f16, min>, scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N1) has no form for this weight: a stage's offsets are not laid out for lanes}}
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<2x64xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

!w = !zq.tensor<32x60xf32, #zq.codec<scale<1x6, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x60xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N1) has no form for this weight: its groups are no multiples of 4 columns}}
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<2x60xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x16xf32>) {
  // expected-error @+1 {{(N2) yields a matrix with 32 columns, and not 'tensor<2x16xf32>'}}
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<2x16xf32>) : (tensor<2x64xf32>), !w -> tensor<2x16xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x60xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N2) takes an activation of 'tensor<2x64xf32>', and not 'tensor<2x60xf32>'}}
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<2x60xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

// Activations with no rows at a time.
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%q: tensor<1x16x1x0x4xi8>, %s: tensor<1x2x0xf32>, %t: tensor<1x2x0xi32>, %u: tensor<1x2x0xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N2) takes planes of rank 5 and some rows, and not 'tensor<1x16x1x0x4xi8>'}}
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<1x16x1x0x4xi8>, tensor<1x2x0xf32>, tensor<1x2x0xi32>, tensor<1x2x0xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

// 16-bit integers in planes of bytes.
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%q: tensor<1x16x1x2x4xi16>, %s: tensor<1x2x2xf32>, %t: tensor<1x2x2xi32>, %u: tensor<1x2x2xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N2) takes 'tensor<1x16x2x2x2xi16>', and not 'tensor<1x16x1x2x4xi16>'}}
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<1x16x1x2x4xi16>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

// Rounded with activations of the weight's groups.
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%q: tensor<1x16x1x2x4xi8>, %s: tensor<1x2x2xf32>, %t: tensor<1x2x2xi32>, %u: tensor<1x2x2xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N4) takes 'tensor<1x1x2xf32>', and not 'tensor<1x2x2xf32>'}}
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 rounded outs(%i : tensor<2x32xf32>) : (tensor<1x16x1x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

// Rounded in f32.
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N4) is rounded with the four results of a 'zq.planes' only}}
  %y = zq.contract %x with %w lanes 16 rounded outs(%i : tensor<2x32xf32>) : (tensor<2x64xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

// Rounded for no rows.
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%q: tensor<0x16x1x2x4xi8>, %s: tensor<0x1x2xf32>, %t: tensor<0x1x2xi32>, %u: tensor<0x1x2xf32>, %w: !w, %i: tensor<0x32xf32>) {
  // expected-error @+1 {{(N4) rounds weights in panels of at most 16 rows that decode in groups of columns, for a known number of rows of the activation, one or more}}
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 rounded outs(%i : tensor<0x32xf32>) : (tensor<0x16x1x2x4xi8>, tensor<0x1x2xf32>, tensor<0x1x2xi32>, tensor<0x1x2xf32>), !w -> tensor<0x32xf32>
  return
}

// -----

// Rounded with a state, which goes through all columns of a panel.
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, panels<16x4, [register_rans<lanes = 256, rows = 1>]>>>
func.func @f(%q: tensor<1x16x1x2x4xi8>, %s: tensor<1x1x2xf32>, %t: tensor<1x1x2xi32>, %u: tensor<1x1x2xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N4) rounds weights in panels of at most 16 rows that decode in groups of columns, for a known number of rows of the activation, one or more}}
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 rounded outs(%i : tensor<2x32xf32>) : (tensor<1x16x1x2x4xi8>, tensor<1x1x2xf32>, tensor<1x1x2xi32>, tensor<1x1x2xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

// Groups of other columns than the weight's.
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%q: tensor<1x16x2x2x4xi8>, %s: tensor<1x4x2xf32>, %t: tensor<1x4x2xi32>, %u: tensor<1x4x2xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N2) takes 'tensor<1x2x2xf32>', and not 'tensor<1x4x2xf32>'}}
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<1x16x2x2x4xi8>, tensor<1x4x2xf32>, tensor<1x4x2xi32>, tensor<1x4x2xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

func.func @f(%a: vector<64xi8>, %s: vector<32xi32>) {
  // expected-error @+1 {{(B1) adds 'vector<64xi8>' to 'vector<32xi32>', which is not four to a lane}}
  %d = zq.dot %a, %a, %s : vector<64xi8>, vector<32xi32>
  return
}

// -----

func.func @f(%a: vector<64xbf16>, %s: vector<16xf32>) {
  // expected-error @+1 {{(B1) adds 'vector<64xbf16>' to 'vector<16xf32>', which is not two to a lane}}
  %d = zq.dot %a, %a, %s : vector<64xbf16>, vector<16xf32>
  return
}

// -----

func.func @f(%a: vector<64xi8>, %s: vector<16xf32>) {
  // expected-error @+1 {{(B1) adds products of 'i8' to 'f32'}}
  %d = zq.dot %a, %a, %s : vector<64xi8>, vector<16xf32>
  return
}

// -----

func.func @f(%x: tensor<40x64xf32>) {
  // expected-error @+1 {{(T1) has 1 to 3 planes, one of f32, and at least one step, and not 4 and 1}}
  %t = zq.tiles %x planes 4 steps 1 : tensor<40x64xf32> -> tensor<2x2x1x4x32x32xbf16>
  return
}

// -----

func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{(T2) takes a matrix of static shape, and not 'tensor<?x64xf32>'}}
  %t = zq.tiles %x planes 1 steps 1 : tensor<?x64xf32> -> tensor<2x2x1x1x32x32xbf16>
  return
}

// -----

func.func @f(%x: tensor<40x64xf32>) {
  // expected-error @+1 {{(T2) yields 'tensor<2x2x1x1x32x32xbf16>', and not 'tensor<1x2x2x1x32x32xbf16>'}}
  %t = zq.tiles %x planes 1 steps 1 : tensor<40x64xf32> -> tensor<1x2x2x1x32x32xbf16>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%t: tensor<2x2x1x1x32x32xbf16>, %w: !w, %i: tensor<40x32xf32>) {
  // expected-error @+1 {{(N3) has 1 to 3 planes and 16 lanes, and not 4 and 16}}
  %y = zq.contract %t with %w lanes 16 planes 4 outs(%i : tensor<40x32xf32>) : (tensor<2x2x1x1x32x32xbf16>), !w -> tensor<40x32xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<40x64xf32>, %w: !w, %i: tensor<40x32xf32>) {
  // expected-error @+1 {{(N3) takes the result of a 'zq.tiles' with planes}}
  %y = zq.contract %x with %w lanes 16 planes 1 outs(%i : tensor<40x32xf32>) : (tensor<40x64xf32>), !w -> tensor<40x32xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%t: tensor<1x1x2x1x32x32xbf16>, %w: !w, %i: tensor<40x32xf32>) {
  // expected-error @+1 {{(N2) takes 'tensor<1x2x2x1x32x32xbf16>', and not 'tensor<1x1x2x1x32x32xbf16>'}}
  %y = zq.contract %t with %w lanes 16 planes 1 outs(%i : tensor<40x32xf32>) : (tensor<1x1x2x1x32x32xbf16>), !w -> tensor<40x32xf32>
  return
}

// -----

func.func @f(%a: tensor<2x1x32x32xbf16>, %b: tensor<3x1x2x16x32xbf16>, %i: i1, %c: tensor<32x32xf32>) {
  // expected-error @+1 {{(M1) does not multiply}}
  %y = zq.multiply_tiles %a, %b fresh %i outs(%c) : tensor<2x1x32x32xbf16>, tensor<3x1x2x16x32xbf16>, tensor<32x32xf32> -> tensor<32x32xf32>
  return
}

// -----

func.func @f(%a: tensor<2x1x32x32xbf16>, %b: memref<2x1x2x16x32xbf16>, %i: i1, %c: tensor<32x32xf32>) {
  // expected-error @+1 {{(M1) takes tensors or memrefs, and not both}}
  %y = zq.multiply_tiles %a, %b fresh %i outs(%c) : tensor<2x1x32x32xbf16>, memref<2x1x2x16x32xbf16>, tensor<32x32xf32> -> tensor<32x32xf32>
  return
}

// -----

func.func @f(%a: tensor<2x1x32x32xbf16>, %b: tensor<2x1x2x16x32xbf16>, %i: i1, %c: tensor<32x32xf32>) {
  // expected-error @+1 {{(M1) yields its destination where that is a tensor}}
  zq.multiply_tiles %a, %b fresh %i outs(%c) : tensor<2x1x32x32xbf16>, tensor<2x1x2x16x32xbf16>, tensor<32x32xf32>
  return
}

// -----

func.func @f(%a: memref<2x1x32x32xbf16>, %b: memref<2x1x2x16x32xbf16>, %i: i1, %c: memref<32x32xf32>, %d: tensor<2x64xbf16>) {
  // expected-error @+1 {{(M1) takes tensors or memrefs, and not both}}
  zq.multiply_tiles %a, %b fresh %i ahead(%d : tensor<2x64xbf16>) outs(%c) : memref<2x1x32x32xbf16>, memref<2x1x2x16x32xbf16>, memref<32x32xf32>
  return
}

// -----

func.func @f(%a: memref<2x1x32x32xbf16>, %b: memref<2x1x2x16x32xbf16>, %i: i1, %c: memref<32x32xf32>, %d: memref<?x64xbf16>) {
  // expected-error @+1 {{(M2) fetches a matrix of a known size, and not 'memref<?x64xbf16>'}}
  zq.multiply_tiles %a, %b fresh %i ahead(%d : memref<?x64xbf16>) outs(%c) : memref<2x1x32x32xbf16>, memref<2x1x2x16x32xbf16>, memref<32x32xf32>
  return
}

// -----

func.func @f(%a: memref<2x1x32x32xbf16>, %b: memref<2x1x2x16x32xbf16>, %i: i1, %c: memref<32x32xf32>, %d: memref<0x64xbf16>) {
  // expected-error @+1 {{(M2) fetches a matrix of a known size, and not 'memref<0x64xbf16>'}}
  zq.multiply_tiles %a, %b fresh %i ahead(%d : memref<0x64xbf16>) outs(%c) : memref<2x1x32x32xbf16>, memref<2x1x2x16x32xbf16>, memref<32x32xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x48xf32>, %n: index) {
  // expected-error @+1 {{(N2) yields a matrix with at most 32 columns, and not 'tensor<2x48xf32>'}}
  %y = zq.contract %x with %w at %n lanes 16 outs(%i : tensor<2x48xf32>) : (tensor<2x64xf32>), !w -> tensor<2x48xf32>
  return
}

// -----

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, panels<16x4, [register_rans<lanes = 256, rows = 1>]>>>
func.func @f(%x: tensor<2x2x1x2x32x32xbf16>, %w: !w, %i: tensor<40x32xf32>) {
  // expected-error @+1 {{(N3) has a weight in planes, which no state goes through}}
  %y = zq.contract %x with %w lanes 16 planes 1 outs(%i : tensor<40x32xf32>) : (tensor<2x2x1x2x32x32xbf16>), !w -> tensor<40x32xf32>
  return
}

// -----

!w = !zq.tensor<32x128xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, panels<16x4, [window<bits = 2, chunk = 1024>]>>>
func.func @f(%x: tensor<2x128xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N1) has no form for this weight: a panel of its codes is more than one chunk}}
  %y = zq.contract %x with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<2x128xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

func.func @f(%x: tensor<40x64xf32>) {
  // expected-error @+1 {{(T1) has 1 to 3 planes, one of f32, and at least one step, and not 2 and 1}}
  %t = zq.tiles %x planes 2 steps 1 : tensor<40x64xf32> -> tensor<2x2x1x2x32x32xf32>
  return
}

// -----

func.func @f(%x: tensor<40x64xf32>) {
  // expected-error @+1 {{(T2) yields 'tensor<2x2x1x1x2x16x32xbf16>', and not 'tensor<2x2x1x1x32x32xbf16>'}}
  %t = zq.tiles %x right planes 1 steps 1 : tensor<40x64xf32> -> tensor<2x2x1x1x32x32xbf16>
  return
}

// -----

func.func @f(%t: tensor<2x2x1x1x2x32x16xf32>, %w: tensor<32x64xf32>, %i: tensor<40x32xf32>) {
  // expected-error @+1 {{(V1) has 1 to 3 planes, one of f32, and not 2}}
  %y = zq.contract_rows %t with %w planes 2 outs(%i : tensor<40x32xf32>) : tensor<2x2x1x1x2x32x16xf32>, tensor<32x64xf32> -> tensor<40x32xf32>
  return
}

// -----

func.func @f(%t: tensor<2x2x1x1x2x32x16xf32>, %w: tensor<32x64xf32>, %i: tensor<40x31xf32>) {
  // expected-error @+1 {{(V2) does not multiply 'tensor<2x2x1x1x2x32x16xf32>' and 'tensor<32x64xf32>' to 'tensor<40x31xf32>'}}
  %y = zq.contract_rows %t with %w planes 1 outs(%i : tensor<40x31xf32>) : tensor<2x2x1x1x2x32x16xf32>, tensor<32x64xf32> -> tensor<40x31xf32>
  return
}

// -----

func.func @f(%t: tensor<2x2x1x1x2x32x16xf32>, %w: tensor<32x64xf32>, %row: index, %i: tensor<40x33xf32>) {
  // expected-error @+1 {{(V2) does not multiply 'tensor<2x2x1x1x2x32x16xf32>' and 'tensor<32x64xf32>' to 'tensor<40x33xf32>'}}
  %y = zq.contract_rows %t with %w at %row planes 1 outs(%i : tensor<40x33xf32>) : tensor<2x2x1x1x2x32x16xf32>, tensor<32x64xf32> -> tensor<40x33xf32>
  return
}

// -----

func.func @f(%t: tensor<2x2x1x1x2x32x16xf32>, %w: tensor<32x96xf32>, %i: tensor<40x32xf32>) {
  // expected-error @+1 {{(V2) takes 'tensor<3x2x1x1x2x32x16xf32>', and not 'tensor<2x2x1x1x2x32x16xf32>'}}
  %y = zq.contract_rows %t with %w planes 1 outs(%i : tensor<40x32xf32>) : tensor<2x2x1x1x2x32x16xf32>, tensor<32x96xf32> -> tensor<40x32xf32>
  return
}

// -----

// Five groups in four runs.
func.func @f(%x: tensor<2x160xf32>) {
  // expected-error @+1 {{(Q2) yields 'tensor<1x3x2xf32>', and not 'tensor<1x4x2xf32>'}}
  %q:4 = zq.planes %x count 1 group 32 rows 2 offset 8 : tensor<2x160xf32> -> tensor<1x40x1x2x4xi8>, tensor<1x4x2xf32>, tensor<1x5x2xi32>, tensor<1x5x2xf32>
  return
}

// -----

// Runs of three groups of 4 columns, whose codes come 8 columns at a time.
!w = !zq.tensor<16x24xf32, #zq.codec<scale<1x4, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%q: tensor<1x6x1x2x4xi8>, %s: tensor<1x2x2xf32>, %t: tensor<1x6x2xi32>, %u: tensor<1x6x2xf32>, %w: !w, %i: tensor<2x16xf32>) {
  // expected-error @+1 {{(N2) takes runs of whole tiles of 8 columns of the weight, and not of 12}}
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<2x16xf32>) : (tensor<1x6x1x2x4xi8>, tensor<1x2x2xf32>, tensor<1x6x2xi32>, tensor<1x6x2xf32>), !w -> tensor<2x16xf32>
  return
}

// -----

// Sums of 32 products of this table's 8191 with more than 8193 do not fit 32 bits.
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, lookup<[-1.0, -0.3, 0.1, 1.0]>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x32xf32>) {
  %q:4 = zq.planes %x count 1 limit 8194 group 32 rows 2 offset 0 : tensor<2x64xf32> -> tensor<1x16x2x2x2xi16>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>
  // expected-error @+1 {{(N2) takes 16-bit integers up to 8193, since sums of a group are of 32 bits, and not up to 8194}}
  %y = zq.contract %q#0, %q#1, %q#2, %q#3 with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<1x16x2x2x2xi16>, tensor<1x2x2xf32>, tensor<1x2x2xi32>, tensor<1x2x2xf32>), !w -> tensor<2x32xf32>
  return
}
