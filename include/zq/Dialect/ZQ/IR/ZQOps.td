//===- ZQOps.td - Operations ------------------------------*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_IR_ZQOPS_TD
#define ZQ_DIALECT_ZQ_IR_ZQOPS_TD

include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"
include "zq/Dialect/ZQ/IR/ZQAttributes.td"
include "zq/Dialect/ZQ/IR/ZQTypes.td"

def F32RankedTensor : RankedTensorOf<[F32]>;

class ZQ_Op<string mnemonic, list<Trait> traits = []>
    : Op<ZQ_Dialect, mnemonic, traits>;

// Methods of TilingInterface where a tile of the loops is that of the result.
defvar zqTileOfResult = [{
  LogicalResult $cppClass::getResultTilePosition(
      OpBuilder &, unsigned, ArrayRef<OpFoldResult> offsets,
      ArrayRef<OpFoldResult> sizes,
      SmallVector<OpFoldResult> &resultOffsets,
      SmallVector<OpFoldResult> &resultSizes) {
    resultOffsets.assign(offsets.begin(), offsets.end());
    resultSizes.assign(sizes.begin(), sizes.end());
    return success();
  }
  FailureOr<TilingResult> $cppClass::generateResultTileValue(
      OpBuilder &b, unsigned, ArrayRef<OpFoldResult> offsets,
      ArrayRef<OpFoldResult> sizes) {
    return getTiledImplementation(b, offsets, sizes);
  }
}];
defvar zqTileFromResult = zqTileOfResult # [{
  LogicalResult $cppClass::getIterationDomainTileFromResultTile(
      OpBuilder &, unsigned, ArrayRef<OpFoldResult> offsets,
      ArrayRef<OpFoldResult> sizes,
      SmallVectorImpl<OpFoldResult> &domainOffsets,
      SmallVectorImpl<OpFoldResult> &domainSizes) {
    domainOffsets.assign(offsets.begin(), offsets.end());
    domainSizes.assign(sizes.begin(), sizes.end());
    return success();
  }
}];

//===----------------------------------------------------------------------===//
// Compressed tensors
//===----------------------------------------------------------------------===//

def ZQ_EncodeOp : ZQ_Op<"encode", [Pure]> {
  let summary = "Encodes a dense tensor";
  let description = [{
    The result holds `source` as the reference codec of its type encodes it. The
    encoding of a constant is folded by `zq-encode-constants`.

    ```mlir
    %w = zq.encode %x : tensor<64x64xf32> -> !zq.tensor<64x64xf32, #zq.codec<nvfp4>>
    ```

    Constraints:
    * (E1) source and result agree in shape and element type.

    `encode(decode(w))` folds to w only where the codec is lossless.
  }];
  let arguments = (ins AnyRankedTensor:$source);
  let results = (outs ZQ_AnyCompressedTensor:$result);
  let assemblyFormat =
      "$source attr-dict `:` type($source) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ZQ_DecodeOp : ZQ_Op<"decode", [
    Pure, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<TilingInterface, [
        "getLoopIteratorTypes", "getIterationDomain", "getTiledImplementation",
        "getResultTilePosition", "generateResultTileValue",
        "getIterationDomainTileFromResultTile"]>]> {
  let extraClassDefinition = zqTileFromResult;
  let summary = "Decodes a window of a compressed tensor";
  let description = [{
    The result is the window of the shape of `init` that begins at the offsets.
    `init` gives the destination; its values are not read. Any window inside
    the tensor is legal; one that begins at a multiple of the decoder's block
    (and, for a decoder with state, of its chunk) decodes faster.

    ```mlir
    %d = zq.decode %w at [%n, %k] outs(%tile : tensor<16x256xf32>)
        : !zq.tensor<4096x4096xf32, #nvfp4> -> tensor<16x256xf32>
    ```

    `using @symbol` names the `zq.decoder` that does the decoding. It is
    required where the codec itself names one, so that the symbol stays in use;
    `zq-materialize-decoders` adds it everywhere else.

    Constraints:
    * (D1) one offset per dimension of the source;
    * (D2) source, init and result agree in rank and element type;
    * (D3) a window that is known statically lies inside the source;
    * (D4) the decoder exists, and its streams are those of the codec;
    * (D5) a codec that names a decoder has it named on the op as well.

    `decode(encode(x))` folds to x only where the codec is lossless.
  }];
  let arguments = (ins ZQ_AnyCompressedTensor:$source,
                       OptionalAttr<FlatSymbolRefAttr>:$decoder,
                       Variadic<Index>:$offsets,
                       DenseI64ArrayAttr:$static_offsets,
                       AnyRankedTensor:$init);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $source (`using` $decoder^)? `at`
    custom<DynamicIndexList>($offsets, $static_offsets)
    `outs` `(` $init `:` type($init) `)` attr-dict
    `:` type($source) `->` type($result)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$source,
                   "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets,
                   "::mlir::Value":$init,
                   CArg<"::mlir::FlatSymbolRefAttr", "{}">:$decoder)>,
  ];
  let extraClassDeclaration = [{
    /// The offsets, static ones as attributes.
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedOffsets();
    ::mlir::RankedTensorType getWindowType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getResult().getType());
    }
    /// Whether the window is statically known to be the whole tensor.
    bool isWhole();
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def ZQ_AssembleOp : ZQ_Op<"assemble", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Makes a compressed tensor of its streams";
  let description = [{
    ```mlir
    %w = zq.assemble %scale, %scale1, %codes
        : tensor<1x1xf32>, tensor<64x4xf8E4M3FN>, tensor<64x32xi8>
        -> !zq.tensor<64x64xf32, #zq.codec<nvfp4>>
    ```

    Constraints:
    * (A1) the operands are the codec's streams, in number, shape and element
      type.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$streams);
  let results = (outs ZQ_AnyCompressedTensor:$result);
  let assemblyFormat =
      "$streams attr-dict `:` type($streams) `->` type($result)";
  let hasFolder = 1;
}

def ZQ_DisassembleOp : ZQ_Op<"disassemble", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The streams of a compressed tensor";
  let description = [{
    ```mlir
    %s:3 = zq.disassemble %w : !zq.tensor<64x64xf32, #zq.codec<nvfp4>>
        -> tensor<1x1xf32>, tensor<64x4xf8E4M3FN>, tensor<64x32xi8>
    ```

    Constraints:
    * (S1) the results are the codec's streams, in number, shape and element
      type.
  }];
  let arguments = (ins ZQ_AnyCompressedTensor:$source);
  let results = (outs Variadic<AnyRankedTensor>:$streams);
  let assemblyFormat =
      "$source attr-dict `:` type($source) `->` type($streams)";
  let hasFolder = 1;
}

def ZQ_ComponentOp : ZQ_Op<"component", [Pure]> {
  let summary = "One of the arrays that lie side by side in records";
  let description = [{
    Each record has `items` of the array's second dimension, from its byte
    `offset` on: element [p, i, j] is element `i mod items * size + j` of what
    begins there in record [p, i / items], where `size` is the array's last
    dimension. `zq-read-records` makes reads of it reads of the records.

    ```mlir
    %scales = zq.component %records at 0 items 4
        : tensor<8x4x576xi8> -> tensor<8x16x16xf8E4M3FN>
    %codes = zq.component %records at 64 items 8
        : tensor<8x4x576xi8> -> tensor<8x32x64xi8>
    ```

    Constraints:
    * (C1) the result has rank 3, as many panels as the records, and elements of
      whole bytes;
    * (C2) a record holds its items, and there are records for all of them.
  }];
  let arguments = (ins
    3DTensorOf<[I8]>:$records,
    I64Attr:$offset, I64Attr:$items);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$records `at` $offset `items` $items attr-dict `:` "
                       "type($records) `->` type($result)";
  let hasVerifier = 1;
}

def ZQ_RotateOp : ZQ_Op<"rotate", [
    Pure, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<TilingInterface, [
        "getLoopIteratorTypes", "getIterationDomain", "getTiledImplementation",
        "getResultTilePosition", "generateResultTileValue",
        "getIterationDomainTileFromResultTile"]>]> {
  let extraClassDefinition = zqTileFromResult;
  let summary = "Applies a linear map, or its inverse, along an axis";
  let description = [{
    The map of a transform: a stage that implements `TransformAttrInterface`.
    What the stage stores, such as a matrix, are operands. Its inverse decodes,
    bit-identical to the reference; the map itself sums in any order.

    ```mlir
    %y = zq.rotate %x by #zq.hadamard<axis = 1, block = 128, seed = 1>
        outs(%e : tensor<8x512xf32>) : tensor<8x512xf32> -> tensor<8x512xf32>
    %z = zq.rotate %y by #zq.orthogonal<axis = 1, block = 128, seed = 1>
        with %m : tensor<128x128xf32> inverse
        outs(%e : tensor<8x512xf32>) : tensor<8x512xf32> -> tensor<8x512xf32>
    ```

    Tiles along every axis but its own.

    Constraints:
    * (O1) the transform implements `TransformAttrInterface` and its axis is one
      of the source's;
    * (O2) the length of that axis is static, the element type f32;
    * (O3) source, init and result have one type;
    * (O4) the operands are what the transform stores, in number and type.
  }];
  let arguments = (ins AnyRankedTensor:$source, AnyAttr:$transform,
                       Variadic<AnyRankedTensor>:$parts, UnitAttr:$inverse,
                       AnyRankedTensor:$init);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $source `by` $transform (`with` $parts^ `:` type($parts))?
    (`inverse` $inverse^)? `outs` `(` $init `:` type($init) `)` attr-dict
    `:` type($source) `->` type($result)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    ::mlir::zq::TransformAttrInterface getTransformInterface() {
      return ::llvm::cast<::mlir::zq::TransformAttrInterface>(getTransform());
    }
    int64_t getAxis() { return getTransformInterface().getTransformAxis(); }
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// The parts of decoded tensors
//===----------------------------------------------------------------------===//

// What tensor stages put together again. That it is a weight in parts is known
// by the op: a contraction may be distributed over these, where it may not be
// over a sum that a program asks for.

def ZQ_SumOp : ZQ_Op<"sum", [Pure, SameOperandsAndResultType]> {
  let summary = "A decoded tensor as the sum of two";
  let description = [{
    Element by element, in f32. `zq-distribute-contractions` multiplies by the
    parts instead; where nothing is multiplied, it becomes a `linalg.add`.

    ```mlir
    %w = zq.sum %main, %residual : tensor<64x128xf32>
    ```
  }];
  let arguments = (ins F32RankedTensor:$lhs, F32RankedTensor:$rhs);
  let results = (outs F32RankedTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def ZQ_ScaleOp : ZQ_Op<"scale", [Pure, AllTypesMatch<["source", "result"]>]> {
  let summary = "A decoded tensor times one scale per slice";
  let description = [{
    `result[i, j] = source[i, j] * scales[i, 0]`: along dimensions where the
    scales have one element, it serves the whole of the dimension. One product
    in f32 per element.

    ```mlir
    %w = zq.scale %v by %s : tensor<64x128xf32>, tensor<64x1xf32>
    ```

    Constraints:
    * (C1) source and scales have one rank; a size of the scales is 1 or that of
      the source.
  }];
  let arguments = (ins F32RankedTensor:$source, F32RankedTensor:$scales);
  let results = (outs F32RankedTensor:$result);
  let assemblyFormat =
      "$source `by` $scales attr-dict `:` type($source) `,` type($scales)";
  let hasVerifier = 1;
}

def ZQ_ProductOp : ZQ_Op<"product", [
    Pure, AllElementTypesMatch<["left", "right", "result"]>]> {
  let summary = "A decoded tensor as the product of two factors";
  let description = [{
    `result[..., i, j] = sum of left[..., i, r] * right[..., r, j]`, in f32, the
    sum begun with 0 and in ascending order of r, with a rounding after each
    operation. The rank r is static.

    ```mlir
    %w = zq.product %l, %r : tensor<64x8xf32>, tensor<8x128xf32> -> tensor<64x128xf32>
    ```

    Constraints:
    * (P1) all have one rank of at least 2, and sizes that make a product.
  }];
  let arguments = (ins F32RankedTensor:$left, F32RankedTensor:$right);
  let results = (outs F32RankedTensor:$result);
  let assemblyFormat = [{
    $left `,` $right attr-dict
    `:` type($left) `,` type($right) `->` type($result)
  }];
  let hasVerifier = 1;
}

def ZQ_ScatterOp : ZQ_Op<"scatter", [Pure, AllTypesMatch<["main", "result"]>]> {
  let summary = "A decoded tensor with sparse values added or put in";
  let description = [{
    The window of `main`'s shape that begins at the offsets, of a tensor of
    `shape`. Along its last dimension are rows: row i of all of them has the
    values of `rows[i]` to `rows[i + 1]`, in the columns that `columns` says.
    Each, widened to f32, is added to the element of the main array that is
    there, or with `replace` takes its place.

    ```mlir
    %w = zq.scatter %rows, %columns, %values into %main at [%i, 0] of [64, 128]
        : tensor<65xi32>, tensor<?xi32>, tensor<?xf32>, tensor<8x128xf32>
    ```

    Constraints:
    * (K1) one offset and one size of the whole per dimension;
    * (K2) `rows` has one element more than the whole has rows, and all three
      have rank 1.
  }];
  let arguments = (ins RankedTensorOf<[I32]>:$rows,
                       RankedTensorOf<[I32]>:$columns,
                       RankedTensorOf<[AnyFloat]>:$values,
                       F32RankedTensor:$main, Variadic<Index>:$offsets,
                       DenseI64ArrayAttr:$static_offsets,
                       DenseI64ArrayAttr:$shape, UnitAttr:$replace);
  let results = (outs F32RankedTensor:$result);
  let assemblyFormat = [{
    $rows `,` $columns `,` $values `into` $main `at`
    custom<DynamicIndexList>($offsets, $static_offsets) `of` $shape
    (`replace` $replace^)? attr-dict `:` type($rows) `,` type($columns) `,`
    type($values) `,` type($main)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::ValueRange":$sparse, "::mlir::Value":$main,
                   "::llvm::ArrayRef<::mlir::OpFoldResult>":$offsets,
                   "::llvm::ArrayRef<int64_t>":$shape, "bool":$replace)>,
  ];
  let extraClassDeclaration = [{
    /// The offsets, static ones as attributes.
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedOffsets();
    /// Whether the window is statically known to be the whole tensor.
    bool isWhole();
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Contractions in a compute domain
//===----------------------------------------------------------------------===//

def ZQ_PlanesOp : ZQ_Op<"planes", [Pure]> {
  let summary = "Rows of activations as planes of integers";
  let description = [{
    Each run of columns of a row is written as integers q times one f32 scale s:
    with one plane q is in [-127, 127], with two in [-32512, 32512] and the sum of
    256 times the first plane and the second. s is the largest magnitude of the
    run over that bound, q = x / s rounded to nearest even. A run with an infinity
    or a NaN has the scale NaN, so that nothing computed with it looks like a
    number; magnitudes below 2^-100 may become zero. `group` columns share all
    factors of the weight; a run is one such group, or several where there are
    fewer scales than groups: all runs but the last have as many groups.

    With a `limit` there is one plane of 16-bit integers, and q is in
    [-limit, limit].

    The results are laid out for contractions that take `rows` rows at a time:
    `planes[i, k / 4, p, r, k % 4]` is plane p of element k of row i * rows + r,
    and of 16-bit integers `planes[i, k / 4, k % 2, r, k % 4 / 2]` is element k;
    `scales[i, k / run, r]` its scale, where `run` is the columns of a run.
    `starts[i, k / group, r]` is -offset times the sum of q over the group: what a
    sum of products with weights begins with to which `offset` was added.
    `totals[i, k / group, r]` is the sum of q over the group, for weights with a
    zero point. Rows and columns beyond the source's are zero.

    ```mlir
    // Runs of four groups.
    %q, %s, %t, %u = zq.planes %x count 2 group 32 rows 8 offset 8
        : tensor<8x4096xf32>
        -> tensor<1x1024x2x8x4xi8>, tensor<1x32x8xf32>,
           tensor<1x128x8xi32>, tensor<1x128x8xf32>
    %words, %v, %z, %u2 = zq.planes %x count 1 limit 5792 group 64 rows 8 offset 0
        : tensor<8x4096xf32>
        -> tensor<1x1024x2x8x2xi16>, tensor<1x64x8xf32>,
           tensor<1x64x8xi32>, tensor<1x64x8xf32>
    ```

    Constraints:
    * (Q1) 1 or 2 planes, one with a limit, which is 1 to 32767; groups of a
      multiple of 4 up to 1024 columns, 1 to 256 rows at a time, an offset of 0 to
      255;
    * (Q2) the source has rank 2 and static columns; the results' shapes are as
      above, with any number of runs.
  }];
  let arguments = (ins F32RankedTensor:$source, I64Attr:$count,
                       OptionalAttr<I64Attr>:$limit, I64Attr:$group,
                       I64Attr:$rows, I64Attr:$offset);
  let results = (outs RankedTensorOf<[I8, I16]>:$planes,
                      F32RankedTensor:$scales, RankedTensorOf<[I32]>:$starts,
                      F32RankedTensor:$totals);
  let assemblyFormat = [{
    $source `count` $count (`limit` $limit^)? `group` $group `rows` $rows
    `offset` $offset attr-dict `:` type($source) `->`
    type($planes) `,` type($scales) `,` type($starts) `,` type($totals)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$source, "int64_t":$count, "int64_t":$group,
                   "int64_t":$rows, "int64_t":$offset,
                   CArg<"::mlir::IntegerAttr", "{}">:$limit)>,
  ];
  let hasVerifier = 1;
}

def ZQ_TilesOp : ZQ_Op<"tiles", [Pure]> {
  let summary = "Rows of a matrix as planes of bf16, or as f32, in tiles";
  let description = [{
    Plane 0 of an element is the element rounded to bf16, to nearest even; each
    further plane is what the planes before left of it, rounded likewise. Finite
    elements beyond bf16 become its largest. What is below 2^-126 may count as
    zero.

    The result is laid out for `zq.multiply_tiles`: `result[b, i, s, p, r, c]` is
    plane p of element `[32 i + r, 32 (steps b + s) + c]` of the source, or zero
    beyond its end. Blocks of `steps` lie together, since they stay in a cache
    while many rows of a weight are multiplied with them. That is the form of a left
    operand. In the form of a right one, with `right`, 16 rows lie side by side in
    words of 32 bits: element c of row r is `[.., s, p, r / 16, c / 2,
    2 (r mod 16) + c mod 2]`.

    A result of f32 has one plane, which is the source's elements as they are, and
    one of them to a word: with `right` element c of row r is
    `[.., s, 0, r / 16, c, r mod 16]`.

    ```mlir
    %t = zq.tiles %x planes 2 steps 16
        : tensor<64x1024xf32> -> tensor<2x2x16x2x32x32xbf16>
    %u = zq.tiles %x right planes 1 steps 8
        : tensor<64x1024xf32> -> tensor<4x2x8x1x2x32x16xf32>
    ```

    Constraints:
    * (T1) 1 to 3 planes, one of f32, at least one step;
    * (T2) the source has rank 2 and a static shape; the result's shape is as
      above.
  }];
  let arguments = (ins RankedTensorOf<[F32, BF16]>:$source, UnitAttr:$right,
                       I64Attr:$planes, I64Attr:$steps);
  let results = (outs RankedTensorOf<[F32, BF16]>:$result);
  let assemblyFormat = [{
    $source (`right` $right^)? `planes` $planes `steps` $steps attr-dict
    `:` type($source) `->` type($result)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Value":$source, "int64_t":$planes,
                   "int64_t":$steps)>,
  ];
  let hasVerifier = 1;
}

def ZQ_ContractOp : ZQ_Op<"contract", [
    Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<TilingInterface, [
        "getIterationDomain", "getLoopIteratorTypes", "getTiledImplementation",
        "getResultTilePosition", "generateResultTileValue"]>]> {
  let extraClassDefinition = zqTileOfResult;
  let summary = "Activations times a compressed weight, in a compute domain";
  let description = [{
    `result[m, n] = init[m, n] + sum over k of x[m, k] * decode(weight)[n, k]`.
    The lanes of its kernel are rows of the weight, whose codec stores them in
    panels: factors of blocks and offsets, which may have codecs of such stages, a
    table of code values, codes laid out by `withLanes`
    (`zq/Dialect/ZQ/IR/LaneForm.h`).

    The domain is that of the activations. One tensor of f32, rows of k: sums in
    f32. The four results of a `zq.planes`: sums of products of integers, exact
    within a group, then f32. The weight's table is rounded to 8-bit integers
    where it is not made of such, times a power of two; with two planes, to pairs
    of them; with a plane of 16-bit integers, whose limit `getWordTable` says, to
    such. A zero point and an offset multiply the sum of the same integers; a
    code that stands for no finite value makes NaN of its row's sums. In both
    nothing of the weight is decoded to memory.

    The result of a `zq.tiles`: products of bf16, sums in f32, the weight with the
    factors and offsets of its blocks in `planes` planes of bf16, which are decoded
    once for many rows of the activation to a buffer in a near cache. Planes i of x
    and j of the weight are multiplied where i + j is less than the larger number of
    planes.

    A weight that is `rounded` is decoded once for many rows of the activation,
    to such a buffer too: signed 8-bit integers times one f32 for each row and
    group of up to 256 columns, 1/127 of the largest magnitude there, rounded to
    nearest even; NaN where one is infinite or NaN, and magnitudes below 2^-100 may
    become zero. Factors of whole rows are not in these; they multiply the sums at
    the end. The sums of products of integers are exact within such a group, which
    is the activations'; these are in one plane, with the offset 128.

    With `at` the result is a part of all columns: those that begin with this
    row of the weight, a multiple of `lanes`, or of 32 with tiles. Tiling makes
    such parts, so that what is done with the result elementwise is done while it
    is in cache.

    ```mlir
    %y = zq.contract %q, %s, %t, %u with %w lanes 16
        outs(%init : tensor<1x512xf32>)
        : (tensor<1x64x2x1x4xi8>, tensor<1x16x1xf32>, tensor<1x16x1xi32>,
           tensor<1x16x1xf32>), !zq.tensor<512x256xf32, #nvfp4_lanes>
        -> tensor<1x512xf32>
    %z = zq.contract %tiles with %w lanes 16 planes 1
        outs(%more : tensor<64x512xf32>)
        : (tensor<1x2x8x2x32x32xbf16>), !zq.tensor<512x256xf32, #nvfp4_lanes>
        -> tensor<64x512xf32>
    %rough = zq.contract %b, %c, %d, %e with %w lanes 16 rounded
        outs(%more : tensor<64x512xf32>)
        : (tensor<6x64x1x12x4xi8>, tensor<6x1x12xf32>, tensor<6x1x12xi32>,
           tensor<6x1x12xf32>), !zq.tensor<512x256xf32, #nvfp4_lanes>
        -> tensor<64x512xf32>
    %part = zq.contract %q, %s, %t, %u with %w at %row lanes 16
        outs(%tile : tensor<1x64xf32>)
        : (tensor<1x64x2x1x4xi8>, tensor<1x16x1xf32>, tensor<1x16x1xi32>,
           tensor<1x16x1xf32>), !zq.tensor<512x256xf32, #nvfp4_lanes>
        -> tensor<1x64xf32>
    ```

    Constraints:
    * (N1) the weight has rank 2 and a codec in the form above, for `lanes`;
    * (N2) one or four activations, whose shapes and groups fit the weight's, with
      one row at a time or more, and whose runs are whole tiles of its columns where
      they are several groups; a result of the type of `init`, with a column for each
      row of the weight, or, with `at`, as many as there are or fewer;
    * (N3) 1 to 3 `planes` and 16 lanes with activations in tiles, and no `planes`
      with others;
    * (N4) `rounded` with activations in one plane, in groups of columns that the
      weight decodes in parts of, at most 16 lanes, and static shapes.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$activations,
                       ZQ_AnyCompressedTensor:$weight, Optional<Index>:$row,
                       I64Attr:$lanes, UnitAttr:$rounded,
                       OptionalAttr<I64Attr>:$planes, F32RankedTensor:$init);
  let results = (outs F32RankedTensor:$result);
  let assemblyFormat = [{
    $activations `with` $weight (`at` $row^)? `lanes` $lanes
    (`rounded` $rounded^)?
    (`planes` $planes^)?
    `outs` `(` $init `:` type($init) `)` attr-dict
    `:` `(` type($activations) `)` `,` type($weight) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Whether the activations come from a `zq.tiles`.
    bool isOnTiles() { return getPlanes().has_value(); }
  }];
  let hasVerifier = 1;
}

def ZQ_ContractRowsOp : ZQ_Op<"contract_rows", [
    Pure,
    DeclareOpInterfaceMethods<TilingInterface, [
        "getIterationDomain", "getLoopIteratorTypes", "getTiledImplementation",
        "getResultTilePosition", "generateResultTileValue"]>]> {
  let extraClassDefinition = zqTileOfResult;
  let summary = "Activations in tiles times a weight that is read row by row";
  let description = [{
    `result[m, n] = init[m, n] + sum over k of x[m, k] * weight[n, k]`, for a
    weight of any kind: a dense matrix, or a compressed one, which is decoded. The
    activation is a `zq.tiles` with `right`. Rows of the weight become the left
    operand of `zq.multiply_tiles`, in the same element type and in `planes`
    planes, 32 of them at a time and once for up to 512 rows of the activation.
    Nothing is known of the weight's layout but that its rows can be read, so that
    elements never change their order on the way: what is transposed is the
    activation, once, and the sums.

    With `at` the result is a part of all columns: those that begin with this
    row of the weight, a multiple of 32. Tiling makes such parts, as of a
    `zq.contract`.

    ```mlir
    %t = zq.tiles %x right planes 1 steps 8
        : tensor<64x1024xf32> -> tensor<4x2x8x1x2x32x16xf32>
    %y = zq.contract_rows %t with %w planes 1 outs(%init : tensor<64x512xf32>)
        : tensor<4x2x8x1x2x32x16xf32>, !zq.tensor<512x1024xf32, #nvfp4>
        -> tensor<64x512xf32>
    %part = zq.contract_rows %t with %w at %row planes 1
        outs(%tile : tensor<64x96xf32>)
        : tensor<4x2x8x1x2x32x16xf32>, !zq.tensor<512x1024xf32, #nvfp4>
        -> tensor<64x96xf32>
    ```

    Constraints:
    * (V1) 1 to 3 planes, one of f32;
    * (V2) a weight of rank 2 and static shape, and tiles of the right form for as
      many columns, and for the rows of the result, which has the type of `init`
      and a column for each row of the weight, or, with `at`, as many as there
      are or fewer.
  }];
  let arguments = (ins RankedTensorOf<[F32, BF16]>:$activation,
                       AnyTypeOf<[ZQ_AnyCompressedTensor,
                                  RankedTensorOf<[F32, BF16]>]>:$weight,
                       Optional<Index>:$row, I64Attr:$planes, F32RankedTensor:$init);
  let results = (outs F32RankedTensor:$result);
  let assemblyFormat = [{
    $activation `with` $weight (`at` $row^)? `planes` $planes
    `outs` `(` $init `:` type($init) `)` attr-dict
    `:` type($activation) `,` type($weight) `->` type($result)
  }];
  let hasVerifier = 1;
}

def ZQ_MultiplyTilesOp : ZQ_Op<"multiply_tiles", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Adds products of bf16 or f32 in tiles to a tile of f32";
  let description = [{
    `lhs[s, p, m, c]` is plane p of 32 rows, 32 columns a step. `rhs[s, q, h, r,
    2 j + t]` is plane q of row 16 h + j, in column 2 r + t of step s: pairs of
    columns, 16 rows side by side. `init[m, 16 h + j]` becomes the sum of the
    products of row m and row 16 h + j, over all columns and all pairs of planes
    with p + q less than the larger number of planes, in f32; plus what it was,
    unless `fresh` is set. Numbers below 2^-126 may count as zero.

    `ahead` is a matrix that is read soon after. It changes nothing; its cache
    lines may be fetched, a few with each step.

    Of f32 there is one plane, and no pairs: `rhs[s, 0, h, c, j]` is column c of
    row 16 h + j in step s.

    ```mlir
    %c = zq.multiply_tiles %a, %b fresh %first outs(%d)
        : tensor<16x2x32x32xbf16>, tensor<16x1x2x16x32xbf16>, tensor<32x32xf32>
        -> tensor<32x32xf32>
    zq.multiply_tiles %a, %b fresh %first outs(%d)
        : memref<16x2x32x32xbf16>, memref<16x1x2x16x32xbf16>, memref<32x32xf32>
    zq.multiply_tiles %a, %b fresh %first ahead(%next : memref<2x512xbf16>) outs(%d)
        : memref<16x2x32x32xbf16>, memref<16x1x2x16x32xbf16>, memref<32x32xf32>
    ```

    Constraints:
    * (M1) operands of these shapes and of one element type, tensors or memrefs,
      the same number of steps; a result where they are tensors.
    * (M2) `ahead` is a matrix of a known size that is not 0.
  }];
  let arguments = (ins AnyTypeOf<[RankedTensorOf<[BF16, F32]>,
                                  MemRefOf<[BF16, F32]>]>:$lhs,
                       AnyTypeOf<[RankedTensorOf<[BF16, F32]>,
                                  MemRefOf<[BF16, F32]>]>:$rhs,
                       I1:$fresh,
                       Optional<AnyTypeOf<[RankedTensorOf<[BF16, F32]>,
                                           MemRefOf<[BF16, F32]>]>>:$ahead,
                       AnyTypeOf<[RankedTensorOf<[F32]>, MemRefOf<[F32]>]>:$init);
  let results = (outs Variadic<RankedTensorOf<[F32]>>:$results);
  let assemblyFormat = [{
    $lhs `,` $rhs `fresh` $fresh (`ahead` `(` $ahead^ `:` type($ahead) `)`)?
    `outs` `(` $init `)` attr-dict
    `:` type($lhs) `,` type($rhs) `,` type($init) (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitMutable();
    }
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

def ZQ_DecoderOp : ZQ_Op<"decoder", [
    IsolatedFromAbove, Symbol]> {
  let summary = "How one block of a compressed tensor is decoded";
  let description = [{
    The decode region gets the streams as whole tensors, then the position of
    the block's first element (one index per dimension, each a multiple of the
    block), and yields the block's values as a vector. It may read anywhere in
    the streams; the last block of a row may reach beyond it, and what it
    yields there is dropped.

    ```mlir
    // 3-bit indices into a table of 8 values, a bf16 scale per 64 columns.
    zq.decoder @lut3 block [1, 8] streams [
      #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 ceildiv 8) * 3)>,
      #zq.stream<"scale" : bf16, (d0, d1) -> (d0, d1 ceildiv 64)>,
      #zq.stream<"table" : f32, (d0, d1) -> (8)>
    ] decode {
    ^bb0(%codes: tensor<?x?xi8>, %scale: tensor<?x?xbf16>,
         %table: tensor<8xf32>, %i: index, %j: index):
      ...
      zq.yield %values : vector<8xf32>
    }
    ```

    A decoder with state has a chunk, a number of elements along the last axis
    after which it starts afresh. Its init region gets streams and position, a
    multiple of the chunk, and yields the state; its decode region gets the
    state after the position and yields it after the values.

    The state may be a tensor: the codes of a whole chunk, made by a
    `zq.prefix_chunks` of one position, from which the decode region reads. Of
    several chunks side by side they are decoded together.

    The built-in stages become such decoders too (`zq-materialize-decoders`):
    the passes below know no other form.

    Constraints:
    * (R1) the block has one positive size per dimension, 1 but for the last;
    * (R2) the decode region's arguments are one ranked tensor per stream, of
      its element type and rank, one index per dimension, and the state;
    * (R3) it yields a vector of the block's length and a float type, then the
      state;
    * (R4) the chunk and the init region come together; the chunk is a multiple
      of the block;
    * (R5) where a tensor is in the state, it is all of it: the init region
      yields a `zq.prefix_chunks` of one row, into a `tensor.empty`, with the
      `zq.prefix_table` of its table, of bits and as many codes as all indices
      but the last have; the decode region yields what it got.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       DenseI64ArrayAttr:$block,
                       TypedArrayAttrBase<ZQ_StreamAttr, "streams">:$streams,
                       OptionalAttr<I64Attr>:$chunk);
  let regions = (region SizedRegion<1>:$body, AnyRegion:$init);
  let assemblyFormat = [{
    custom<Visibility>($sym_visibility) $sym_name `block` $block (`chunk` $chunk^)?
    `streams` $streams attr-dict-with-keyword
    `decode` $body (`init` $init^)?
  }];
  let extraClassDeclaration = [{
    int64_t getRank() { return getBlock().size(); }
    int64_t getBlockLength() { return getBlock().back(); }
    int64_t getChunkLength() { return getChunk().value_or(0); }
    ::llvm::SmallVector<::mlir::zq::StreamAttr> getStreamAttrs();
    /// The types of the decoder's state.
    ::llvm::SmallVector<::mlir::Type> getStateTypes();
    /// That of a state which is the codes of a chunk; null for another one.
    ::mlir::RankedTensorType getChunkCodesType();
    /// Element type of the vector that the decoder yields.
    ::mlir::Type getYieldedElementType();
    /// Clones a region (`getBody` or `getInit`) at the builder, for the given
    /// streams, position and state; returns what it yields. Streams are cast
    /// to the types of the region's arguments.
    ::llvm::SmallVector<::mlir::Value>
    inlineRegion(::mlir::OpBuilder &builder, ::mlir::Location loc,
                 ::mlir::Region &region, ::mlir::ValueRange streams,
                 ::mlir::ValueRange position, ::mlir::ValueRange state);
  }];
  let hasRegionVerifier = 1;
}

def ZQ_YieldOp : ZQ_Op<"yield", [Pure, Terminator, HasParent<"DecoderOp">]> {
  let summary = "Ends a region of a `zq.decoder`";
  let description = [{
    Gives the block's values and the state after them, or in an init region the
    state at a chunk's beginning.

    ```mlir
    zq.yield %values, %position : vector<16xf32>, index
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def ZQ_PrefixTableOp : ZQ_Op<"prefix_table", [Pure]> {
  let summary = "What the next bits of a prefix code stand for, codes at a time";
  let description = [{
    `table` is that of a prefix code: entry i, of `symbol | length << 8`, is the
    code that begins bits i, the next bit being bit 0. Entry i of the result
    holds as many codes as bits i hold whole ones, at most six: the number of
    their bits in its lowest byte, their own number in the next one, then their
    symbols. That is none where the first code is longer than such an entry's
    bits.

    ```mlir
    %entries = zq.prefix_table %table : tensor<65536xi16> -> tensor<2048xi64>
    ```

    Constraints:
    * (P1) the table's size is a power of two, that of the entries 2048.
  }];
  let arguments = (ins 1DTensorOf<[I16]>:$table);
  let results = (outs 1DTensorOf<[I64]>:$entries);
  let assemblyFormat = [{
    $table attr-dict `:` type($table) `->` type($entries)
  }];
  let extraClassDeclaration = [{
    /// Bits that are looked up at once: a table of 16 KiB, half of a first
    /// cache.
    static constexpr int64_t lookupBits = 11;
  }];
  let hasVerifier = 1;
}

def ZQ_PrefixChunksOp : ZQ_Op<"prefix_chunks", [
    Pure, AllTypesMatch<["init", "result"]>]> {
  let summary = "Decodes runs of a prefix code to bytes, side by side";
  let description = [{
    Row r of the result begins with the `count` symbols whose codes begin at bit
    `positions[r]` of `bits`; what follows them is anything. `table` is that of
    the code, `entries` its `zq.prefix_table`. Whatever the table and the
    positions are, nothing is read or written out of bounds, so long as `bits`
    has eight bytes or more and `count` is at most the result's columns but 64.

    ```mlir
    %codes = zq.prefix_chunks %bits at [%p, %q] count %n with %table, %entries
        outs(%e) : tensor<?xi8>, tensor<65536xi16>, tensor<2048xi64>,
        tensor<2x1088xi8>
    ```

    Constraints:
    * (P1) the table's size is a power of two, that of the entries 2048;
    * (P2) the result has a row for each position and more than 64 columns.
  }];
  let arguments = (ins 1DTensorOf<[I8]>:$bits, Index:$count,
                       1DTensorOf<[I16]>:$table, 1DTensorOf<[I64]>:$entries,
                       2DTensorOf<[I8]>:$init, Variadic<Index>:$positions);
  let results = (outs 2DTensorOf<[I8]>:$result);
  let assemblyFormat = [{
    $bits `at` `[` $positions `]` `count` $count `with` $table `,` $entries
    `outs` `(` $init `)` attr-dict
    `:` type($bits) `,` type($table) `,` type($entries) `,` type($init)
  }];
  let extraClassDeclaration = [{
    /// Columns of the result that are not symbols: what is written past a run.
    static constexpr int64_t slack = 64;
  }];
  let hasVerifier = 1;
}

// Those that the target lowers to instructions of its own.
include "zq/Dialect/ZQ/IR/ZQVectorOps.td"

#endif // ZQ_DIALECT_ZQ_IR_ZQOPS_TD
