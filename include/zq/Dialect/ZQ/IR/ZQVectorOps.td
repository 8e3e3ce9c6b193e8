//===- ZQVectorOps.td - Operations on vectors --------------*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_IR_ZQVECTOROPS_TD
#define ZQ_DIALECT_ZQ_IR_ZQVECTOROPS_TD

include "zq/Dialect/ZQ/IR/ZQOps.td"

//===----------------------------------------------------------------------===//
// Vector operations whose instruction the target picks
//===----------------------------------------------------------------------===//

def ZQ_UnpackOp : ZQ_Op<"unpack", [Pure]> {
  let summary = "Spreads packed codes to one per lane";
  let description = [{
    Result lane j holds bits `[j * bits, (j + 1) * bits)` of the source, read as
    one string of bits, lowest first.

    ```mlir
    %c = zq.unpack %bytes bits 4 : vector<8xi8> -> vector<16xi8>
    %d = zq.unpack %bytes bits 12 : vector<12xi8> -> vector<8xi16>
    ```

    Constraints:
    * (U1) bits is between 1 and 32, and the source has exactly the bits of the
      result's codes;
    * (U2) the lanes are i8 for codes of at most 8 bits, i16 for those of at most
      16, i32 for wider ones.
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8]>:$source, I64Attr:$bits);
  let results = (outs VectorOfRankAndType<[1], [I8, I16, I32]>:$result);
  let assemblyFormat = [{
    $source `bits` $bits attr-dict `:` type($source) `->` type($result)
  }];
  let hasVerifier = 1;
}

def ZQ_LaneOffsetOp : ZQ_Op<"lane_offset", [
    Pure, AllTypesMatch<["lane", "row", "column"]>]> {
  let summary = "Where a lane's first element lies";
  let description = [{
    The row and the column of the first element that `lane` holds: the XOR of the
    layout's offsets of the bits that are set in `lane`. Higher bits than there
    are offsets do not count.

    ```mlir
    // Of matrix C of mma.sync: row lane / 4, column 2 * (lane mod 4).
    %row, %column = zq.lane_offset %lane in
        <lanes = [(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)], elements = [(0, 1), (8, 0)], bits = 32> : index
    ```
  }];
  let arguments = (ins AnyTypeOf<[I32, Index]>:$lane,
                       ZQ_FragmentLayoutAttr:$layout);
  let results = (outs AnyTypeOf<[I32, Index]>:$row,
                      AnyTypeOf<[I32, Index]>:$column);
  let assemblyFormat = "$lane `in` $layout attr-dict `:` type($lane)";
}

def ZQ_LookupOp : ZQ_Op<"lookup", [Pure]> {
  let summary = "Looks every code up in a small table";
  let description = [{
    `result[j] = table[codes[j] mod N]`, N the number of entries.

    ```mlir
    %v = zq.lookup %codes in %table
        : vector<16xi8>, vector<8xf32> -> vector<16xf32>
    ```

    Constraints:
    * (L1) the table has a power of two of entries, at most 256;
    * (L2) result and codes have the same length, result and table the same
      element type.
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8, I32]>:$codes,
                       VectorOfRankAndType<[1], [F32, F16, BF16, I8, I16]>:$table);
  let results = (outs VectorOfRankAndType<[1], [F32, F16, BF16, I8, I16]>:$result);
  let assemblyFormat = [{
    $codes `in` $table attr-dict
    `:` type($codes) `,` type($table) `->` type($result)
  }];
  let hasVerifier = 1;
}

def ZQ_DotOp : ZQ_Op<"dot", [
    Pure, AllTypesMatch<["lhs", "rhs"]>, AllTypesMatch<["init", "result"]>]> {
  let summary = "Adds sums of products of narrower numbers to each lane";
  let description = [{
    Of bytes, `result[j]` is `init[j]` plus the sum over i = 0..3 of
    `lhs[4 j + i]`, unsigned, times `rhs[4 j + i]`, signed; modulo 2^32.

    Of 16-bit integers, both signed, it is `init[j]` plus the sum over i = 0..1 of
    `lhs[2 j + i]` times `rhs[2 j + i]`; modulo 2^32.

    Of bf16, it is `init[j]` plus the sum over i = 0..1 of `lhs[2 j + i]` times
    `rhs[2 j + i]`. The products are exact; each is added with a rounding to f32,
    in any order. Numbers below 2^-126 may count as zero.

    With `any_lane` a product may be added to another lane than its own: what
    comes of the lanes is their sum alone, and a target may take both operands in
    an order that it likes better.

    ```mlir
    %s = zq.dot %w, %x, %t : vector<64xi8>, vector<16xi32>
    %i = zq.dot %a, %b, %s : vector<32xi16>, vector<16xi32>
    %f = zq.dot %v, %y, %u : vector<32xbf16>, vector<16xf32>
    ```

    Constraints:
    * (B1) four bytes or two 16-bit integers for each lane of i32, or two bf16 for
      each of f32.
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8, I16, BF16]>:$lhs,
                       VectorOfRankAndType<[1], [I8, I16, BF16]>:$rhs,
                       VectorOfRankAndType<[1], [I32, F32]>:$init,
                       UnitAttr:$any_lane);
  let results = (outs VectorOfRankAndType<[1], [I32, F32]>:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $init attr-dict `:` type($lhs) `,` type($init)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs,
                                 "::mlir::Value":$init), [{
    build($_builder, $_state, lhs, rhs, init, /*any_lane=*/false);
  }]>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether it multiplies bytes, 16-bit integers, or bf16.
    bool isOfBytes() { return getFactorType().isInteger(8); }
    bool isOfWords() { return getFactorType().isInteger(16); }
    bool isOfBF16() { return getFactorType().isBF16(); }
    ::mlir::Type getFactorType() {
      return ::mlir::getElementTypeOrSelf(getLhs().getType());
    }
  }];
}

def ZQ_ToBF16Op : ZQ_Op<"to_bf16", [
    Pure, TypesMatchWith<"the result has the source's length", "source",
                         "result",
                         "::llvm::cast<::mlir::VectorType>($_self).clone("
                         "::mlir::BFloat16Type::get($_self.getContext()))">]> {
  let summary = "Rounds f32 to bf16 as products of bf16 need it";
  let description = [{
    To nearest even; a NaN stays one. Unlike with `arith.truncf` a number below
    2^-126 may become zero, as it would where it is multiplied.

    ```mlir
    %y = zq.to_bf16 %x : vector<32xf32>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [F32]>:$source);
  let results = (outs VectorOfRankAndType<[1], [BF16]>:$result);
  let assemblyFormat = "$source attr-dict `:` type($source)";
}

def ZQ_ExpandOp : ZQ_Op<"expand", [
    Pure, AllTypesMatch<["source", "passthru", "result"]>,
    TypesMatchWith<"the mask has a lane for each of the source", "source",
                   "mask",
                   "::llvm::cast<::mlir::VectorType>($_self).clone("
                   "::mlir::IntegerType::get($_self.getContext(), 1))">]> {
  let summary = "Puts consecutive elements into the lanes of a mask";
  let description = [{
    `result[j]` is `source[i]` where `mask[j]` is set, i the number of lanes set
    before j, and `passthru[j]` elsewhere. So lanes take up the next elements of
    a stream, each as many as it needs: one or none.

    ```mlir
    %v = zq.expand %bytes, %mask, %else : vector<16xi8>
    %w = zq.expand %values, %mask, %zeros : vector<16xf32>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8, F32]>:$source,
                       VectorOfRankAndType<[1], [I1]>:$mask,
                       VectorOfRankAndType<[1], [I8, F32]>:$passthru);
  let results = (outs VectorOfRankAndType<[1], [I8, F32]>:$result);
  let assemblyFormat = [{
    $source `,` $mask `,` $passthru attr-dict `:` type($source)
  }];
}

#endif // ZQ_DIALECT_ZQ_IR_ZQVECTOROPS_TD
