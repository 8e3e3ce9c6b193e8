//===- Stages.cpp - What the built-in stages take in, hand on and store ---===//
//
// How they decode is in StageDecode.cpp, what they mean in lib/Codec.
//
//===----------------------------------------------------------------------===//
#include "zq/Codec/FloatFields.h"
#include "zq/Codec/Hadamard.h"
#include "zq/Codec/Huffman.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Quantize.h"
#include "zq/Codec/Scale.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;
using ErrorFn = function_ref<InFlightDiagnostic()>;
using Reference = std::shared_ptr<const ::zq::codec::Stage>;

/// Appends a stream whose sizes are `sizes`.
static void addStream(MLIRContext *context, StringRef name, Type element,
                      int64_t rank, ArrayRef<AffineExpr> sizes,
                      SmallVectorImpl<StreamAttr> &streams,
                      unsigned numSymbols = 0) {
  streams.push_back(
      StreamAttr::get(context, StringAttr::get(context, name), element,
                      AffineMap::get(rank, numSymbols, sizes, context)));
}

static SmallVector<AffineExpr> getDims(MLIRContext *context, int64_t rank) {
  SmallVector<AffineExpr> dims;
  for (int64_t i = 0; i < rank; ++i)
    dims.push_back(getAffineDimExpr(i, context));
  return dims;
}

/// Values are what a transform, scale or quantizer takes in.
static LogicalResult verifyValues(ErrorFn emitError, Type input,
                                  StringRef stage) {
  if (isa<FloatType>(input))
    return success();
  return emitError() << "(T3) '" << stage << "' takes in values, but gets "
                     << input << " codes";
}

/// Codes are what a packer or an entropy coder takes in.
static LogicalResult verifyCodes(ErrorFn emitError, Type input,
                                 StringRef stage) {
  if (isa<IntegerType>(input))
    return success();
  return emitError() << "(T3) '" << stage << "' takes in codes, but gets "
                     << input << " values (add 'quantize<...>' above it?)";
}

static int64_t getBits(Type codes) {
  return cast<IntegerType>(codes).getWidth();
}

//===----------------------------------------------------------------------===//
// Hadamard
//===----------------------------------------------------------------------===//

LogicalResult HadamardAttr::verify(ErrorFn emitError, int64_t axis,
                                   int64_t block, uint64_t) {
  if (axis < 0)
    return emitError() << "hadamard: the axis is not negative";
  if (block < 1 || !llvm::isPowerOf2_64(block) || block > 4096)
    return emitError() << "hadamard: the block is a power of two from 1 to "
                          "4096, and not "
                       << block;
  return success();
}

LogicalResult HadamardAttr::verifyInput(ErrorFn emitError,
                                        ArrayRef<int64_t> shape,
                                        Type input) const {
  if (getAxis() >= static_cast<int64_t>(shape.size()))
    return emitError() << "(T3) 'hadamard' runs along axis " << getAxis()
                       << ", but the tensor has rank " << shape.size();
  return verifyValues(emitError, input, "hadamard");
}

Type HadamardAttr::getOutput(Type) const {
  return Float32Type::get(getContext());
}

LogicalResult HadamardAttr::getStreams(int64_t, Type, Operation *,
                                       SmallVectorImpl<StreamAttr> &) const {
  return success();
}

Reference HadamardAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::Hadamard>(getAxis(), getBlock(),
                                                 getSeed());
}

bool HadamardAttr::isLossless() const { return false; }

int64_t HadamardAttr::getTransformAxis() const { return getAxis(); }

Attribute HadamardAttr::getAlongAxis(int64_t axis) const {
  return get(getContext(), axis, getBlock(), getSeed());
}

SmallVector<int64_t> HadamardAttr::getTransformBlocks(int64_t length) const {
  std::vector<int64_t> blocks = ::zq::codec::hadamardBlocks(length, getBlock());
  return SmallVector<int64_t>(blocks.begin(), blocks.end());
}

//===----------------------------------------------------------------------===//
// Scale
//===----------------------------------------------------------------------===//

LogicalResult ScaleAttr::verify(ErrorFn emitError, ArrayRef<int64_t> block,
                                Type stored, bool) {
  if (!toReferenceType(stored) || !isa<FloatType>(stored) || stored.isF64())
    return emitError() << "scale: a scale is stored as f32, f16, bf16, "
                          "f8E4M3FN, f8E5M2 or f8E8M0FNU, and not "
                       << stored;
  if (llvm::any_of(block, [](int64_t size) { return size < 0; }))
    return emitError() << "scale: block sizes are positive";
  return success();
}

LogicalResult ScaleAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t> shape,
                                     Type input) const {
  if (!isPerTensor() && getBlock().size() != shape.size())
    return emitError() << "(T3) 'scale' has a block of rank "
                       << getBlock().size() << ", but the tensor has rank "
                       << shape.size();
  return verifyValues(emitError, input, "scale");
}

Type ScaleAttr::getOutput(Type) const { return Float32Type::get(getContext()); }

LogicalResult
ScaleAttr::getStreams(int64_t rank, Type, Operation *,
                      SmallVectorImpl<StreamAttr> &streams) const {
  SmallVector<AffineExpr> sizes = getDims(getContext(), rank);
  for (auto [i, size] : llvm::enumerate(sizes)) {
    int64_t block = isPerTensor() ? 0 : getBlock()[i];
    size = block ? size.ceilDiv(block) : getAffineConstantExpr(1, getContext());
  }
  addStream(getContext(), "scale", getStored(), rank, sizes, streams);
  if (getZero())
    addStream(getContext(), "zero", IntegerType::get(getContext(), 8), rank,
              sizes, streams);
  return success();
}

Reference ScaleAttr::getReference(Type) const {
  std::vector<int64_t> block(getBlock().begin(), getBlock().end());
  return std::make_shared<::zq::codec::Scale>(
      std::move(block), *toReferenceType(getStored()), getZero());
}

bool ScaleAttr::isLossless() const { return false; }

//===----------------------------------------------------------------------===//
// Quantize, lookup
//===----------------------------------------------------------------------===//

LogicalResult QuantizeAttr::verify(ErrorFn emitError, Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    if (!integer.isSignless() && integer.getWidth() >= 1 &&
        integer.getWidth() <= 8)
      return success();
  if (toMinifloat(type))
    return success();
  return emitError() << "quantize: the type is siN or uiN with N from 1 to 8, "
                        "f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, and "
                        "not "
                     << type;
}

LogicalResult QuantizeAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                        Type input) const {
  return verifyValues(emitError, input, "quantize");
}

Type QuantizeAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), getType().getIntOrFloatBitWidth());
}

LogicalResult QuantizeAttr::getStreams(int64_t, Type, Operation *,
                                       SmallVectorImpl<StreamAttr> &) const {
  return success();
}

Reference QuantizeAttr::getReference(Type) const {
  if (auto integer = dyn_cast<IntegerType>(getType()))
    return std::make_shared<::zq::codec::QuantizeInteger>(integer.getWidth(),
                                                          integer.isSigned());
  return std::make_shared<::zq::codec::QuantizeFloat>(*toMinifloat(getType()));
}

bool QuantizeAttr::isLossless() const { return false; }

LogicalResult LookupAttr::verify(ErrorFn emitError, DenseF32ArrayAttr table) {
  ArrayRef<float> values = table.asArrayRef();
  if (values.size() < 2 || values.size() > 256)
    return emitError() << "lookup: a table has 2 to 256 entries, and not "
                       << values.size();
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]) || (i && values[i] <= values[i - 1]))
      return emitError() << "lookup: the table is finite and increasing, but "
                            "entry "
                         << i << " is not";
  return success();
}

LogicalResult LookupAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  return verifyValues(emitError, input, "lookup");
}

Type LookupAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), llvm::Log2_64_Ceil(getTable().size()));
}

LogicalResult LookupAttr::getStreams(int64_t, Type, Operation *,
                                     SmallVectorImpl<StreamAttr> &) const {
  return success();
}

Reference LookupAttr::getReference(Type) const {
  ArrayRef<float> table = getTable().asArrayRef();
  return std::make_shared<::zq::codec::Lookup>(
      std::vector<float>(table.begin(), table.end()));
}

bool LookupAttr::isLossless() const { return false; }

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

LogicalResult FieldsAttr::verify(ErrorFn emitError, Type type) {
  if (type.isBF16())
    return success();
  return emitError() << "fields: the type is bf16, and not " << type;
}

LogicalResult FieldsAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  if (input == getType())
    return success();
  return emitError() << "(T3) 'fields' takes in " << getType()
                     << " values, but gets " << input;
}

Type FieldsAttr::getOutput(Type) const {
  return IntegerType::get(getContext(), 8);
}

LogicalResult
FieldsAttr::getStreams(int64_t rank, Type, Operation *,
                       SmallVectorImpl<StreamAttr> &streams) const {
  addStream(getContext(), "sign_mantissa", IntegerType::get(getContext(), 8),
            rank, getDims(getContext(), rank), streams);
  return success();
}

Reference FieldsAttr::getReference(Type) const {
  return std::make_shared<::zq::codec::FloatFields>();
}

bool FieldsAttr::isLossless() const { return true; }

//===----------------------------------------------------------------------===//
// Pack
//===----------------------------------------------------------------------===//

LogicalResult PackAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                    Type input) const {
  return verifyCodes(emitError, input, "pack");
}

Type PackAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult PackAttr::getStreams(int64_t rank, Type input, Operation *,
                                   SmallVectorImpl<StreamAttr> &streams) const {
  SmallVector<AffineExpr> sizes = getDims(getContext(), rank);
  sizes.back() = (sizes.back() * getBits(input)).ceilDiv(8);
  addStream(getContext(), "codes", IntegerType::get(getContext(), 8), rank,
            sizes, streams);
  return success();
}

int64_t PackAttr::getGranule(Type input, Operation *) const {
  return 8 / std::gcd<int64_t>(8, getBits(input));
}

Reference PackAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::Pack>(getBits(input));
}

bool PackAttr::isLossless() const { return true; }

//===----------------------------------------------------------------------===//
// Huffman
//===----------------------------------------------------------------------===//

LogicalResult HuffmanAttr::verify(ErrorFn emitError, int64_t chunk,
                                  int64_t length) {
  // A multiple of 64 keeps every block of a vector unit inside one chunk.
  if (chunk < 64 || chunk % 64 || chunk > (1 << 20))
    return emitError() << "huffman: a chunk is a multiple of 64 symbols, at "
                          "most 1048576, and not "
                       << chunk;
  if (length < 1 || length > 16)
    return emitError() << "huffman: the longest code has 1 to 16 bits, and not "
                       << length;
  return success();
}

LogicalResult HuffmanAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                       Type input) const {
  if (failed(verifyCodes(emitError, input, "huffman")))
    return failure();
  if (getLength() < getBits(input))
    return emitError() << "(T3) 'huffman' with codes of at most " << getLength()
                       << " bits cannot tell " << (1 << getBits(input))
                       << " symbols apart";
  return success();
}

Type HuffmanAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult
HuffmanAttr::getStreams(int64_t rank, Type, Operation *,
                        SmallVectorImpl<StreamAttr> &streams) const {
  MLIRContext *context = getContext();
  SmallVector<AffineExpr> chunks = getDims(context, rank);
  chunks.back() = chunks.back().ceilDiv(getChunk());
  addStream(context, "table", IntegerType::get(context, 16), rank,
            getAffineConstantExpr(int64_t(1) << getLength(), context), streams);
  addStream(context, "offsets", IntegerType::get(context, 32), rank, chunks,
            streams);
  addStream(context, "bits", IntegerType::get(context, 8), rank,
            getAffineSymbolExpr(0, context), streams, /*numSymbols=*/1);
  return success();
}

int64_t HuffmanAttr::getChunk(Operation *) const { return getChunk(); }
int64_t HuffmanAttr::getGranule(Type, Operation *) const { return 1; }

Reference HuffmanAttr::getReference(Type input) const {
  return std::make_shared<::zq::codec::Huffman>(getBits(input), getChunk(),
                                                getLength());
}

bool HuffmanAttr::isLossless() const { return true; }

//===----------------------------------------------------------------------===//
// Custom
//===----------------------------------------------------------------------===//

static DecoderOp lookUpDecoder(CustomAttr custom, Operation *scope) {
  if (!scope)
    return {};
  return SymbolTable::lookupNearestSymbolFrom<DecoderOp>(scope,
                                                         custom.getDecoder());
}

LogicalResult CustomAttr::verifyInput(ErrorFn emitError, ArrayRef<int64_t>,
                                      Type input) const {
  return verifyValues(emitError, input, "decoder");
}

Type CustomAttr::getOutput(Type) const { return NoneType::get(getContext()); }

LogicalResult
CustomAttr::getStreams(int64_t rank, Type, Operation *scope,
                       SmallVectorImpl<StreamAttr> &streams) const {
  DecoderOp decoder = lookUpDecoder(*this, scope);
  if (!decoder || decoder.getRank() != rank)
    return failure();
  llvm::append_range(streams, decoder.getStreamAttrs());
  return success();
}

int64_t CustomAttr::getGranule(Type, Operation *scope) const {
  DecoderOp decoder = lookUpDecoder(*this, scope);
  return decoder ? decoder.getBlockLength() : 1;
}

int64_t CustomAttr::getChunk(Operation *scope) const {
  DecoderOp decoder = lookUpDecoder(*this, scope);
  return decoder ? decoder.getChunkLength() : 0;
}

Reference CustomAttr::getReference(Type) const { return nullptr; }

bool CustomAttr::isLossless() const { return false; }
