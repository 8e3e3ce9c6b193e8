// The ops that put decoded parts together: every error, with its text.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

func.func @rotate_without_part(%x: tensor<8x16xf32>) -> tensor<8x16xf32> {
  // expected-error @+1 {{(O4) the transform stores 1 arrays, but 0 are given}}
  %a = zq.rotate %x by #zq.permute<axis = 0>
      outs(%x : tensor<8x16xf32>) : tensor<8x16xf32> -> tensor<8x16xf32>
  return %a : tensor<8x16xf32>
}

// -----

func.func @rotate_by_wrong_part(%x: tensor<8x16xf32>, %o: tensor<16xi32>) -> tensor<8x16xf32> {
  // expected-error @+1 {{(O4) "order" is 'tensor<8xi32>', and not 'tensor<16xi32>'}}
  %a = zq.rotate %x by #zq.permute<axis = 0> with %o : tensor<16xi32>
      outs(%x : tensor<8x16xf32>) : tensor<8x16xf32> -> tensor<8x16xf32>
  return %a : tensor<8x16xf32>
}

// -----

func.func @scale_rank(%a: tensor<8x4xf32>, %s: tensor<8xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{(C1) 'tensor<8xf32>' does not scale 'tensor<8x4xf32>'}}
  %p = zq.scale %a by %s : tensor<8x4xf32>, tensor<8xf32>
  return %p : tensor<8x4xf32>
}

// -----

func.func @scale_sizes(%a: tensor<8x4xf32>, %s: tensor<2x1xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{(C1) 'tensor<2x1xf32>' does not scale 'tensor<8x4xf32>'}}
  %p = zq.scale %a by %s : tensor<8x4xf32>, tensor<2x1xf32>
  return %p : tensor<8x4xf32>
}

// -----

func.func @product_rank(%a: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{(P1) 'tensor<8xf32>' times 'tensor<8xf32>' is no 'tensor<8xf32>'}}
  %p = zq.product %a, %b : tensor<8xf32>, tensor<8xf32> -> tensor<8xf32>
  return %p : tensor<8xf32>
}

// -----

func.func @product_sizes(%a: tensor<8x2xf32>, %b: tensor<3x4xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{(P1)}}
  %p = zq.product %a, %b : tensor<8x2xf32>, tensor<3x4xf32> -> tensor<8x4xf32>
  return %p : tensor<8x4xf32>
}

// -----

func.func @product_of_dynamic_rank(%a: tensor<8x?xf32>, %b: tensor<?x4xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{(P1)}}
  %p = zq.product %a, %b : tensor<8x?xf32>, tensor<?x4xf32> -> tensor<8x4xf32>
  return %p : tensor<8x4xf32>
}

// -----

func.func @scatter_offsets(%r: tensor<9xi32>, %c: tensor<?xi32>, %v: tensor<?xf16>,
                           %x: tensor<2x16xf32>) -> tensor<2x16xf32> {
  // expected-error @+1 {{(K1) needs an offset and a size of the whole for each dimension of 'tensor<2x16xf32>'}}
  %a = zq.scatter %r, %c, %v into %x at [0] of [8, 16]
      : tensor<9xi32>, tensor<?xi32>, tensor<?xf16>, tensor<2x16xf32>
  return %a : tensor<2x16xf32>
}

// -----

func.func @scatter_rows(%r: tensor<3xi32>, %c: tensor<?xi32>, %v: tensor<?xf16>,
                        %x: tensor<2x16xf32>) -> tensor<2x16xf32> {
  // expected-error @+1 {{(K2) needs the beginnings of 8 rows and their end, with columns and values, and not 'tensor<3xi32>', 'tensor<?xi32>', 'tensor<?xf16>'}}
  %a = zq.scatter %r, %c, %v into %x at [0, 0] of [8, 16]
      : tensor<3xi32>, tensor<?xi32>, tensor<?xf16>, tensor<2x16xf32>
  return %a : tensor<2x16xf32>
}

// -----

func.func @prefix_table(%t: tensor<100xi16>) -> tensor<2048xi64> {
  // expected-error @+1 {{(P1) a table's size is a power of two, not 'tensor<100xi16>'}}
  %e = zq.prefix_table %t : tensor<100xi16> -> tensor<2048xi64>
  return %e : tensor<2048xi64>
}

// -----

func.func @prefix_entries(%t: tensor<256xi16>, %e: tensor<?xi64>, %b: tensor<?xi8>, %p: index,
                          %i: tensor<1x128xi8>) -> tensor<1x128xi8> {
  // expected-error @+1 {{(P1) there are 2048 entries, not 'tensor<?xi64>'}}
  %c = zq.prefix_chunks %b at [%p] count %p with %t, %e outs(%i)
      : tensor<?xi8>, tensor<256xi16>, tensor<?xi64>, tensor<1x128xi8>
  return %c : tensor<1x128xi8>
}

// -----

func.func @prefix_rows(%t: tensor<256xi16>, %e: tensor<2048xi64>, %b: tensor<?xi8>, %p: index,
                       %i: tensor<2x128xi8>) -> tensor<2x128xi8> {
  // expected-error @+1 {{(P2) the result has a row for each of 1 positions and more than 64 columns, it is 'tensor<2x128xi8>'}}
  %c = zq.prefix_chunks %b at [%p] count %p with %t, %e outs(%i)
      : tensor<?xi8>, tensor<256xi16>, tensor<2048xi64>, tensor<2x128xi8>
  return %c : tensor<2x128xi8>
}

// -----

func.func @prefix_columns(%t: tensor<256xi16>, %e: tensor<2048xi64>, %b: tensor<?xi8>, %p: index,
                          %i: tensor<1x64xi8>) -> tensor<1x64xi8> {
  // expected-error @+1 {{(P2) the result has a row for each of 1 positions and more than 64 columns, it is 'tensor<1x64xi8>'}}
  %c = zq.prefix_chunks %b at [%p] count %p with %t, %e outs(%i)
      : tensor<?xi8>, tensor<256xi16>, tensor<2048xi64>, tensor<1x64xi8>
  return %c : tensor<1x64xi8>
}
