//===- ZQAttributes.td - Codecs and their stages ----------*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_IR_ZQATTRIBUTES_TD
#define ZQ_DIALECT_ZQ_IR_ZQATTRIBUTES_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "zq/Dialect/ZQ/IR/ZQDialect.td"
include "zq/Dialect/ZQ/IR/ZQInterfaces.td"

class ZQ_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<ZQ_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

/// A stage whose interface methods are all written out in C++.
class ZQ_Stage<string name, string attrMnemonic,
               list<string> overridden = [], list<Trait> traits = []>
    : ZQ_Attr<name, attrMnemonic,
              !listconcat([DeclareAttrInterfaceMethods<StageAttrInterface,
                                                       overridden>],
                          traits)>;

def ZQ_StreamAttr : ZQ_Attr<"Stream", "stream"> {
  let summary = "A stream's name, element type and shape";
  let description = [{
    How one stored array follows from the logical tensor: its dimensions are
    functions of the tensor's, `d0`, `d1` and so on. A result `s0` is a size that
    depends on the data.

    ```mlir
    #zq.stream<"codes" : i8, (d0, d1) -> (d0, (d1 * 3) ceildiv 8)>
    #zq.stream<"bits" : i8, (d0, d1)[s0] -> (s0)>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name,
                        "::mlir::Type":$elementType,
                        "::mlir::AffineMap":$shape);
  let assemblyFormat =
      "`<` custom<Name>($name) `:` $elementType `,` custom<Map>($shape) `>`";
  let extraClassDeclaration = [{
    /// The stream's type for a logical tensor of static `shape`; sizes that
    /// depend on the data are dynamic.
    ::mlir::RankedTensorType getType(::llvm::ArrayRef<int64_t> shape) const;
  }];
}

def ZQ_CodecAttr : ZQ_Attr<"Codec", "codec"> {
  let summary = "How a compressed tensor is stored: a chain of stages";
  let description = [{
    Stages, outermost first as the encoder sees them. A stage of this dialect
    is written by its bare name, another dialect's as an attribute
    (`#other.stage<...>`), a `zq.decoder` of the module as its symbol (`@lut3`).
    A name of the table (`NamedCodecs.cpp`) stands for its stages, wherever it
    occurs in the chain.

    ```mlir
    #zq.codec<nvfp4>
    #zq.codec<scale<1x64, f8E4M3FN>, quantize<si3>, huffman<chunk = 1024, length = 8>>
    #zq.codec<hadamard<axis = 1, block = 128, seed = 1>, @lut3>
    ```

    Each stage takes in values (a float type) or codes (unsigned numbers of N
    bits, one to a byte) and hands on the one or the other, or ends the chain.
    Its streams come in the order of the chain, a stage's side streams before
    the main stream of the last one.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::zq::StageAttrInterface">:$stages);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Checks every stage against a logical tensor.
    ::llvm::LogicalResult
    verifyFor(::llvm::function_ref<::mlir::InFlightDiagnostic()> emitError,
              ::llvm::ArrayRef<int64_t> shape, ::mlir::Type element) const;

    /// What each stage takes in, for a tensor of `element`s.
    ::llvm::SmallVector<::mlir::Type> getInputs(::mlir::Type element) const;

    /// All streams, in the order of the stages; a name that occurs twice gets
    /// an ordinal. Fails where a decoder symbol is missing in `scope`.
    ::llvm::FailureOr<::llvm::SmallVector<::mlir::zq::StreamAttr>>
    getStreams(int64_t rank, ::mlir::Type element,
               ::mlir::Operation *scope) const;

    /// How many of the streams of `getStreams` each stage owns.
    ::llvm::FailureOr<::llvm::SmallVector<unsigned>>
    getStreamCounts(int64_t rank, ::mlir::Type element,
                    ::mlir::Operation *scope) const;

    /// The codec without its outermost stage.
    CodecAttr dropOutermost() const;

    /// The reference codec; null where a stage is known to the IR only.
    std::shared_ptr<const ::zq::codec::Codec>
    getReference(::mlir::Type element) const;

    /// Whether decoding gives back every bit of what was encoded.
    bool isLossless() const;

    /// The decoder symbol that the codec names, or null.
    ::mlir::FlatSymbolRefAttr getDecoderSymbol() const;

    /// The name under which the table of named codecs holds this composition;
    /// empty where it does not.
    ::llvm::StringRef getTableName() const;
  }];
}

def ZQ_HadamardAttr : ZQ_Stage<"Hadamard", "hadamard", [],
    [DeclareAttrInterfaceMethods<TransformAttrInterface>]> {
  let summary = "Signed Walsh-Hadamard transform along one axis";
  let description = [{
    `y = c * H (s .* x)` for each block of the axis: H is the Hadamard matrix of
    the block's size n in natural order, `c = 1 / sqrt(n)`, and s are signs from
    a counter-based generator (`zq/Codec/Hadamard.h`). `block` is a power of two
    of at most 4096; the tail that fills no block is cut into descending powers
    of two.

    ```mlir
    hadamard<axis = 1, block = 128, seed = 1>
    ```

    Takes in values and hands on f32 values; no streams; not lossless. Being
    orthogonal it implements `TransformAttrInterface`: `zq-move-rotations` takes
    it out of the codec where it is outermost, and no decoder contains it.
  }];
  let parameters = (ins "int64_t":$axis, "int64_t":$block, "uint64_t":$seed);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def ZQ_ScaleAttr : ZQ_Stage<"Scale", "scale"> {
  let summary = "One scale, and perhaps a zero point, per block of the tensor";
  let description = [{
    Divides each block by a scale such that it fills the range of the stage
    below. The block is `tensor`, or a size per dimension with `?` for a whole
    dimension; sizes need not divide the tensor's. Scales are stored as f32, f16,
    bf16, f8E4M3FN, f8E5M2 or f8E8M0FNU. With `zero`, an integer zero point is
    added, so that blocks that do not lie around zero use all codes.

    ```mlir
    scale<tensor, f32>        // one for the whole tensor
    scale<1x16, f8E4M3FN>     // one per row and 16 columns
    scale<1x?, f32>           // one per row
    scale<1x128, bf16, zero>  // with zero point
    ```

    Takes in values and hands on f32 values; not lossless. Streams: `scale`, of
    one element per block with the tensor's rank, and with a zero point `zero`,
    i8 of the same shape. Decodes to `value * scale`, or `(value - zero) * scale`,
    in f32 with a rounding after each operation. How a scale is chosen and
    rounded is in `zq/Codec/Scale.h`.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$block,
                        "::mlir::Type":$stored, "bool":$zero);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether one scale serves the whole tensor.
    bool isPerTensor() const { return getBlock().empty(); }
  }];
}

def ZQ_QuantizeAttr : ZQ_Stage<"Quantize", "quantize"> {
  let summary = "Values to the codes of an integer or a small float";
  let description = [{
    Rounds to nearest even and saturates. The type is `siN` or `uiN` with N from
    1 to 8, or f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2. A code is the
    bit pattern of the value, in two's complement for `siN`.

    ```mlir
    quantize<ui4>
    quantize<f4E2M1FN>
    ```

    Takes in values and hands on codes of the type's width, which decode to f32;
    no streams; not lossless. NaN is not encoded.
  }];
  let parameters = (ins "::mlir::Type":$type);
  let assemblyFormat = "`<` $type `>`";
  let genVerifyDecl = 1;
}

def ZQ_LookupAttr : ZQ_Stage<"Lookup", "lookup"> {
  let summary = "Values to indices of the nearest entry of a table";
  let description = [{
    The table has 2 to 256 finite entries, each larger than the one before, and
    is part of the format. A value halfway between two entries goes to the lower
    one.

    ```mlir
    lookup<[-1.0, -0.5, 0.0, 0.5, 1.0]>
    ```

    Takes in values and hands on codes of as few bits as number the entries,
    which decode to f32; no streams; not lossless. A table that differs from
    tensor to tensor is a stream of a `zq.decoder` instead.
  }];
  let parameters = (ins "::mlir::DenseF32ArrayAttr":$table);
  let assemblyFormat = "`<` custom<Table>($table) `>`";
  let genVerifyDecl = 1;
}

def ZQ_FieldsAttr : ZQ_Stage<"Fields", "fields"> {
  let summary = "A float's exponent on the main way, sign and mantissa aside";
  let description = [{
    Splits each value of a `bf16` tensor bit by bit: the exponent is handed on
    as an 8-bit code, `sign << 7 | mantissa` is a side stream. Every bit pattern
    survives.

    ```mlir
    fields<bf16>
    ```

    Takes in bf16 values and hands on 8-bit codes; lossless. Stream:
    `sign_mantissa`, i8 of the tensor's shape.
  }];
  let parameters = (ins "::mlir::Type":$type);
  let assemblyFormat = "`<` $type `>`";
  let genVerifyDecl = 1;
}

def ZQ_PackAttr : ZQ_Stage<"Pack", "pack", ["getGranule"]> {
  let summary = "N-bit codes, packed row by row";
  let description = [{
    Each row (last axis) is one string of bits, the code of element j at bits
    `[j * N, (j + 1) * N)`, lowest bit first, padded to a whole byte.

    Takes in N-bit codes and ends the chain; lossless. Stream: `codes`, i8 of the
    tensor's shape but for the last dimension, which is `ceildiv(d * N, 8)`.
  }];
  let assemblyFormat = "";
}

def ZQ_HuffmanAttr
    : ZQ_Stage<"Huffman", "huffman", ["getChunk", "emitInit", "getGranule"]> {
  let summary = "Codes, Huffman-coded in chunks of a fixed number of symbols";
  let description = [{
    Chunks run along the last axis and start on a byte, at the offset that a
    side stream gives; a row begins a chunk. `length` bounds the length of a code
    in bits (1 to 16), and so the size of the decode table. `chunk` is a multiple
    of 64 symbols.

    ```mlir
    huffman<chunk = 1024, length = 10>
    ```

    Takes in codes of at most `length` bits and ends the chain; lossless.
    Streams: `table`, i16, of `1 << length` entries `symbol | length << 8`;
    `offsets`, i32, the byte at which each chunk of each row begins; `bits`, i8,
    of a size that depends on the data, with 8 bytes of zeros at its end
    (`zq/Codec/Huffman.h`). Its decoder has state, the position in `bits`.
  }];
  let parameters = (ins "int64_t":$chunk, "int64_t":$length);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def ZQ_CustomAttr
    : ZQ_Stage<"Custom", "custom", ["getChunk", "emitInit", "getGranule"]> {
  let summary = "The rest of a codec, as a `zq.decoder` of the module";
  let description = [{
    In a codec it is written as the symbol alone. Streams, block and chunk are
    those that the decoder declares.

    ```mlir
    #zq.codec<@lut3>
    ```

    Takes in values and ends the chain. There is no reference stage: the decoder
    is all that is known, so that its tensors are encoded elsewhere and constants
    of its type are not encoded at compile time.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$decoder);
  let assemblyFormat = "`<` $decoder `>`";
}

#endif // ZQ_DIALECT_ZQ_IR_ZQATTRIBUTES_TD
