//===- Passes.td - Passes on the zq dialect ---------------*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_TRANSFORMS_PASSES_TD
#define ZQ_DIALECT_ZQ_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def Import : Pass<"zq-import", "::mlir::ModuleOp"> {
  let summary = "Import foreign spellings of compressed tensors";
  let description = [{
    What other dialects write as integer codes and their dequantization becomes
    the `zq.decode` of a `zq.assemble`, where both compute the same bits:

    * a `quant.dcast` of the `quant.scast` of an integer tensor, quantized per
      tensor, per axis or per block;
    * a `linalg.generic` whose body is an integer converted to a float, perhaps
      less a zero point, times a scale that is shared along some loops, with a
      `tensor.collapse_shape` that merges its groups.

    Codes of less than 8 bits must be constant: they are packed here. Everything
    else is left alone, as it is legal to have it; where it was recognised and
    only its storage is not to be had (zero points beyond i8), a remark says
    why. Tested in `test/Dialect/ZQ/import.mlir`.

    ```mlir
    %q = quant.scast %codes : tensor<64x64xi8>
        to tensor<64x64x!quant.uniform<i8:f32, 0.5>>
    %d = quant.dcast %q
        : tensor<64x64x!quant.uniform<i8:f32, 0.5>> to tensor<64x64xf32>
    // becomes
    %s = arith.constant dense<0.5> : tensor<1x1xf32>
    %w = zq.assemble %s, %codes : tensor<1x1xf32>, tensor<64x64xi8>
        -> !zq.tensor<64x64xf32, #zq.codec<scale<tensor, f32>, quantize<si8>, pack>>
    %e = tensor.empty() : tensor<64x64xf32>
    %d = zq.decode %w at [0, 0] outs(%e : tensor<64x64xf32>) : ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::zq::ZQDialect"];
}

def EncodeConstants : Pass<"zq-encode-constants", "::mlir::ModuleOp"> {
  let summary = "Encode constants at compile time";
  let description = [{
    A `zq.encode` of a constant (`dense` or `dense_resource`) becomes a
    `zq.assemble` of its streams, encoded by the reference codec. Values that
    the codec cannot hold are an error at the op. Tested in
    `test/Dialect/ZQ/encode-constants.mlir`.

    ```mlir
    %x = arith.constant dense<1.5> : tensor<1x16xf32>
    %w = zq.encode %x : tensor<1x16xf32> -> !zq.tensor<1x16xf32, #nvfp4>
    // becomes
    %s = arith.constant dense<5.58035739E-4> : tensor<1x1xf32>
    %s1 = arith.constant dense<4.480000e+02> : tensor<1x1xf8E4M3FN>
    %c = arith.constant dense<119> : tensor<1x8xi8>
    %w = zq.assemble %s, %s1, %c : ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def DecomposeAggregates
    : Pass<"zq-decompose-aggregates", "::mlir::ModuleOp"> {
  let summary = "Write ops that stand for several as those";
  let description = [{
    `linalg.softmax`, and every other op that upstream can decompose, becomes
    the structured ops that it stands for, which are then fused and tiled like
    any other. Tested in `test/Dialect/ZQ/decompose-aggregates.mlir`.

    ```mlir
    %p = linalg.softmax dimension(1) ins(%s : tensor<4x16xf32>) outs(%e : ...)
    // becomes
    %m = linalg.generic ... ["parallel", "reduction"] ... arith.maxnumf
    %x = linalg.generic ... arith.subf ... math.exp
    %t = linalg.generic ... ["parallel", "reduction"] ... arith.addf
    %p = linalg.generic ... arith.divf
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LowerConvolutions : Pass<"zq-lower-convolutions", "::mlir::ModuleOp"> {
  let summary = "Turn convolutions into contractions";
  let description = [{
    A convolution becomes a copy of the input's windows (im2col) and a
    contraction of these with the filter, for any layout, number of dimensions,
    strides, dilations and groups. The elements of a window are in the order in
    which the filter is stored, so that a compressed filter is decoded like any
    other weight; loops over pixels become one, and so do those that are
    contracted where the filter has one dimension for them behind a
    `tensor.expand_shape`. Tested in `test/Dialect/ZQ/lower-convolutions.mlir`.

    ```mlir
    %y = linalg.conv_2d_nhwc_hwcf
        ins(%x, %f : tensor<1x9x9x8xf32>, tensor<3x3x8x16xf32>)
        outs(%o : tensor<1x7x7x16xf32>)
    // becomes
    %c = linalg.generic {indexing_maps = [(n, h, w, i, j, c) -> (n, h + i, w + j, c), ...
        ins(%x : tensor<1x9x9x8xf32>) outs(... : tensor<1x7x7x3x3x8xf32>)
    %y = linalg.generic {indexing_maps = [(p, f, i, j, c) -> (p, i, j, c),
                                          (p, f, i, j, c) -> (i, j, c, f),
                                          (p, f, i, j, c) -> (p, f)], ...
        ins(..., %f : tensor<49x3x3x8xf32>, tensor<3x3x8x16xf32>)
        outs(... : tensor<49x16xf32>)
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def GatherRows : Pass<"zq-gather-rows", "::mlir::ModuleOp"> {
  let summary = "Decode only the rows of a table that are read";
  let description = [{
    Where a `linalg.generic` reads rows of a decode by `tensor.extract`, at
    places that data decides, a loop decodes the row of each iteration, and
    the table itself is not decoded. A `tensor.gather` becomes such a generic.
    Elementwise work on the table is done on what is read.

    An index outside of the table is clamped: a negative one reads the first
    row, one that is too large the last. No index makes a decode, or a
    `tensor.gather`, read outside of a tensor.

    The table is decoded as a whole, with a remark, where single elements are
    read, where a transform mixes its rows, or where more rows are read than
    there are. Tested in `test/Dialect/ZQ/gather-rows.mlir`.

    ```mlir
    %d = zq.decode %w at [0, 0] outs(%e : tensor<30522x384xf32>) : ...
    %y = linalg.generic ... ins(%ids : tensor<12xi32>) outs(... : tensor<12x384xf32>) {
    ^bb0(%id: i32, %out: f32):
      %row = arith.index_cast %id : i32 to index
      %k = linalg.index 1 : index
      %v = tensor.extract %d[%row, %k] : tensor<30522x384xf32>
      linalg.yield %v : f32
    }
    // becomes
    %y = scf.forall (%t) in (12) shared_outs(%o = ...) -> (tensor<12x384xf32>) {
      ... // %row: the index of %ids[%t], clamped
      %d = zq.decode %w at [%row, 0] outs(... : tensor<1x384xf32>) : ...
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %d into %o[%t, 0] [1, 384] [1, 1] ...
      }
    }
    ```
  }];
  let options = [
    Option<"width", "width", "int64_t", "16", "Lanes of a vector of f32">,
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def SplitCodecs : Pass<"zq-split-codecs", "::mlir::ModuleOp"> {
  let summary = "Take the stages out of codecs that are ops on tensors";
  let description = [{
    A tensor stage (a transform, a split into parts) that is the outermost one
    of a codec becomes ops on tensors over the decodes of its parts. A stage
    above it goes the same way where it can. Scales above a transform that are
    the same for all that it mixes change places with it where contractions along
    its axis are all that reads the decode, since that is the same but for
    rounding. Otherwise a stage above reads from a tensor that was decoded
    before. So does a stage with a side array whose codec no
    block decodes for itself. What is decoded as a whole has a remark.
    Factors above entries that `zq-tabulate-products` will look up become ops as
    well, for which it has to know the target's `lanes`; and factors of whole rows
    that have no layout for `panel-rows` of them, above a weight that has one and
    is only contracted along its rows.
    Tested in `test/Dialect/ZQ/split-codecs.mlir`.

    ```mlir
    %d = zq.decode %w at [%i, 0] outs(%t : tensor<8x128xf32>)
        : !zq.tensor<64x128xf32, #zq.codec<hadamard<...>, rest>> -> tensor<8x128xf32>
    // becomes
    %d0 = zq.decode %v at [%i, 0] outs(%t : tensor<8x128xf32>)
        : !zq.tensor<64x128xf32, #zq.codec<rest>> -> tensor<8x128xf32>
    %d = zq.rotate %d0 by #zq.hadamard<...> inverse outs(%e : tensor<8x128xf32>)
        : tensor<8x128xf32> -> tensor<8x128xf32>
    ```
  }];
  let options = [Option<"lanes", "lanes", "int64_t", "16",
                        "Elements of f32 that a vector has">,
                 Option<"panelRows", "panel-rows", "int64_t", "16",
                        "Rows of a weight that lie side by side">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def MoveRotations : Pass<"zq-move-rotations", "::mlir::ModuleOp"> {
  let summary = "Move rotations to activations, to results and into constants";
  let description = [{
    Where the axis of a rotation is contracted, the rotation moves to the other
    operand, since `x (w R^-1)^T = (x R) w^T`: a rotated weight is never rotated
    back. Where the result has the axis, the rotation moves to the result if that
    is no larger. An orthogonal rotation that meets its inverse goes away.

    A rotation of what is computed moves on past elementwise ops that are linear
    in each line along its axis, with factors that a line shares, where this
    makes for less to rotate: a residual connection then takes its other operand
    rotated. Sums of squares along the axis need no rotation, so that an
    orthogonal one passes an RMS norm, unless the norm has a weight: that belongs
    into the next matrix. Decoded values are exact to the bit and stay so.

    What is left folds into the constants that the rotated value is computed of:
    weight and bias of the layer before. A compressed constant takes it only if
    its codec holds the rotated values exactly, as it does rows in another order.
    Reshapes and transposes between may cut the axis, as attention does into heads:
    what each place of the outer dimensions has is then rotated by itself, so that
    rotations of values and output, and of queries and keys, go away, and that of a
    cache moves to the queries.
    A remark says why a rotation stays; one by a matrix becomes a contraction.
    Tested in `test/Dialect/ZQ/move-rotations.mlir`,
    `test/Dialect/ZQ/move-rotations-results.mlir` and
    `test/Dialect/ZQ/move-rotations-heads.mlir`.

    ```mlir
    %d = zq.rotate %d0 by #zq.hadamard<...> inverse
    linalg.matmul ... ins(%x, %d)
    // becomes
    %y = zq.rotate %x by #zq.hadamard<...>
    linalg.matmul ... ins(%y, %d0)
    ```
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::affine::AffineDialect"];
}

def DistributeContractions
    : Pass<"zq-distribute-contractions", "::mlir::ModuleOp"> {
  let summary = "Multiply by the parts of weights, each on its own";
  let description = [{
    A contraction is linear in a weight, so that a weight in parts is never put
    together for it: sums (of residuals, of low-rank and of sparse parts) become
    sums of results, a product of factors two contractions one after the other, a
    concatenation of channels one contraction for each part, and a scale that
    serves whole slices is applied to the result. Rotations in the parts move on
    as in `zq-move-rotations`. Sparse values that replace others, and what is
    used as it is, are put together. Tested in
    `test/Dialect/ZQ/distribute-contractions.mlir`.

    ```mlir
    %p = zq.product %l, %r : tensor<64x8xf32>, tensor<8x128xf32> -> tensor<64x128xf32>
    %w = zq.sum %main, %p : tensor<64x128xf32>
    %y = linalg.matvec ins(%w, %x) outs(%i)
    // becomes
    %a = linalg.matvec ins(%main, %x) outs(%i)
    %t = linalg.generic ... ins(%x, %r)  // 8 elements
    %b = linalg.generic ... ins(%t, %l)
    %y = linalg.add ins(%a, %b)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::affine::AffineDialect"];
}

def TabulateProducts : Pass<"zq-tabulate-products", "::mlir::ModuleOp"> {
  let summary = "Look up products of activations with entries of a codebook";
  let description = [{
    Where each code of a weight stands for an entry of consecutive values
    (`EntriesAttrInterface`), the products of an activation with all entries may
    be fewer than those with the weight: they become a table, computed once,
    and a result is a sum of what the codes find in it.

    ```
    t[m, j, e] = sum over l of x[m, j * length + l] * entries[e, l]
    y[m, n]    = sum over j of t[m, j, code[n, j]]
    ```

    Done where the entries lie along the contracted axis, all rows share them,
    codes have at most 8 bits, and the cost model (`Placement.h`, for vectors of
    `lanes` elements) predicts less for tables and lookups than for decoding and
    multiplying; a remark has both numbers either way. Scales above the entries
    are gone already: `zq-split-codecs` takes them out where tables pay, and
    `zq-distribute-contractions` moves them to the result. Sums are of the same
    products in another order, within the contraction's error bound. Tested in
    `test/Dialect/ZQ/tabulate-products.mlir`.

    ```mlir
    %d = zq.decode %w at [0, 0] ...  // codebook<1x8, bits = 4, f32>, pack
    %y = linalg.matmul ins(%x, %d : tensor<1x64xf32>, tensor<512x64xf32>) ...
    // becomes
    %t = linalg.generic ... ins(%e, %b : tensor<1x1x8x8xf32>, tensor<1x1x16x8xf32>)
        outs(... : tensor<1x1x8x1x16xf32>)
    %c = zq.decode ...               // quantize<ui4>, pack
    %y = linalg.generic ... ins(%c : tensor<512x8xf32>) {
      %v = tensor.extract %t[%m, %j, %code]
      ...
    ```
  }];
  let options = [Option<"lanes", "lanes", "int64_t", "16",
                        "Elements of f32 that a vector has">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def BlockRows : Pass<"zq-block-rows", "::mlir::ModuleOp"> {
  let summary = "Cut contractions of unknown size into blocks of known sizes";
  let description = [{
    A contraction with a parallel loop of unknown size that one of its inputs
    has alone (the rows of an activation) becomes a loop over blocks of 64 rows,
    then one over those of 16 that are left, of 4, and of 1. Inside everything
    is of known size, so that placement, domains and tiles are chosen as for any
    other contraction, each for its number of rows; a weight is decoded once for
    each block. Of several such loops the last is cut; what is left unknown is
    tiled by 1. What is done to these rows comes along, so that it is done to a
    block while that is in cache: an elementwise op that alone reads the result,
    and whatever makes the rows for the contraction alone. Tested in
    `test/Dialect/ZQ/block-rows.mlir`.

    ```mlir
    %y = linalg.matmul ins(%x, %w : tensor<?x256xf32>, tensor<256x512xf32>) ...
    // becomes
    %a = scf.for %i = %c0 to %stop step %c64 iter_args(%into = %init) -> (tensor<?x512xf32>) {
      %rows = tensor.extract_slice %x[%i, 0] [64, 256] [1, 1]
      %b = linalg.matmul ins(%rows, %w : tensor<64x256xf32>, tensor<256x512xf32>) ...
      ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FuseElementwise : Pass<"zq-fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "Make one op of each chain of elementwise ops";
  let description = [{
    Elementwise named ops become `linalg.generic`, and chains of those one op,
    so that what follows a contraction is one consumer. An elementwise op is
    never fused into a reduction: it would be computed again for every tile.
    Only a transpose is: a contraction reads its input in the order in which
    it is.
    Tested in `test/Dialect/ZQ/fuse-elementwise.mlir`.

    ```mlir
    %a = linalg.add ins(%y, %bias : ...)
    %b = linalg.exp ins(%a : ...)
    // becomes
    %b = linalg.generic ... ins(%y, %bias : ...) {
      ^bb0(%in: f32, %in_0: f32, %out: f32):
        %1 = arith.addf %in, %in_0 : f32
        %2 = math.exp %1 : f32
        linalg.yield %2 : f32
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::tensor::TensorDialect"];
}

def TileAndFuse : Pass<"zq-tile-and-fuse", "::mlir::ModuleOp"> {
  let summary = "Tile consumers and pull the decodes into their loops";
  let description = [{
    Makes a loop nest for every op on tensors whose result nothing else fuses.
    Outside are parallel tiles (`scf.forall`), into which elementwise ops pull
    the contraction that they consume, and that its weights. Inside are a
    contraction's register tile and a vector's lanes along the last dimension
    of its weight. The cost model (`Placement.h`) decides where the weight is
    decoded: inside, where its values stay in registers; once for the tile; or
    once before, where many tiles would decode it again. A remark on each
    decode says what was decided and what it is predicted to cost. Tested in
    `test/Dialect/ZQ/tile-and-fuse.mlir` and `test/Dialect/ZQ/placement.mlir`.

    ```mlir
    %d = zq.decode %w at [0, 0] outs(%e : tensor<512x256xf32>) : ...
    %y = linalg.matmul ... ins(%x, %d : tensor<1x256xf32>, tensor<512x256xf32>) ...
    // becomes
    %y = scf.forall (%n) = (0) to (512) step (32) ... {
      scf.for %i = ... {
        scf.for %k = ... {
          %d = zq.decode %w at [%r, %k] outs(... : tensor<16x16xf32>) : ...
          linalg.generic ... // 16 rows, 16 partial sums each
        }
        linalg.reduce ...
      }
    }
    ```
  }];
  let options = [
    Option<"width", "width", "int64_t", "16", "Lanes of a vector of f32">,
    Option<"accumulators", "accumulators", "int64_t", "16",
           "Vectors of accumulators in a register tile">,
    Option<"placement", "placement", "std::string", "\"auto\"",
           "Where the weights of contractions are decoded: registers, panel, "
           "up-front, or auto for what the cost model finds cheapest">,
    Option<"panel", "panel", "int64_t", "32",
           "Size of a parallel tile along the result's last dimension">,
    Option<"scalar", "scalar", "bool", "false",
           "Whether registers hold one element each, so that nothing is decoded "
           "side by side">,
    Option<"shortfall", "shortfall", "std::string", "\"\"",
           "What the target lacks, a remark on each function that decodes">,
  ];
  let dependentDialects = ["::mlir::scf::SCFDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def MaterializeDecoders : Pass<"zq-materialize-decoders", "::mlir::ModuleOp"> {
  let summary = "Make a zq.decoder of every codec that is decoded";
  let description = [{
    The stages of the codec of each `zq.decode` are emitted, innermost first,
    into one `zq.decoder` for blocks of `width` elements, and the op names it.
    The width is rounded up to what every stage decodes without its neighbours,
    such as the eight 3-bit codes of three bytes.
    Tested in `test/Dialect/ZQ/materialize-decoders.mlir`.

    ```mlir
    %d = zq.decode %w at [0, 0] outs(%e : tensor<4x16xf32>)
        : !zq.tensor<4x16xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x16xf32>
    // becomes
    %d = zq.decode %w using @decode_4x16xf32_w16 at [0, 0] ...
    zq.decoder private @decode_4x16xf32_w16 block [1, 16] streams [
      #zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
    ^bb0(%codes: tensor<4x16xi8>, %i: index, %j: index):
      %c = vector.transfer_read %codes[%i, %j], ...
      %f = arith.sitofp ...
      zq.yield %f : vector<16xf32>
    }
    ```
  }];
  let options = [
    Option<"width", "width", "int64_t", "16",
           "Elements of a block, along the last axis">,
    Option<"scalar", "scalar", "bool", "false",
           "Whether registers hold one element each, so that nothing is decoded "
           "side by side, nor a chunk of codes to memory">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DecodeToVector : Pass<"zq-decode-to-vector", "::mlir::ModuleOp"> {
  let summary = "Inline decoders into loops over the blocks of a window";
  let description = [{
    Each `zq.decode` becomes loops over its window's blocks (none, if the window
    is one block wide and at most `unroll` rows high: then the values are one
    vector and stay in registers) around the decoder's region. A decoder with
    state carries it through the loop whose induction variable is the window's
    offset along the last axis, starting afresh at each chunk; in loops of its
    own it decodes up to eight rows side by side. The ops of rows of up to 128
    values are in turn there, so that a CPU finds those that do not wait for one
    another. A state that is the codes of a chunk is one tensor for all rows,
    filled anew where chunks begin. A window that
    is not known to begin at a multiple of the block is decoded as the blocks
    that cover it, with a remark. `zq.rotate`, `zq.product` and `zq.scatter`
    become loops over vectors, `zq.prefix_table` and `zq.prefix_chunks` loops
    over codes.
    Tested in `test/Dialect/ZQ/decode-to-vector.mlir`.

    ```mlir
    %d = zq.decode %w using @dec at [%i, %k] outs(%e : tensor<1x16xf32>) : ...
    // becomes
    %s:3 = zq.disassemble %w : ...
    %v = ... // the decoder's region for [%i, %k]
    %d = vector.transfer_write %v, %e[%c0, %c0] : ...
    ```
  }];
  let options = [
    Option<"unroll", "unroll", "int64_t", "16",
           "Rows of a window that become one vector">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::affine::AffineDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::tensor::TensorDialect"];
}

def Vectorize : Pass<"zq-vectorize", "::mlir::ModuleOp"> {
  let summary = "Turn the inner tiles of linalg ops into vectors";
  let description = [{
    Every linalg op of static shape becomes reads, arithmetic and writes of
    vectors, and what is read back from a tensor just written stays a value.
    Then loops carry the vectors themselves. An op of dynamic shape is an
    error. Tested in `test/Dialect/ZQ/vectorize.mlir`.

    ```mlir
    %r = scf.for ... iter_args(%acc = %zero) -> (tensor<1x16xf32>) {
      %d = vector.transfer_write %v, %e[%c0, %c0] : ...
      %s = linalg.generic ... ins(%x, %d : ...) outs(%acc : ...)
    // becomes
    %r = scf.for ... iter_args(%acc = %zero) -> (vector<1x16xf32>) {
      %p = arith.mulf %xv, %v : vector<1x16xf32>
      %s = arith.addf %acc, %p : vector<1x16xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::affine::AffineDialect"];
}

def HoistSubsets : Pass<"zq-hoist-subsets", "::mlir::ModuleOp"> {
  let summary = "Keep parts of tensors in registers from one iteration to the next";
  let description = [{
    Does what upstream's `loop-invariant-subset-hoisting` does: a part of a tensor
    that each iteration of a loop reads and writes is read before the loop,
    carried, and written after it. Upstream's compares each two parts that a loop
    takes of a tensor, which was a third of the time that unrolled loops took to
    compile; here, loops in which no part stays where it is are passed over.
    Tested in `test/Dialect/ZQ/hoist-subsets.mlir`.

    ```mlir
    %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %x) -> (tensor<16xf32>) {
      %a = vector.transfer_read %t[%c0], %zero : tensor<16xf32>, vector<16xf32>
      %b = arith.addf %a, %v : vector<16xf32>
      %u = vector.transfer_write %b, %t[%c0] : vector<16xf32>, tensor<16xf32>
      scf.yield %u : tensor<16xf32>
    }
    // becomes
    %a = vector.transfer_read %x[%c0], %zero : tensor<16xf32>, vector<16xf32>
    %r:2 = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %x, %s = %a)
        -> (tensor<16xf32>, vector<16xf32>) {
      %b = arith.addf %s, %v : vector<16xf32>
      scf.yield %t, %b : tensor<16xf32>, vector<16xf32>
    }
    %y = vector.transfer_write %r#1, %r#0[%c0] : vector<16xf32>, tensor<16xf32>
    ```
  }];
}

def ShareKernels : Pass<"zq-share-kernels", "::mlir::ModuleOp"> {
  let summary = "Make equal loops and contractions one function";
  let description = [{
    The layers of a model do the same work on other tensors. Each loop and each
    `zq.contract` and `zq.planes` of a function's own block is compared with the
    others by what it does, constants included; two and more that are equal
    become calls of one private function, which is compiled once. Kernels with
    results of dynamic shape stay where they are.
    Tested in `test/Dialect/ZQ/share-kernels.mlir`.

    ```mlir
    %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %x) -> (tensor<8xf32>) { ... }
    %z = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %y) -> (tensor<8xf32>) { ... }
    // becomes
    %y = call @kernel(%x) : (tensor<8xf32>) -> tensor<8xf32>
    %z = call @kernel(%y) : (tensor<8xf32>) -> tensor<8xf32>
    func.func private @kernel(%x: tensor<8xf32>) -> tensor<8xf32> {
      %r = scf.for %i = %c0 to %c8 step %c1 iter_args(%t = %x) -> (tensor<8xf32>) { ... }
      return %r : tensor<8xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def SeparateResults : Pass<"zq-separate-results", "::mlir::ModuleOp"> {
  let summary = "Give each result of a function a buffer of its own";
  let description = [{
    A buffer that a function returns twice is copied for the second time, since
    each result becomes an argument of its own. Equal tensors end in one buffer,
    and so may those of no elements.
    Tested in `test/Dialect/ZQ/separate-results.mlir`.

    ```mlir
    return %a, %a : memref<4xf32>, memref<4xf32>
    // becomes
    %b = memref.alloc() : memref<4xf32>
    memref.copy %a, %b : memref<4xf32> to memref<4xf32>
    return %a, %b : memref<4xf32>, memref<4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def ExpandCopies : Pass<"zq-expand-copies", "::mlir::ModuleOp"> {
  let summary = "Turn copies of strided buffers into loops";
  let description = [{
    A `memref.copy` between buffers that are not both contiguous would become a
    call to a runtime library that nothing provides. It becomes a `linalg.copy`,
    which is lowered to loops. Tested in `test/Dialect/ZQ/expand-copies.mlir`.

    ```mlir
    memref.copy %a, %b : memref<4x8xf32, strided<[16, 1]>> to memref<4x8xf32>
    // becomes
    linalg.copy ins(%a : memref<4x8xf32, strided<[16, 1]>>)
                outs(%b : memref<4x8xf32>)
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def ExpandReshapes : Pass<"zq-expand-reshapes", "::mlir::ModuleOp"> {
  let summary = "Say the strides of views with several unknown sizes";
  let description = [{
    A `memref.expand_shape` of one size to several that are not known becomes a
    `memref.reinterpret_cast` with the sizes that it states;
    `expand-strided-metadata` would compute them from the source, and can do so
    for one. The source is a whole array; a part of one is an error. Tested in
    `test/Dialect/ZQ/expand-reshapes.mlir`.

    ```mlir
    %v = memref.expand_shape %x [[0, 1], [2]] output_shape [%a, %b, 64]
        : memref<?x64xf32> into memref<?x?x64xf32>
    // becomes
    %s = arith.muli %b, %c64 : index
    %v = memref.reinterpret_cast %x to offset: [0], sizes: [%a, %b, 64], strides: [%s, 64, 1]
        : memref<?x64xf32> to memref<?x?x64xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

def LowerVectorOps : Pass<"zq-lower-vector-ops", "::mlir::ModuleOp"> {
  let summary = "Lower zq's vector ops and math to what the target has";
  let description = [{
    `zq.unpack` and `zq.lookup` become plain vector arithmetic, or the
    permutes that the CPU with `features` has, `zq.multiply_tiles` loops of its
    products. Functions of vectors become polynomials, reductions of several
    dimensions those of one. Where elements are loaded one by one, since no
    vector instruction gets them, a remark at the function says so. Tested in
    `test/Dialect/ZQ/lower-vector-ops.mlir`.

    ```mlir
    %v = zq.lookup %c in %t : vector<16xi8>, vector<16xf32> -> vector<16xf32>
    // becomes, with AVX-512,
    %i = arith.extui %c : vector<16xi8> to vector<16xi32>
    %v = llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"(%t, %i) : ...
    ```
  }];
  let options = [
    Option<"features", "features", "std::string", "\"host\"",
           "Features of the CPU as LLVM names them, after aarch64 where it is "
           "none of x86-64; or host">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def PackWeights : Pass<"zq-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Lay weights out for contractions with rows in the lanes";
  let description = [{
    A compressed argument of a function that nothing calls, and of which some
    contraction uses the whole along its last dimension, gets the type with the
    layout that `zq-choose-domains` needs, if its codec has such a layout: whoever
    calls the function hands over streams in that layout. What the codec means
    does not change. What `zq-split-codecs` takes out of the codec keeps its
    layout. Tested in `test/Dialect/ZQ/pack-weights.mlir`.

    Codes under an entropy coder decode in registers, in panels
    (`#zq.panels`), where the coder has such a form. Each coder states how many
    instructions its codes take, the target what a byte from memory costs. Where
    decoding alone takes longer than reading the codes raw would, `recode` makes
    the argument one of raw codes, which whoever hands it over stores exactly;
    without it a remark says what is lost.

    Where factors have a good share of the bytes (`record-share`), they lie beside
    their codes in records, so that a kernel reads one stream: it is followed by
    the hardware, and a slow one beside a fast one is not. They stay apart where
    the last record of a row would be padding to more than an eighth of the row.

    ```mlir
    func.func @f(%w: !zq.tensor<64x64xf32, #zq.codec<scale<1x32, f16>, quantize<si4>, pack>>)
    // becomes
    func.func @f(%w: !zq.tensor<64x64xf32, #zq.codec<scale<1x32, f16, rows = 16>,
                                                     quantize<si4>, pack<lanes = 16x4>>>)
    ```
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16",
           "Rows of a panel: lanes of 32 bits">,
    Option<"recode", "recode", "bool", "false",
           "Change how codes are stored where that is predicted to be faster, "
           "though it may take more memory">,
    Option<"memoryCost", "memory-cost", "double", "0.45",
           "Vector instructions in the time in which a core reads a byte from "
           "memory">,
    Option<"recordShare", "record-share", "double", "0",
           "Bytes of factors and the like, for each of codes, from which on they "
           "lie in records with the codes; 0: none do">,
  ];
  let statistics = [
    Statistic<"packed", "packed", "Arguments that got another layout">,
  ];
}

def SplitRecords : Pass<"zq-split-records", "::mlir::ModuleOp"> {
  let summary = "Take the arrays of records as streams of their own";
  let description = [{
    What is decoded of a tensor in records (`records = 64` of a codec) is decoded
    of one without, whose streams are `zq.component`s of the records. No pass
    that comes later needs to know of records but `zq-read-records`.
    Tested in `test/Dialect/ZQ/split-records.mlir`.

    ```mlir
    %d = zq.decode %w at [0, 0] outs(%e : ...) : !zq.tensor<16x64xf32, #zq.codec<..., records = 64>> -> ...
    // becomes
    %r = zq.disassemble %w : ... -> tensor<1x1x576xi8>
    %s = zq.component %r at 0 items 4 : tensor<1x1x576xi8> -> tensor<1x4x16xf8E4M3FN>
    %c = zq.component %r at 64 items 8 : tensor<1x1x576xi8> -> tensor<1x8x64xi8>
    %v = zq.assemble %s, %c : ... -> !zq.tensor<16x64xf32, #zq.codec<...>>
    %d = zq.decode %v at [0, 0] outs(%e : ...) : ...
    ```
  }];
  let dependentDialects = ["::mlir::zq::ZQDialect"];
}

def ReadRecords : Pass<"zq-read-records", "::mlir::ModuleOp"> {
  let summary = "Read what lies in records where it lies";
  let description = [{
    A read of a `zq.component`, of an element or of a vector of neighbours,
    becomes a read of bytes of the records. Where the place is a constant after
    one that begins a record, so is its address. Any other use of a component is
    an error. Tested in `test/Dialect/ZQ/read-records.mlir`.

    ```mlir
    %c = zq.component %r at 64 items 8 : tensor<2x4x576xi8> -> tensor<2x32x64xi8>
    %v = vector.transfer_read %c[%p, %c9, %c0], %z : tensor<2x32x64xi8>, vector<64xi8>
    // becomes
    %v = vector.transfer_read %r[%p, %c1, %c128], %z : tensor<2x4x576xi8>, vector<64xi8>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect"];
}

def ChooseDomains : Pass<"zq-choose-domains", "::mlir::ModuleOp"> {
  let summary = "Choose the arithmetic of contractions with compressed weights";
  let description = [{
    A contraction of f32 with a weight that is laid out for it (`zq.contract`
    says how; constants get the layout here) goes to the cheapest domain whose
    error meets the accuracy asked for: one plane of 8-bit integers, two, with the
    option `words` one of 16-bit integers, which have as many digits as sums in 32
    bits leave them and suit tables of up to 32 values that no bytes hold, planes
    of bf16 where the target multiplies them in tiles or by dots, or f32. What is
    cheapest depends on the number of activation rows: in bf16 they go 32 at a
    time, and weights are decoded once for many of them. The accuracy is the largest
    error of a product, over the largest activation of its run times the weight's
    largest value, or times what its codes stand for at most, with their factors,
    where zero points or offsets take from that; a run is a group of columns that
    share all factors and offsets of the weight, or with several rows up to 128
    columns of such groups. Where that leaves room
    for it, a weight of short groups is rounded once more for many rows, to 8-bit
    integers with a scale for each row and up to 256 columns, which are a run then.
    An attribute
    `zq.accuracy` of the contraction goes before the option. A remark says what was
    chosen, with its error. Tested in `test/Dialect/ZQ/choose-domains.mlir`.

    A weight in no such layout, and a dense one, is multiplied row by row
    (`zq.contract_rows`) where there are rows enough of the activation: in planes
    of bf16 likewise, or in f32 on vectors of 16 lanes. Of two dense operands
    nothing is rounded off, unless by `zq.accuracy`.

    If both operands are bf16 and the accuracy is not 0, they are multiplied as they
    are, whatever the number of rows: products are exact, and numbers below 2^-126
    may count as zero. A remark says so, or that an accuracy of 0 forbids it. With
    many rows that is in tiles. With few, loops of f32 may be summed by `zq.dot` if
    the option `dots` says that this is an instruction; the flag `afn` of the
    multiplication says so to `zq-form-dots`.

    Elementwise ops then read a result as the matrix that it is, so that
    `zq-tile-and-fuse` takes them into its loop. With `recode` constants are
    stored anew, exactly, where that is predicted to be faster: raw codes for
    entropy-coded ones, or the other way round where memory is slow.

    ```mlir
    %y = linalg.matmul ins(%x, %d) ...  // %d = zq.decode %w
    // becomes
    %q, %s, %t = zq.planes %x count 2 group 32 rows 1 : ...
    %y = zq.contract %q, %s, %t with %w lanes 16 outs(%init) : ...
    ```
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16",
           "Rows of a panel: lanes of 32 bits">,
    Option<"accuracy", "accuracy", "double", "5e-5",
           "Largest error of a product that is allowed; 0 for f32">,
    Option<"tileRate", "tile-rate", "int64_t", "0",
           "Products of bf16 that `zq.multiply_tiles` makes in the time of one "
           "vector instruction; 0 where it is not worth while">,
    Option<"dots", "dots", "bool", "false",
           "Multiply bf16 by `zq.dot` where that is as good as f32">,
    Option<"registers", "registers", "int64_t", "32",
           "Vector registers, for sums of rows of the activation">,
    Option<"recode", "recode", "bool", "false",
           "Change how codes are stored where that is predicted to be faster, "
           "though it may take more memory">,
    Option<"memoryCost", "memory-cost", "double", "0.45",
           "Vector instructions in the time in which a core reads a byte from "
           "memory">,
    Option<"words", "words", "bool", "false",
           "Multiply 16-bit integers by `zq.dot` where that is cheaper than "
           "bytes">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FormDots : Pass<"zq-form-dots", "::mlir::ModuleOp"> {
  let summary = "Sum products of bf16 in loops by dots";
  let description = [{
    A loop that adds products of bf16, extended to f32, to a vector of zeros whose
    lanes are added up behind it, adds the products of neighbours to one lane
    (`zq.dot`): half as many lanes, and nothing to extend. The product has the flag
    `afn`, and the sum `contract`; `zq-choose-domains` and `zq-tile-and-fuse` set
    them. Tested in `test/Dialect/ZQ/form-dots.mlir`.

    ```mlir
    %s = scf.for ... iter_args(%a = %zeros) -> (vector<1x64xf32>) {
      %p = arith.mulf %xf, %wf fastmath<contract,afn> : vector<1x64xf32>  // arith.extf of %x, %w
      %b = arith.addf %a, %p fastmath<contract> : vector<1x64xf32>
    %r = vector.multi_reduction <add>, %s, %init [1] : vector<1x64xf32> to vector<1xf32>
    // becomes
    %s = scf.for ... iter_args(%a = %zeros) -> (vector<1x32xf32>) {
      %d = zq.dot %x0, %w0, %a0 : vector<64xbf16>, vector<32xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::zq::ZQDialect"];
}

def LowerContractions : Pass<"zq-lower-contractions", "::mlir::ModuleOp"> {
  let summary = "Lower contractions in compute domains to loops of vectors";
  let description = [{
    A `zq.contract` becomes a loop over panels of rows, whose iterations are
    independent, with a loop along the columns inside that keeps its sums in
    registers: codes are looked up in a table of the domain's type, and factors
    of blocks multiply once per block. A `zq.planes` becomes loops over its runs.
    For a weight that is `rounded` two panels at a time are decoded and rounded to
    a buffer, a group of columns at a time, for all rows of the activation.

    On tiles, iterations are blocks of rows of the weight. Each goes along the
    columns in steps of a few hundred, decodes so much of 32 rows to a buffer of
    bf16 and multiplies it with all rows of the activation (`zq.multiply_tiles`)
    before the next. Tested in `test/Dialect/ZQ/lower-contractions.mlir`.

    ```mlir
    %y = zq.contract %q, %s, %t with %w lanes 16 outs(%init) : ...
    // becomes
    %y = scf.forall (%panel) in (32) shared_outs(%o = %init) -> ... {
      %sums = scf.for %column = ... iter_args(...) {
        %w0 = zq.lookup %codes in %table : vector<64xi8>, vector<16xi8> -> vector<64xi8>
        %s0 = zq.dot %w0, %x0, %start : vector<64xi8>, vector<16xi32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::vector::VectorDialect"];
}

def PrefetchStreams : Pass<"zq-prefetch-streams", "::mlir::ModuleOp"> {
  let summary = "Prefetch what loops walk along";
  let description = [{
    Adds a `memref.prefetch` to each innermost loop for each vector that it reads
    from a buffer too large for a cache, of which no loop around reads the same
    part again. It is for the place that is read 16 KiB later, or, where rows do
    not follow one another, in the next iterations of the loop around. Loops that
    multiply what they read by several rows bring it on to the first cache, 2 KiB
    ahead. Whole rows that the loop around reads again are fetched for its next
    ones, in their order in memory. What loops around read up to eight times is
    fetched each time, and brought on to the first cache, unless the loop does
    little but read. Such loops are ahead of prefetches 16 KiB away:
    theirs are for a KiB later, a stream that is several times slower than
    another one is fetched four lines at a time, and a single walk without gaps
    is left to the hardware. So is one of several reads in an iteration, unless
    the loop multiplies them by several rows. An `llvm.fence` of a single thread,
    which is no instruction, comes before each of several reads, so that they
    stay in order. Changes no result. Tested in
    `test/Dialect/ZQ/prefetch-streams.mlir`.

    ```mlir
    scf.for %k = %c0 to %c8192 step %c64 {
      %v = vector.transfer_read %w[%i, %k], %c0_i8 : memref<1024x8192xi8>, vector<64xi8>
    // becomes
    scf.for %k = %c0 to %c8192 step %c64 {
      %next = arith.addi %k, %c16384 : index
      memref.prefetch %w[%i, %next], read, locality<2>, data : memref<1024x8192xi8>
      %v = vector.transfer_read %w[%i, %k], %c0_i8 : memref<1024x8192xi8>, vector<64xi8>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def ReportStorage : Pass<"zq-report-storage", "::mlir::ModuleOp"> {
  let summary = "Print how much room the compressed tensors take";
  let description = [{
    For each type of compressed tensor, its streams and their bits per weight,
    with padding, tables and indices, to stderr. A size that depends on the data
    is counted where the tensor is assembled from streams of known sizes, as
    constants are after `zq-encode-constants`, and is `?` elsewhere. Changes
    nothing. Tested in `test/Dialect/ZQ/report-storage.mlir`.

    ```mlir
    func.func @f(%w: !zq.tensor<64x64xf32, #zq.codec<nvfp4>>)
    // prints
    // | stream | stored as | bits per weight |
    // |---|---|---|
    // | `scale` | `tensor<1x1xf32>` | 0.00781 |
    // | `scale1` | `tensor<64x4xf8E4M3FN>` | 0.50000 |
    // | `codes` | `tensor<64x32xi8>` | 4.00000 |
    // | together | | 4.50781 |
    ```
  }];
}

def VerifyPhase : Pass<"zq-verify-phase", "::mlir::ModuleOp"> {
  let summary = "Check the contract of a phase of the way down";
  let description = [{
    What must not be left after a phase, each an error at the op:

    * `imported`: no `zq.encode` (constants are encoded), no quantized types;
    * `algebra`: no decode of a codec that begins with a transform;
    * `vectors`: no linalg op, `zq.decode` or `zq.rotate`;
    * `streams`: no `!zq.tensor` and no op of zq but its vector ops;
    * `buffers`: no tensors;
    * `device`: no op of a function reads or writes an array, which is in a
      GPU's memory, but for single elements that it waits for; kernels do;
    * `llvm`: nothing but the LLVM dialect and OpenMP, which LLVM IR is made of.

    Tested in `test/Dialect/ZQ/verify-phase.mlir`.

    ```mlir
    %d = zq.decode %w at [0, 0] ...
    // with phase=vectors: error: 'zq.decode' op is left after the phase 'vectors'
    ```
  }];
  let options = [
    Option<"phase", "phase", "std::string", "\"\"", "Name of the phase">,
  ];
}

def ExpandStorage : Pass<"zq-expand-storage", "::mlir::ModuleOp"> {
  let summary = "Replace compressed tensors by their streams";
  let description = [{
    Every value of type `!zq.tensor` becomes the tensors of its streams, across
    functions, calls and structured control flow. An op other than
    `zq.assemble` and `zq.disassemble` that still needs the compressed type is
    an error. Decoders that nothing names any more are erased. Tested in
    `test/Dialect/ZQ/expand-storage.mlir`.

    ```mlir
    func.func @f(%w: !zq.tensor<4x16xf32, #zq.codec<quantize<si8>, pack>>) {
      %c = zq.disassemble %w : ...
    // becomes
    func.func @f(%c: tensor<4x16xi8>) {
    ```
  }];
}

#endif // ZQ_DIALECT_ZQ_TRANSFORMS_PASSES_TD
