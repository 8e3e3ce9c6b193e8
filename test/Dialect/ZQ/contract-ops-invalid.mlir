// Every error of the ops of compute domains, by its label and with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) has 1 or 2 planes, and not 3}}
  %q:4 = zq.planes %x count 3 group 32 rows 2 offset 8 : tensor<2x64xf32> -> tensor<1x16x3x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x3x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) has groups of a multiple of 4 up to 1024 columns, and not of 30}}
  %q:4 = zq.planes %x count 2 group 30 rows 2 offset 8 : tensor<2x64xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) takes 1 to 256 rows at a time, and not 0}}
  %q:4 = zq.planes %x count 2 group 32 rows 0 offset 8 : tensor<2x64xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x64xf32>) {
  // expected-error @+1 {{(Q1) has an offset of 0 to 255, and not 256}}
  %q:4 = zq.planes %x count 2 group 32 rows 2 offset 256 : tensor<2x64xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x?xf32>) {
  // expected-error @+1 {{(Q2) takes a matrix with static columns, and not 'tensor<2x?xf32>'}}
  %q:4 = zq.planes %x count 2 group 32 rows 2 offset 8 : tensor<2x?xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2x2xi32>, tensor<1x2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<3x70xf32>) {
  // expected-error @+1 {{(Q2) yields 'tensor<2x24x2x2x4xi8>', and not 'tensor<1x16x2x2x4xi8>'}}
  %q:4 = zq.planes %x count 2 group 32 rows 2 offset 8 : tensor<3x70xf32> -> tensor<1x16x2x2x4xi8>, tensor<1x2x2xf32>, tensor<1x2x2x2xi32>, tensor<1x2x2xf32>
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

!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<f8E5M2>, pack<lanes = 16x4>>>
func.func @f(%x: tensor<2x64xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N1) has no form for this weight: not all of its codes stand for finite values}}
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

// Groups of other columns than the weight's.
!w = !zq.tensor<32x64xf32, #zq.codec<scale<1x32, f16, rows = 16>, quantize<si4>, pack<lanes = 16x4>>>
func.func @f(%q: tensor<1x16x2x2x4xi8>, %s: tensor<1x4x2xf32>, %t: tensor<1x4x2x2xi32>, %u: tensor<1x4x2xf32>, %w: !w, %i: tensor<2x32xf32>) {
  // expected-error @+1 {{(N2) takes 'tensor<1x2x2xf32>', and not 'tensor<1x4x2xf32>'}}
  %y = zq.contract %q, %s, %t, %u with %w lanes 16 outs(%i : tensor<2x32xf32>) : (tensor<1x16x2x2x4xi8>, tensor<1x4x2xf32>, tensor<1x4x2x2xi32>, tensor<1x4x2xf32>), !w -> tensor<2x32xf32>
  return
}

// -----

func.func @f(%a: vector<64xi8>, %s: vector<32xi32>) {
  // expected-error @+1 {{(B1) adds 'vector<64xi8>' to 'vector<32xi32>', which is not four to a lane}}
  %d = zq.dot %a, %a, %s : vector<64xi8>, vector<32xi32>
  return
}
