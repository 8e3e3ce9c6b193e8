//===- ZQInterfaces.td - What a codec's stages answer ---------*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_IR_ZQINTERFACES_TD
#define ZQ_DIALECT_ZQ_IR_ZQINTERFACES_TD

include "mlir/IR/OpBase.td"

def StageAttrInterface : AttrInterface<"StageAttrInterface"> {
  let cppNamespace = "::mlir::zq";
  let description = [{
    One stage of a codec. A stage takes in what the stage above hands it, and
    hands on one main array; whatever else it stores goes into side streams.
    What is handed on is described by a type: a float type for values, `iN` for
    N-bit codes held one to a byte, `none` for the end of the chain.
  }];
  let methods = [
    InterfaceMethod<[{
        Checks that the stage can take in `input` (a float or integer type) for
        a tensor of `shape`.
      }],
      "::llvm::LogicalResult", "verifyInput",
      (ins "::llvm::function_ref<::mlir::InFlightDiagnostic()>":$emitError,
           "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$input)>,
    InterfaceMethod<[{
        What the stage hands on when it takes in `input`; `none` ends the
        chain.
      }],
      "::mlir::Type", "getOutput", (ins "::mlir::Type":$input)>,
    InterfaceMethod<[{
        Appends what the stage stores of a tensor of `rank` dimensions: its side
        arrays, then, for a stage that ends a chain, the main one. A part whose
        size is not up to the data may have a codec of its own. `scope` is where a stage that names a symbol
        looks it up; fails only where that symbol is missing.
      }],
      "::llvm::LogicalResult", "getParts",
      (ins "int64_t":$rank, "::mlir::Type":$input, "::mlir::Operation *":$scope,
           "::llvm::SmallVectorImpl<::mlir::zq::Part> &":$parts)>,
    InterfaceMethod<[{
        The same stage with part `index` stored as it is, in `type` - i8 for one
        of codes; null where that part never has a codec, or the stage has no such
        layout. A part that no block can decode for itself (it is entropy-coded,
        or rotated) is decoded before, as a whole.
      }],
      "::mlir::zq::StageAttrInterface", "withPlainPart",
      (ins "unsigned":$index, "::mlir::Type":$type), "",
      [{ return nullptr; }]>,
    InterfaceMethod<[{
        How the shape of the main array follows from that of the tensor; one
        ratio per dimension, or none where the shapes are the same.
      }],
      "::llvm::SmallVector<::mlir::zq::MainRatio>", "getMainRatios",
      (ins "int64_t":$rank), "",
      [{ return {}; }]>,
    InterfaceMethod<[{
        Windows along the last axis that begin at a multiple of this many
        elements, and are a multiple of it long, decode without looking at a
        neighbour.
      }],
      "int64_t", "getGranule",
      (ins "::mlir::Type":$input, "::mlir::Operation *":$scope), "",
      [{ return 1; }]>,
    InterfaceMethod<[{
        What `getGranule` is for a thread whose registers hold one element each:
        less, for a stage that decodes several such windows side by side.
      }],
      "int64_t", "getScalarGranule",
      (ins "::mlir::Type":$input, "::mlir::Operation *":$scope), "",
      [{ return $_attr.getGranule(input, scope); }]>,
    InterfaceMethod<[{
        For a stage that decodes sequentially: the number of elements along the
        last axis after which it starts afresh. Zero for a stage without state.
      }],
      "int64_t", "getChunk", (ins "::mlir::Operation *":$scope), "",
      [{ return 0; }]>,
    InterfaceMethod<[{
        For a stage that decodes sequentially: of how many rows (steps along the
        last dimension but one) each has its state from the one before, unless
        its number is a multiple of this. Of a row that is no multiple of the
        granule the state is that after its elements alone, which no block
        leaves.
      }],
      "int64_t", "getRowsPerChunk", (ins), "",
      [{ return 1; }]>,
    InterfaceMethod<[{
        Emits the state at the beginning of the chunk at the builder's
        position. Called only where `getChunk` is not zero.
      }],
      "::llvm::FailureOr<::llvm::SmallVector<::mlir::Value>>", "emitInit",
      (ins "::mlir::zq::DecodeBuilder &":$builder), "",
      [{ return ::llvm::SmallVector<::mlir::Value>(); }]>,
    InterfaceMethod<[{
        Emits the decoding of one block, a vector along the last axis. `main` is
        the vector that the stage below decoded; null for the last stage, which
        reads its main stream. A stage with state replaces the builder's state.
        Fails with an error at the builder's location; so does the default, that
        of tensor stages.
      }],
      "::llvm::FailureOr<::mlir::Value>", "emitDecode",
      (ins "::mlir::zq::DecodeBuilder &":$builder, "::mlir::Value":$main), "",
      [{ return ::mlir::zq::refuseDecode(builder); }]>,
    InterfaceMethod<[{
        What undoing the stage costs for one value of the tensor of `shape` that
        it takes in; the cost model weighs placements by it (see `StageCost`).
        What it reads follows from its parts. There is no default, so that each
        stage says it.
      }],
      "::mlir::zq::StageCost", "getCost",
      (ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$input,
           "::mlir::Operation *":$scope)>,
    InterfaceMethod<[{
        For a stage that ends a chain of codes: the vector instructions that 64
        codes take to decode to bytes with all around them, as measured or
        counted. The choice between coded and raw codes weighs them against the
        bytes that are read. Zero where that is not known.
      }],
      "double", "getCodesCost", (ins "::mlir::Type":$input), "",
      [{ return 0; }]>,
    InterfaceMethod<[{
        The same stage with what it stores laid out for contractions whose lanes
        are rows of the tensor: panels of `lanes` rows, `depth` consecutive codes
        of each together. Itself where it has no such layout, or has one already.
      }],
      "::mlir::zq::StageAttrInterface", "withLanes",
      (ins "::mlir::Type":$input, "int64_t":$rank, "int64_t":$lanes,
           "int64_t":$depth), "",
      [{ return $_attr; }]>,
    InterfaceMethod<[{
        Whether `emitDecode` serves a `LaneBuilder` as well: all that it reads of
        its parts it reads by `loadPerGroup`, and they are laid out for `lanes`
        rows of a tensor of `shape`.
      }],
      "bool", "decodesInLanes",
      (ins "::llvm::ArrayRef<int64_t>":$shape, "int64_t":$lanes), "",
      [{ return false; }]>,
    InterfaceMethod<[{
        The reference implementation, which defines what the stage means. Null
        for a decoder that is known to the IR only.
      }],
      "std::shared_ptr<const ::zq::codec::Stage>", "getReference",
      (ins "::mlir::Type":$input)>,
    InterfaceMethod<[{
        Whether decoding gives back every bit of what was encoded.
      }],
      "bool", "isLossless", (ins)>,
  ];
}

def TensorStageAttrInterface : AttrInterface<"TensorStageAttrInterface"> {
  let cppNamespace = "::mlir::zq";
  let description = [{
    A stage whose decode is ops on tensors: a transform that mixes the elements
    of a row, a split into parts that are tensors themselves.
    `zq-split-codecs` takes it out of the codec, so that the algebra sees its
    parts. A stage that implements this interface alone, and no `emitDecode`
    worth the name, is never part of a decoder.
  }];
  let methods = [
    InterfaceMethod<[{
        Whether the stage, for a tensor of `shape`, may be part of a decoder as
        well; then it is taken out only where it lies above one that may not,
        and where `canSplit` says that it can be.
      }],
      "bool", "isBlockStage", (ins "::llvm::ArrayRef<int64_t>":$shape), "",
      [{ return false; }]>,
    InterfaceMethod<[{
        Whether `emitTensorDecode` is there for a tensor of `shape`.
      }],
      "bool", "canSplit", (ins "::llvm::ArrayRef<int64_t>":$shape), "",
      [{ return true; }]>,
    InterfaceMethod<[{
        Emits the decode of the builder's window as ops on tensors and returns
        it, a tensor of f32. Bit-identical to the reference.
      }],
      "::llvm::FailureOr<::mlir::Value>", "emitTensorDecode",
      (ins "::mlir::zq::TensorDecodeBuilder &":$builder)>,
  ];
}

def TransformAttrInterface : AttrInterface<"TransformAttrInterface"> {
  let cppNamespace = "::mlir::zq";
  let description = [{
    A tensor stage that is a linear map R along one axis: a `zq.rotate`, whose
    inverse direction decodes. That is the transpose of the other direction,
    up to rounding, so that `x . (R^T w) = (R x) . w`: the algebra moves it from
    a weight to an activation. The parts of the stage, such as a matrix, are
    operands of the op.
  }];
  let methods = [
    InterfaceMethod<"The axis of the tensor along which the map runs.",
      "int64_t", "getTransformAxis", (ins)>,
    InterfaceMethod<[{
        The map of a line of `length` elements leaves runs of this many apart:
        an element depends on no element of another run. The last run may be
        shorter.
      }],
      "int64_t", "getTransformBlock", (ins "int64_t":$length), "",
      [{ return length; }]>,
    InterfaceMethod<"The same map along another axis, of another tensor.",
      "::mlir::Attribute", "getAlongAxis", (ins "int64_t":$axis)>,
    InterfaceMethod<[{
        Whether R^T R and R R^T change nothing, whatever legal parts the map
        has: then a rotation and its inverse cancel.
      }],
      "bool", "isOrthogonal", (ins)>,
    InterfaceMethod<[{
        Emits the map of one line of a tensor: returns `into` with the line
        written to it. Inverse, it is bit-identical to the reference.
      }],
      "::mlir::Value", "emitLine",
      (ins "::mlir::zq::LineBuilder &":$line, "::mlir::Value":$into)>,
    InterfaceMethod<[{
        Whether `emitLine` moves elements and does nothing else to them, all by
        the builder's `extract` and `insert`: then it serves lines side by side
        as well.
      }],
      "bool", "movesElements", (ins), "", [{ return false; }]>,
    InterfaceMethod<[{
        Emits what `emitLine` is to find in the place of `parts`, once for all
        lines of a tensor with `length` elements on each.
      }],
      "::llvm::SmallVector<::mlir::Value>", "emitLineParts",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$parts, "int64_t":$length, "bool":$inverse), "",
      [{ return ::llvm::SmallVector<::mlir::Value>(parts); }]>,
    InterfaceMethod<[{
        Emits the map of a whole tensor (not its inverse) as contractions of
        linalg, whose sums are in any order. Null where line by line is the best
        way.
      }],
      "::mlir::Value", "emitContraction",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$source, "::mlir::ValueRange":$parts), "",
      [{ return nullptr; }]>,
    InterfaceMethod<[{
        Emits the map of a whole tensor (not its inverse), whose lines are runs
        that do not depend on one another, as that of a tensor with a line for
        each run; bit-identical. Null where lines are not such.
      }],
      "::mlir::Value", "emitRuns",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$source), "",
      [{ return nullptr; }]>,
  ];
}

def FactorAttrInterface : AttrInterface<"FactorAttrInterface"> {
  let cppNamespace = "::mlir::zq";
  let description = [{
    A stage that multiplies what the stage below decodes to by one factor per
    block, and may subtract a zero point of the block before. Both leave a sum
    over elements of the block.
  }];
  let methods = [
    InterfaceMethod<[{
        The block's sizes, 0 for a whole dimension.
      }],
      "::llvm::SmallVector<int64_t>", "getFactorBlock", (ins "int64_t":$rank)>,
    InterfaceMethod<"Whether there are zero points.",
      "bool", "hasZeroPoint", (ins)>,
    InterfaceMethod<[{
        Whether values are divided by the factors, as the reference has it,
        where tensors are multiplied by them.
      }],
      "bool", "isDivisor", (ins), "", "return false;">,
    InterfaceMethod<[{
        The binary digits that the significand of a factor has at most: 1 where
        factors are powers of two.
      }],
      "int64_t", "getFactorDigits", (ins)>,
    InterfaceMethod<[{
        Whether `emitFactor` has a form for `lanes` rows of a tensor of `shape`.
      }],
      "bool", "hasFactorInLanes",
      (ins "::llvm::ArrayRef<int64_t>":$shape, "int64_t":$lanes)>,
    InterfaceMethod<[{
        Emits the factors of the builder's rows at its column: a vector of f32,
        one lane per row, for each of the groups that the builder takes at once.
      }],
      "::mlir::Value", "emitFactor", (ins "::mlir::zq::LaneBuilder &":$builder)>,
    InterfaceMethod<"Emits the zero points likewise, where there are any.",
      "::mlir::Value", "emitZeroPoint",
      (ins "::mlir::zq::LaneBuilder &":$builder)>,
  ];
}

def ChoiceAttrInterface : AttrInterface<"ChoiceAttrInterface"> {
  let cppNamespace = "::mlir::zq";
  let description = [{
    A stage that maps values to codes by one of several tables, which each block
    of its factors chooses; it implements `FactorAttrInterface` as well, and the
    factor multiplies what is looked up. In a contraction the choice stands above
    the bits of each code.
  }];
  let methods = [
    InterfaceMethod<[{
        What codes decode to before the factor: of choice after choice, 2^bits
        values for codes of that many bits. As many choices as a choice's bits can
        say.
      }],
      "::llvm::SmallVector<float>", "getChoiceValues", (ins)>,
    InterfaceMethod<[{
        Emits the choices of the builder's rows at its column: a vector of bytes,
        one lane per row. Called where `hasFactorInLanes` says so.
      }],
      "::mlir::Value", "emitChoice", (ins "::mlir::zq::LaneBuilder &":$builder)>,
  ];
}

def OffsetAttrInterface : AttrInterface<"OffsetAttrInterface"> {
  let cppNamespace = "::mlir::zq";
  let description = [{
    A stage that adds one number per block to what the stage below decodes to. In
    a contraction that is the number times the sum of the activations.
  }];
  let methods = [
    InterfaceMethod<[{
        The block's sizes, 0 for a whole dimension.
      }],
      "::llvm::SmallVector<int64_t>", "getOffsetBlock", (ins "int64_t":$rank)>,
    InterfaceMethod<[{
        Emits what is added in the builder's rows at its column: a vector of f32,
        one lane per row. Called where `decodesInLanes` says so.
      }],
      "::mlir::Value", "emitOffset", (ins "::mlir::zq::LaneBuilder &":$builder)>,
  ];
}

def EntriesAttrInterface : AttrInterface<"EntriesAttrInterface"> {
  let cppNamespace = "::mlir::zq";
  let description = [{
    A stage whose codes each stand for an entry of consecutive values, so that
    there are few products of an activation with entries, however many rows a
    weight has. What its first part holds are the entries: along the last axis
    of a group's share term after term, in it entry after entry, in it value
    after value. The codes of all terms lie side by side.
  }];
  let methods = [
    InterfaceMethod<[{
        The values along the last axis that an entry stands for; 1 where entries
        lie along another axis.
      }],
      "int64_t", "getEntryLength", (ins "int64_t":$rank)>,
    InterfaceMethod<"How many codes stand for the same values: the sum of their "
                    "entries.",
      "int64_t", "getEntryTerms", (ins)>,
    InterfaceMethod<[{
        The sizes of a part of the tensor that shares entries, 0 for a whole
        dimension.
      }],
      "::llvm::SmallVector<int64_t>", "getEntryGroup", (ins "int64_t":$rank)>,
  ];
}

def CodeSourceAttrInterface : AttrInterface<"CodeSourceAttrInterface"> {
  let cppNamespace = "::mlir::zq";
  let description = [{
    A stage that ends a chain of codes and may store them in panels of rows, as
    `withLanes` says.
  }];
  let methods = [
    InterfaceMethod<[{
        The columns of a panel that are stored together, for codes laid out for
        these lanes; 0 where they are laid out otherwise. A depth of 1 is that of
        factors and offsets, which are read a column at a time.
      }],
      "int64_t", "getLaneColumns",
      (ins "::mlir::Type":$input, "int64_t":$lanes, "int64_t":$depth)>,
    InterfaceMethod<[{
        Emits the codes of the builder's rows in `getLaneColumns` columns from
        its column on, a multiple of that many. One vector of bytes for each
        `depth` columns, the rows' codes one after the other; the bits of a byte
        above its code are anything. A stage with state takes the builder's and
        replaces it; a panel is one chunk, whose columns come in their order.
      }],
      "::llvm::SmallVector<::mlir::Value>", "emitCodes",
      (ins "::mlir::zq::LaneBuilder &":$builder)>,
  ];
}

#endif // ZQ_DIALECT_ZQ_IR_ZQINTERFACES_TD
