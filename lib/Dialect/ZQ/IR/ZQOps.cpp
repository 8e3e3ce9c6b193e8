//===- ZQOps.cpp - Verifiers and builders of the operations ---------------===//
#include "zq/Dialect/ZQ/IR/FieldExtraction.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace mlir::zq;

/// Parses the visibility of a symbol as a bare word.
static ParseResult parseVisibility(OpAsmParser &parser,
                                   StringAttr &visibility) {
  StringRef word;
  if (succeeded(
          parser.parseOptionalKeyword(&word, {"public", "private", "nested"})))
    visibility = parser.getBuilder().getStringAttr(word);
  return success();
}

static void printVisibility(OpAsmPrinter &printer, Operation *,
                            StringAttr visibility) {
  if (visibility)
    printer << visibility.getValue();
}

#define GET_OP_CLASSES
#include "zq/Dialect/ZQ/IR/ZQOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Encode, decode
//===----------------------------------------------------------------------===//

LogicalResult EncodeOp::verify() {
  if (getSource().getType() !=
      cast<CompressedTensorType>(getResult().getType()).getDenseType())
    return emitOpError("(E1) encodes ")
           << getSource().getType() << " to a tensor of "
           << cast<CompressedTensorType>(getResult().getType()).getDenseType();
  return success();
}

void DecodeOp::build(OpBuilder &builder, OperationState &state, Value source,
                     ArrayRef<OpFoldResult> offsets, Value init,
                     FlatSymbolRefAttr decoder) {
  SmallVector<Value> dynamicOffsets;
  SmallVector<int64_t> staticOffsets;
  dispatchIndexOpFoldResults(offsets, dynamicOffsets, staticOffsets);
  build(builder, state, init.getType(), source, decoder, dynamicOffsets,
        builder.getDenseI64ArrayAttr(staticOffsets), init);
}

SmallVector<OpFoldResult> DecodeOp::getMixedOffsets() {
  Builder builder(getContext());
  return getMixedValues(getStaticOffsets(), getOffsets(), builder);
}

bool DecodeOp::isWhole() {
  auto source = cast<CompressedTensorType>(getSource().getType());
  return getWindowType().getShape() == source.getShape() &&
         llvm::all_of(getStaticOffsets(),
                      [](int64_t offset) { return offset == 0; });
}

LogicalResult DecodeOp::verify() {
  auto source = cast<CompressedTensorType>(getSource().getType());
  auto window = getWindowType();
  if (static_cast<int64_t>(getStaticOffsets().size()) != source.getRank())
    return emitOpError("(D1) has ")
           << getStaticOffsets().size() << " offsets for a tensor of rank "
           << source.getRank();
  if (getInit().getType() != window || window.getRank() != source.getRank() ||
      window.getElementType() != source.getElementType())
    return emitOpError("(D2) decodes a window of ")
           << source.getDenseType() << " into " << window;
  for (auto [dim, offset, size, bound] : llvm::enumerate(
           getStaticOffsets(), window.getShape(), source.getShape())) {
    bool known = !ShapedType::isDynamic(offset);
    bool hasSize = !ShapedType::isDynamic(size);
    // A window of dynamic size may be empty.
    if ((known && offset < 0) ||
        (known ? offset : 0) + (hasSize ? size : 0) > bound)
      return emitOpError("(D3) the window leaves the tensor along dimension ")
             << dim << ": offset " << (known ? Twine(offset) : Twine("?"))
             << ", size " << (hasSize ? Twine(size) : Twine("?")) << ", bound "
             << bound;
  }
  FlatSymbolRefAttr named = source.getCodec().getDecoderSymbol();
  if (named && !getDecoderAttr())
    return emitOpError("(D5) the codec names the decoder ")
           << named << ", so the op says 'using " << named << "'";
  return success();
}

LogicalResult DecodeOp::verifySymbolUses(SymbolTableCollection &symbols) {
  FlatSymbolRefAttr name = getDecoderAttr();
  if (!name)
    return success();
  auto decoder = symbols.lookupNearestSymbolFrom<DecoderOp>(*this, name);
  if (!decoder)
    return emitOpError("(D4) there is no zq.decoder ") << name;
  auto source = cast<CompressedTensorType>(getSource().getType());
  auto streams = source.getCodec().getStreams(source.getRank(),
                                              source.getElementType(), *this);
  if (failed(streams))
    return emitOpError("(D4) the codec's decoder ")
           << source.getCodec().getDecoderSymbol()
           << " does not exist or has another rank than the tensor";
  // A codec with transforms is decoded by what is left below them, so its
  // streams are compared and not its decoder's name.
  SmallVector<StreamAttr> decoders = decoder.getStreamAttrs();
  if (decoder.getRank() != source.getRank() ||
      decoders.size() != streams->size())
    return emitOpError("(D4) decoder ")
           << name << " does not read the codec's streams";
  for (auto [mine, its] : llvm::zip(*streams, decoders))
    if (mine.getType(source.getShape()) != its.getType(source.getShape()))
      return emitOpError("(D4) decoder ")
             << name << " reads stream " << its.getName() << " as "
             << its.getType(source.getShape()) << ", the codec stores "
             << mine.getType(source.getShape());
  return success();
}

//===----------------------------------------------------------------------===//
// Assemble, disassemble
//===----------------------------------------------------------------------===//

/// Compares `types` with the streams of `tensor`.
static LogicalResult verifyStreams(Operation *op, CompressedTensorType tensor,
                                   TypeRange types, StringRef label) {
  auto streams = tensor.getCodec().getStreams(tensor.getRank(),
                                              tensor.getElementType(), op);
  if (failed(streams))
    return op->emitOpError()
           << label << " the codec's decoder "
           << tensor.getCodec().getDecoderSymbol()
           << " does not exist or has another rank than the tensor";
  if (streams->size() != types.size())
    return op->emitOpError() << label << " the codec has " << streams->size()
                             << " streams, and not " << types.size();
  for (auto [i, stream, type] : llvm::enumerate(*streams, types))
    if (stream.getType(tensor.getShape()) != type)
      return op->emitOpError()
             << label << " stream " << i << ", " << stream.getName() << ", is "
             << stream.getType(tensor.getShape()) << ", and not " << type;
  return success();
}

LogicalResult AssembleOp::verifySymbolUses(SymbolTableCollection &) {
  return verifyStreams(*this, cast<CompressedTensorType>(getResult().getType()),
                       getStreams().getTypes(), "(A1)");
}

LogicalResult DisassembleOp::verifySymbolUses(SymbolTableCollection &) {
  return verifyStreams(*this, cast<CompressedTensorType>(getSource().getType()),
                       getStreams().getTypes(), "(S1)");
}

//===----------------------------------------------------------------------===//
// Component
//===----------------------------------------------------------------------===//

LogicalResult ComponentOp::verify() {
  auto records = cast<RankedTensorType>(getRecords().getType());
  auto array = cast<RankedTensorType>(getResult().getType());
  if (array.getRank() != 3 || array.getDimSize(0) != records.getDimSize(0) ||
      !array.getElementType().isIntOrFloat() ||
      array.getElementTypeBitWidth() % 8)
    return emitOpError("(C1) ") << array << " holds no panels of " << records;
  int64_t offset = getOffset(), items = getItems(), size = array.getDimSize(2);
  int64_t bytes = records.getDimSize(2);
  // Divided, as what is multiplied may overflow.
  bool fits =
      offset >= 0 && items >= 1 && offset <= bytes &&
      (size == 0 || items <= (bytes - offset) /
                                 (int64_t(array.getElementTypeBitWidth()) / 8) /
                                 size);
  if (!fits || llvm::divideCeil(array.getDimSize(1), items) !=
                   static_cast<uint64_t>(records.getDimSize(1)))
    return emitOpError("(C2) ")
           << records << " has no " << items << " items of " << array << " at "
           << offset << " of each record";
  return success();
}

//===----------------------------------------------------------------------===//
// Rotate
//===----------------------------------------------------------------------===//

LogicalResult RotateOp::verify() {
  auto type = cast<RankedTensorType>(getSource().getType());
  auto transform = dyn_cast<TransformAttrInterface>(getTransform());
  if (!transform)
    return emitOpError("(O1) ") << getTransform() << " is not a transform";
  int64_t axis = transform.getTransformAxis();
  if (axis < 0 || axis >= type.getRank())
    return emitOpError("(O1) the transform runs along axis ")
           << axis << ", but the tensor has rank " << type.getRank();
  if (type.isDynamicDim(axis) || !type.getElementType().isF32())
    return emitOpError("(O2) needs f32 elements and a static size of axis ")
           << axis << ", but gets " << type;
  if (getInit().getType() != type || getResult().getType() != type)
    return emitOpError("(O3) source, init and result have one type");
  SmallVector<Part> stored;
  if (failed(
          cast<StageAttrInterface>(getTransform())
              .getParts(type.getRank(), type.getElementType(), *this, stored)))
    return failure();
  if (getParts().size() != stored.size())
    return emitOpError("(O4) the transform stores ")
           << stored.size() << " arrays, but " << getParts().size()
           << " are given";
  for (auto [part, array] : llvm::zip(getParts(), stored)) {
    RankedTensorType expected = array.array.getType(type.getShape());
    if (part.getType() != expected)
      return emitOpError("(O4) ") << array.array.getName() << " is " << expected
                                  << ", and not " << part.getType();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Decoder
//===----------------------------------------------------------------------===//

SmallVector<StreamAttr> DecoderOp::getStreamAttrs() {
  return llvm::map_to_vector(
      getStreams(), [](Attribute attr) { return cast<StreamAttr>(attr); });
}

static YieldOp getYield(Region &region) {
  return cast<YieldOp>(region.front().getTerminator());
}

SmallVector<Type> DecoderOp::getStateTypes() {
  if (getInit().empty())
    return {};
  return llvm::to_vector(getYield(getInit()).getOperandTypes());
}

RankedTensorType DecoderOp::getChunkCodesType() {
  SmallVector<Type> state = getStateTypes();
  return state.empty() ? RankedTensorType()
                       : dyn_cast<RankedTensorType>(state.front());
}

/// Whether a state of tensors is the codes of one chunk.
static bool isChunkOfCodes(DecoderOp op) {
  YieldOp init = getYield(op.getInit()), body = getYield(op.getBody());
  auto chunk = init.getNumOperands() == 1
                   ? init.getOperand(0).getDefiningOp<PrefixChunksOp>()
                   : PrefixChunksOp();
  if (!chunk || chunk.getPositions().size() != 1 ||
      body.getOperand(1) != op.getBody().getArguments().back())
    return false;
  auto entries = chunk.getEntries().getDefiningOp<PrefixTableOp>();
  auto into = chunk.getInit().getDefiningOp<tensor::EmptyOp>();
  if (!entries || entries.getTable() != chunk.getTable() || !into ||
      !into->hasOneUse() || !chunk->hasOneUse())
    return false;
  // Rows are decoded together: they differ in their positions alone.
  auto rows = op.getInit().getArguments().drop_back().take_back(
      op.getBlock().size() - 1);
  auto isOfRow = [&](Value value) {
    SetVector<Operation *> slice;
    BackwardSliceOptions options;
    options.inclusive = true;
    options.omitBlockArguments = true;
    if (Operation *from = value.getDefiningOp())
      (void)getBackwardSlice(from, &slice, options);
    return llvm::is_contained(rows, value) ||
           llvm::any_of(slice, [&](Operation *from) {
             return llvm::any_of(from->getOperands(), [&](Value operand) {
               return llvm::is_contained(rows, operand);
             });
           });
  };
  return llvm::none_of(
      ValueRange{chunk.getBits(), chunk.getCount(), chunk.getTable()}, isOfRow);
}

Type DecoderOp::getYieldedElementType() {
  return getElementTypeOrSelf(getYield(getBody()).getOperand(0).getType());
}

LogicalResult DecoderOp::verifyRegions() {
  ArrayRef<int64_t> block = getBlock();
  if (block.empty() || block.back() < 1 ||
      llvm::any_of(block.drop_back(), [](int64_t size) { return size != 1; }))
    return emitOpError("(R1) the block is 1 along every dimension but the "
                       "last, and there positive");
  if (getChunk().has_value() == getInit().empty())
    return emitOpError("(R4) the chunk and the init region come together");
  if (getChunk() && (*getChunk() < 1 || *getChunk() % getBlockLength()))
    return emitOpError("(R4) the chunk is a multiple of the block, ")
           << getBlockLength() << ", and not " << *getChunk();

  SmallVector<StreamAttr> streams = getStreamAttrs();
  for (StreamAttr stream : streams)
    if (static_cast<int64_t>(stream.getShape().getNumDims()) != getRank())
      return emitOpError("(R1) stream ")
             << stream.getName() << " has a shape of "
             << stream.getShape().getNumDims() << " dimensions, the block has "
             << getRank();

  // Both regions, before the state's types are taken from one of them.
  for (Region &region : getOperation()->getRegions())
    if (!region.empty() && (!region.hasOneBlock() || region.front().empty() ||
                            !isa<YieldOp>(region.front().back())))
      return emitOpError("(R3) a region is one block that ends in zq.yield");

  for (Region *region : {&getBody(), &getInit()}) {
    if (region->empty())
      continue;
    bool isBody = region == &getBody();
    SmallVector<Type> state = isBody ? getStateTypes() : SmallVector<Type>();
    auto arguments = region->getArguments();
    if (arguments.size() != streams.size() + getRank() + state.size())
      return emitOpError("(R2) a region has ")
             << arguments.size() << " arguments, and not "
             << streams.size() + getRank() + state.size() << " ("
             << streams.size() << " streams, " << getRank() << " indices, "
             << state.size() << " of state)";
    for (auto [i, stream] : llvm::enumerate(streams)) {
      auto type = dyn_cast<RankedTensorType>(arguments[i].getType());
      if (!type || type.getElementType() != stream.getElementType() ||
          type.getRank() != stream.getShape().getNumResults())
        return emitOpError("(R2) argument ")
               << i << " is " << arguments[i].getType() << ", but the stream "
               << stream.getName() << " is a tensor of rank "
               << stream.getShape().getNumResults() << " of "
               << stream.getElementType();
    }
    for (int64_t i = 0; i < getRank(); ++i)
      if (!arguments[streams.size() + i].getType().isIndex())
        return emitOpError("(R2) argument ")
               << streams.size() + i << " is an index of the position";
    for (auto [i, type] : llvm::enumerate(state))
      if (arguments[streams.size() + getRank() + i].getType() != type)
        return emitOpError("(R2) argument ") << streams.size() + getRank() + i
                                             << " is state of type " << type;
  }

  YieldOp yield = getYield(getBody());
  auto values = yield.getNumOperands()
                    ? dyn_cast<VectorType>(yield.getOperand(0).getType())
                    : VectorType();
  if (!values || values.getRank() != 1 || values.isScalable() ||
      values.getNumElements() != getBlockLength() ||
      !isa<Float32Type, Float16Type, BFloat16Type>(values.getElementType()))
    return emitOpError("(R3) the decode region yields a vector of ")
           << getBlockLength() << " floats first";
  if (SmallVector<Type>(llvm::drop_begin(yield.getOperandTypes())) !=
      getStateTypes())
    return emitOpError("(R3) the decode region yields the state after the "
                       "values");
  if (llvm::any_of(getStateTypes(), llvm::IsaPred<TensorType>) &&
      !isChunkOfCodes(*this))
    return emitOpError("(R5) a tensor of state is all of it: the result of a "
                       "zq.prefix_chunks of one row into a tensor.empty, of "
                       "which rows differ in the position alone, and which the "
                       "decode region yields as it is");
  return success();
}

SmallVector<Value> DecoderOp::inlineRegion(OpBuilder &builder, Location loc,
                                           Region &region, ValueRange streams,
                                           ValueRange position,
                                           ValueRange state) {
  IRMapping mapping;
  auto arguments = region.getArguments();
  size_t next = 0;
  for (Value stream : streams) {
    BlockArgument argument = arguments[next++];
    if (stream.getType() != argument.getType())
      stream = tensor::CastOp::create(builder, loc, argument.getType(), stream);
    mapping.map(argument, stream);
  }
  for (Value index : position)
    mapping.map(arguments[next++], index);
  for (Value value : state)
    mapping.map(arguments[next++], value);
  for (Operation &op : region.front().without_terminator())
    builder.clone(op, mapping);
  return llvm::map_to_vector(getYield(region).getValues(), [&](Value value) {
    return mapping.lookupOrDefault(value);
  });
}

//===----------------------------------------------------------------------===//
// Prefix codes
//===----------------------------------------------------------------------===//

static LogicalResult verifyPrefixTables(Operation *op, Value table,
                                        Value entries) {
  auto getSize = [](Value tensor) {
    return cast<RankedTensorType>(tensor.getType()).getDimSize(0);
  };
  if (!llvm::isPowerOf2_64(std::max<int64_t>(getSize(table), 0)))
    return op->emitOpError("(P1) a table's size is a power of two, not ")
           << table.getType();
  int64_t size = int64_t(1) << PrefixTableOp::lookupBits;
  if (getSize(entries) != size)
    return op->emitOpError("(P1) there are ")
           << size << " entries, not " << entries.getType();
  return success();
}

LogicalResult PrefixTableOp::verify() {
  return verifyPrefixTables(*this, getTable(), getEntries());
}

LogicalResult PrefixChunksOp::verify() {
  if (failed(verifyPrefixTables(*this, getTable(), getEntries())))
    return failure();
  auto type = cast<RankedTensorType>(getInit().getType());
  if (!type.hasStaticShape() ||
      type.getDimSize(0) != static_cast<int64_t>(getPositions().size()) ||
      type.getDimSize(1) <= slack)
    return emitOpError("(P2) the result has a row for each of ")
           << getPositions().size() << " positions and more than " << slack
           << " columns, it is " << type;
  return success();
}

//===----------------------------------------------------------------------===//
// Vector operations
//===----------------------------------------------------------------------===//

LogicalResult UnpackOp::verify() {
  int64_t bytes = cast<VectorType>(getSource().getType()).getNumElements();
  int64_t codes = cast<VectorType>(getResult().getType()).getNumElements();
  int64_t bits = getBits();
  if (bits < 1 || bits > 32 || codes * bits != bytes * 8)
    return emitOpError("(U1) ") << bytes << " bytes do not hold " << codes
                                << " codes of " << bits << " bits";
  Type expected = getCodeType(getContext(), bits);
  if (getElementTypeOrSelf(getResult()) != expected)
    return emitOpError("(U2) codes of ")
           << bits << " bits are held in lanes of " << expected << ", and not "
           << getElementTypeOrSelf(getResult());
  return success();
}

LogicalResult LookupOp::verify() {
  auto table = cast<VectorType>(getTable().getType());
  auto codes = cast<VectorType>(getCodes().getType());
  auto result = cast<VectorType>(getResult().getType());
  int64_t entries = table.getNumElements();
  if (!llvm::isPowerOf2_64(entries) || entries > 256)
    return emitOpError("(L1) a table has a power of two of entries, at most "
                       "256, and not ")
           << entries;
  if (result.getNumElements() != codes.getNumElements() ||
      result.getElementType() != table.getElementType())
    return emitOpError("(L2) looks ")
           << codes << " up in " << table << " and yields " << result;
  return success();
}
