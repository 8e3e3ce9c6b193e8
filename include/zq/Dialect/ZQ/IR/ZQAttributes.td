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
  let summary = "How a compressed tensor is stored: a tree of stages";
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
    bits, 1 to 32) and hands on the one or the other, or ends the chain. A side
    array is a stream, or has a codec of its own, in square brackets:

    ```mlir
    // 6-bit scales, themselves scaled by an f16 for 8 of them.
    #zq.codec<scale<1x32, [scale<1x8, f16>, quantize<ui6>, pack]>, quantize<ui4>, pack>
    ```

    Streams come in the order of the chain, those of a stage's sides before the
    main stream of the last one; those of a side with a codec are named
    `side.stream`.

    With `records`, the streams that hold panels of rows lie side by side in one
    stream, in which a panel is read from its beginning to its end: for each
    panel, and each so many columns of it, what all these streams have for them,
    in their order. The other streams come first. Where the tensor's columns end
    within a record, the rest of its places are zero.

    ```mlir
    // Records of 64 bytes of scales and 512 of codes: 16 rows of 64 columns.
    #zq.codec<scale<tensor, f32>, scale<1x16, f8E4M3FN, rows = 16>,
              quantize<f4E2M1FN>, pack<lanes = 16x4>, records = 64>
    ```

    Constraints:
    * (codec 1) there is at least one stage;
    * (codec 2) a record has 1 to 4096 columns.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::zq::StageAttrInterface">:$stages,
                        "int64_t":$records);
  let builders = [
    AttrBuilder<(ins "::llvm::ArrayRef<::mlir::zq::StageAttrInterface>":$stages),
                [{ return $_get($_ctxt, stages, 0); }]>
  ];
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

    /// The shape that each stage takes in, of a tensor of `shape`.
    ::llvm::SmallVector<::llvm::SmallVector<int64_t>>
    getShapes(::llvm::ArrayRef<int64_t> shape) const;

    /// Windows along the last axis that begin at a multiple of this many
    /// elements, and are a multiple of it long, decode without looking at a
    /// neighbour. For registers of one element (`isScalar`) they are no longer
    /// than that needs.
    int64_t getGranule(int64_t rank, ::mlir::Type element,
                       ::mlir::Operation *scope, bool isScalar = false) const;

    /// The number of elements along the last axis after which decoding starts
    /// afresh; zero where it has no state.
    int64_t getChunk(int64_t rank, ::mlir::Operation *scope) const;

    /// How many rows a chunk has, for tensors of rank `rank`, as
    /// `getRowsPerChunk` of a stage says; 1 where each row stands for itself.
    int64_t getRowsPerChunk(int64_t rank) const;

    /// Whether a block can be decoded on its own: no stage is a tensor stage
    /// only, none has state, and the same goes for the codecs of all parts.
    bool isInline(::llvm::ArrayRef<int64_t> shape, ::mlir::Type element,
                  ::mlir::Operation *scope) const;

    /// The codec without its outermost stage, and without records.
    CodecAttr dropOutermost() const;

    /// The same stages with records of so many columns; 0: without.
    CodecAttr withRecords(int64_t columns) const;

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

def ZQ_FragmentLayoutAttr : ZQ_Attr<"FragmentLayout", "fragment_layout"> {
  let summary = "Which thread of a warp holds which element of a matrix";
  let description = [{
    Where elements of a matrix lie over the lanes and registers of a warp is a
    linear map over GF(2): each bit of the lane's number, and of the element's
    number within the lane, contributes an offset (row, column), and offsets add
    up by XOR. The attribute is the table of these offsets, lowest bit first.
    Elements count through a lane's registers of 32 bits, from each register's
    low bits to its high ones.

    ```mlir
    // Matrix A of mma.sync m16n8k16: lane 5, 4 + 1, has element 0 at row 1,
    // column 2, element 1 beside it, element 2 eight rows below.
    #zq.fragment_layout<lanes = [(0, 2), (0, 4), (1, 0), (2, 0), (4, 0)],
                        elements = [(0, 1), (8, 0), (0, 8)], bits = 16>
    ```

    Lanes may hold copies of one another's elements; a lane holds none twice.

    Constraints:
    * (fragment_layout 1) rows and columns are from 0 to 2^31 - 1, and there are
      at most 16 offsets of either kind;
    * (fragment_layout 2) the bits of an element are a power of two, at most 32;
    * (fragment_layout 3) no offset of an element is a sum of others.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::zq::MatrixOffset">:$lanes,
                        ArrayRefParameter<"::mlir::zq::MatrixOffset">:$elements,
                        "int64_t":$bits);
  let assemblyFormat = [{
    `<` `lanes` `=` custom<Offsets>($lanes) `,`
        `elements` `=` custom<Offsets>($elements) `,` `bits` `=` $bits `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getElementsPerLane() const {
      return int64_t(1) << getElements().size();
    }
    int64_t getElementsPerRegister() const { return 32 / getBits(); }
    int64_t getRegisters() const {
      return getElementsPerLane() / getElementsPerRegister();
    }

    /// Where an element lies.
    MatrixOffset at(FragmentPlace place) const;
    /// Where the element at `offset` is; nothing outside of the fragment. Where
    /// several lanes hold it, the one with the least number.
    std::optional<FragmentPlace> find(MatrixOffset offset) const;
    /// Elements that follow each other within one row from an even start on,
    /// and within one lane: what a lane loads at once.
    int64_t getContiguous() const;
  }];
}

#endif // ZQ_DIALECT_ZQ_IR_ZQATTRIBUTES_TD
