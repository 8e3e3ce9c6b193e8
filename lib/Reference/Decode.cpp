//===- Decode.cpp - Compressed tensors as what they are made of -----------===//
//
// Decoding is exact by contract, so that a decoded value has no error. But a
// program need not decode a tensor that it contracts with: the compiler may
// take it apart and contract with the parts. The bound of a contraction x . w
// has to cover either way without knowing which is taken. As in Transform.cpp,
// |.| is taken element by element, K is the contraction's length, u the unit
// roundoff, g(n) = n u / (1 - n u); all is to first order in u, and `Sum` takes
// a unit or two too many, which is more than the second order.
//
// Where what follows is done: to tensors that depend on nothing but compressed
// tensors and constants (`RuntimeValue::parts` is set). What a program computes
// of its dense arguments is contracted with as it is, but for rotations.
//
// 1. A sum, w = a + b: low rank, outliers, residual. Taken apart, the compiler
//    computes x . a + x . b, with an error of at most
//
//      (N + 1) u |x| . (|a| + |b|)
//
//    if it needs N additions; K where each is summed up by itself and the two
//    added, 2 K where the one sum begins with the other. Hence an element of w
//    gets the magnitude |a| + |b|, in which no cancellation is left, and the
//    contraction counts 2 K terms: K times the number of parts.
//
// 2. A product of matrices, w = L R with rank r: low rank again, and stored
//    orthogonal matrices and sketches. Taken apart, it is (x L) R or the like:
//    the inner sum is off by at most g(K) |x| |L|, the outer one adds g(r)
//    (|x| |L|) |R|. The sum of both is covered when an element of w gets
//
//      the error      g(r + 1) |L| |R|   (which `Sum` gives it as it is), and
//      the magnitude  |L| |R|            (for the contraction's own g(K)).
//
//    That is the rule for rotations, whose matrix has entries of one magnitude,
//    and a stored matrix that moves to x is the same: x . (M^T y) = (M x) . y.
//
// 3. A product with scales, w = fl(s q), where s leaves the sum: s (x . q). As
//    decoded, w differs from s q by u |w|, and the multiplication after the sum
//    is off by u as well. So each scale adds two roundings of each term, and a
//    contraction with a stored factor counts a few more
//    (LinalgEvaluator.cpp). Where s q is too small for a normal number, w is
//    off by half the smallest subnormal instead; such an element gets the
//    magnitude of the smallest normal number, of which u is just that.
//    That s q is in range and q is not may overflow inside the sum, and is not
//    covered.
//
// 4. Zero points and offsets, w = s (q - z): a sum again, s (x . q - z sum(x)).
//    The magnitude is s |q| + s |z|. The stages of a decoder that take values
//    in and hand values on are affine maps of what they take from below,
//    element by element. So the stage itself, decoding zeros and decoding the
//    magnitudes below it, says what the two summands are.
//
// 5. Permuted or cut along the axis that is contracted, w is summed up in
//    another order: nothing new.
//
//===----------------------------------------------------------------------===//
#include "Interpreter.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "zq/Dialect/ZQ/IR/Records.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "zq/Dialect/ZQ/IR/Stages.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;
using ::zq::codec::Array;
using ::zq::codec::ElementType;
using ::zq::codec::Stream;

static std::vector<int64_t> getShape(CompressedTensorType type) {
  return {type.getShape().begin(), type.getShape().end()};
}

static std::vector<Array> getArrays(ArrayRef<StoredArray> streams) {
  std::vector<Array> arrays;
  for (const StoredArray &stream : streams)
    arrays.push_back(stream.array);
  return arrays;
}

/// Decodes by the reference codec, or by the caller's decoder where the codec
/// has none. Exact.
static FailureOr<Array> decodeExactly(Operation *op, CompressedTensorType type,
                                      const std::vector<Array> &streams,
                                      CustomDecodeFn customDecode) {
  CodecAttr codec = type.getCodec();
  auto reference = codec.getReference(type.getElementType());
  if (!reference) {
    if (!customDecode)
      return op->emitError()
             << "'" << op->getName() << "' decodes by "
             << codec.getDecoderSymbol()
             << ", which has no reference, and nothing else decodes it here";
    FailureOr<Array> values = customDecode(type, streams);
    if (succeeded(values) && values->shape != getShape(type))
      return op->emitError() << "decoding by " << codec.getDecoderSymbol()
                             << " gave a tensor of the wrong shape";
    return values;
  }
  std::vector<Stream> named;
  for (const Array &array : streams)
    named.push_back({"", array});
  auto values = reference->decode(named, getShape(type),
                                  *toReferenceType(type.getElementType()));
  if (!values)
    return op->emitError() << "'" << op->getName()
                           << "' cannot decode: " << values.message();
  return std::move(*values);
}

//===----------------------------------------------------------------------===//
// Codecs that are split
//===----------------------------------------------------------------------===//

/// Whether some stage on the main way is decoded as ops on tensors only.
static bool needsSplitting(CompressedTensorType type) {
  CodecAttr codec = type.getCodec();
  for (auto [stage, shape] :
       llvm::zip(codec.getStages(), codec.getShapes(type.getShape())))
    if (auto tensorStage = dyn_cast<TensorStageAttrInterface>(stage))
      if (!tensorStage.isBlockStage(shape))
        return true;
  return false;
}

/// A module with a function that decodes one tensor of `type`, as
/// `zq-split-codecs` leaves it, beside the decoders of the module of `op`.
static FailureOr<OwningOpRef<ModuleOp>> makeSplitDecode(Operation *op,
                                                        Type compressed) {
  auto type = cast<CompressedTensorType>(compressed);
  Location loc = op->getLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  for (auto decoder : op->getParentOfType<ModuleOp>().getOps<DecoderOp>())
    b.clone(*decoder);
  RankedTensorType dense = type.getDenseType();
  auto func = func::FuncOp::create(b, loc, "decode",
                                   b.getFunctionType({type}, {dense}));
  b.setInsertionPointToStart(func.addEntryBlock());
  Value init =
      tensor::EmptyOp::create(b, loc, dense.getShape(), dense.getElementType());
  SmallVector<OpFoldResult> offsets(dense.getRank(), b.getIndexAttr(0));
  auto decode = DecodeOp::create(b, loc, func.getArgument(0), offsets, init,
                                 type.getCodec().getDecoderSymbol());
  func::ReturnOp::create(b, loc, decode.getResult());

  // The remarks are for those who compile the program.
  ScopedDiagnosticHandler handler(op->getContext(), [](Diagnostic &diagnostic) {
    return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark);
  });
  if (failed(splitCodecs(*module)))
    return failure();
  WalkResult left = func.walk([](DecodeOp decode) {
    auto type = cast<CompressedTensorType>(decode.getSource().getType());
    return needsSplitting(type) ? WalkResult::interrupt()
                                : WalkResult::advance();
  });
  if (left.wasInterrupted())
    return op->emitError() << "'zq-split-codecs' leaves stages of "
                           << type.getCodec()
                           << " that are ops on tensors only";
  return module;
}

/// The contract of the stages: what they make of a decode is that of the
/// reference.
static LogicalResult checkSplit(Operation *op, CompressedTensorType type,
                                const Array &reference,
                                const BoundedTensor &split) {
  BoundComparison found = compareWithBound(split, reference);
  if (found.isWithin())
    return success();
  int64_t worst = found.ratioAt;
  return op->emitError() << "'zq-split-codecs' makes of " << type.getCodec()
                         << " what decodes to another value than its "
                            "reference: element "
                         << worst << " is "
                         << fromArray(reference).values[worst] << ", and not "
                         << split.values[worst] << " +- "
                         << split.errors[worst];
}

/// Evaluates what `zq-split-codecs` makes of the decode.
static FailureOr<RuntimeValue> decodeSplit(Operation *op,
                                           CompressedTensorType type,
                                           const StreamsRef &streams,
                                           const Environment &environment) {
  // First, since it checks the streams.
  std::optional<Array> reference;
  bool isExact = llvm::all_of(
      *streams, [](const StoredArray &stream) { return !stream.bounded; });
  if (isExact && type.getCodec().getReference(type.getElementType())) {
    FailureOr<Array> values =
        decodeExactly(op, type, getArrays(*streams), environment.customDecode);
    if (failed(values))
      return failure();
    reference = std::move(*values);
  }

  auto module = makeSplitDecode(op, type);
  if (failed(module))
    return failure();
  auto func = *(*module)->getOps<func::FuncOp>().begin();
  RuntimeValue argument = streams;
  argument.parts = 1;
  Environment frame(environment.customDecode);
  auto results = runBlock(func.getBody().front(), {argument}, frame);
  if (failed(results) ||
      (reference && failed(checkSplit(op, type, *reference,
                                      *std::get<TensorRef>(results->front())))))
    return failure();
  return std::move(results->front());
}

//===----------------------------------------------------------------------===//
// Codecs that blocks decode
//===----------------------------------------------------------------------===//

/// `array` with each element moved to the end of its error interval.
static Array shift(const StoredArray &stream, double sign) {
  Array array = stream.array;
  for (int64_t i = 0, n = array.size(); i < n; ++i) {
    double end = stream.bounded->values[i] + sign * stream.bounded->errors[i];
    array.set(i, std::nextafterf(static_cast<float>(end),
                                 static_cast<float>(sign * infinity)));
  }
  return array;
}

/// Decodes streams, of which some may have been computed with rounding. What
/// the stages of a decoder do to the values that they read is monotone in each
/// of them, an element depends on one element of each stream (or on several in
/// the same direction). So it is extreme where all elements of a stream are.
static FailureOr<BoundedTensor> decodeInexact(Operation *op,
                                              CompressedTensorType type,
                                              ArrayRef<StoredArray> streams,
                                              CustomDecodeFn customDecode) {
  std::vector<Array> arrays = getArrays(streams);
  FailureOr<Array> nearest = decodeExactly(op, type, arrays, customDecode);
  if (failed(nearest))
    return failure();
  BoundedTensor result = fromArray(*nearest);
  SmallVector<unsigned> inexact;
  for (auto [i, stream] : llvm::enumerate(streams))
    if (stream.bounded)
      inexact.push_back(i);
  if (inexact.empty())
    return result;
  for (unsigned corner = 0; corner < 1u << inexact.size(); ++corner) {
    for (auto [bit, index] : llvm::enumerate(inexact))
      arrays[index] = shift(streams[index], corner >> bit & 1 ? 1 : -1);
    FailureOr<Array> values = decodeExactly(op, type, arrays, customDecode);
    if (failed(values))
      return failure();
    BoundedTensor moved = fromArray(*values);
    for (int64_t i = 0, n = result.size(); i < n; ++i) {
      double error = std::fabs(moved.values[i] - result.values[i]);
      if (!(error <= result.errors[i]))
        result.errors[i] = std::isnan(error) ? infinity : error;
    }
  }
  return result;
}

/// Part 4 above: the magnitudes of what the leading stages, affine maps of
/// values, make of what lies below. Leaves none where no stage adds anything.
static LogicalResult addMagnitudes(Operation *op, CompressedTensorType type,
                                   ArrayRef<StoredArray> streams,
                                   const Environment &environment,
                                   BoundedTensor &tensor) {
  CodecAttr codec = type.getCodec();
  if (!codec.getReference(type.getElementType()))
    return success();
  MLIRContext *context = op->getContext();
  Type f32 = Float32Type::get(context);
  auto parts = getParts(codec, type.getRank(), type.getElementType(), op);
  if (failed(parts))
    return failure();
  // The streams of each stage that takes values in and hands them on.
  SmallVector<ArrayRef<StoredArray>> own;
  ArrayRef<StoredArray> rest = streams;
  for (auto [stage, input, stored] : llvm::zip(
           codec.getStages(), codec.getInputs(type.getElementType()), *parts)) {
    if (!isa<FloatType>(stage.getOutput(input)) ||
        !stage.getMainRatios(type.getRank()).empty())
      break;
    size_t count = 0;
    for (const Part &part : stored)
      count += part.codec
                   ? part.codec
                         .getStreams(part.array.getShape().getNumResults(),
                                     part.array.getElementType(), op)
                         ->size()
                   : 1;
    own.push_back(rest.take_front(count));
    rest = rest.drop_front(count);
  }
  if (own.empty())
    return success();

  // What a stage makes of the given values.
  auto decodeStage = [&](size_t index, const Array &main) {
    auto alone = CodecAttr::get(
        context, {codec.getStages()[index], RawAttr::get(context, f32)});
    std::vector<Array> arrays = getArrays(own[index]);
    arrays.push_back(main);
    return decodeExactly(
        op, CompressedTensorType::get(context, type.getShape(), f32, alone),
        arrays, environment.customDecode);
  };
  auto below = CompressedTensorType::get(
      context, type.getShape(), f32,
      CodecAttr::get(context, codec.getStages().drop_front(own.size())));
  FailureOr<Array> lowest =
      decodeExactly(op, below, getArrays(rest), environment.customDecode);
  if (failed(lowest))
    return failure();
  // What is stored as it is may have been put together or transformed.
  bool isRaw = codec.getStages().size() == own.size() + 1 &&
               isa<RawAttr>(codec.getStages().back());
  const BoundedTensor *computed =
      isRaw && rest.front().bounded ? rest.front().bounded.get() : nullptr;
  Array magnitudes = *lowest;
  bool isNeeded = false;
  for (int64_t i = 0, n = magnitudes.size(); i < n; ++i) {
    Scalar element = computed ? getElement(*computed, i)
                              : Scalar::exact(magnitudes.getFloat(i));
    isNeeded |= element.hasExcess();
    magnitudes.setFloat(i, static_cast<float>(element.magnitude));
  }

  const Array zeros(ElementType::F32, getShape(type));
  constexpr float smallestNormal = std::numeric_limits<float>::min();
  for (size_t stage = own.size(); stage-- > 0;) {
    FailureOr<Array> added = decodeStage(stage, zeros);
    FailureOr<Array> whole = decodeStage(stage, magnitudes);
    if (failed(added) || failed(whole))
      return failure();
    for (int64_t i = 0, n = tensor.size(); i < n; ++i) {
      float summand = added->getFloat(i);
      float magnitude =
          std::fabs(whole->getFloat(i) - summand) + std::fabs(summand);
      isNeeded |= summand != 0;
      if (magnitude < smallestNormal && magnitudes.getFloat(i) != 0) {
        magnitude = smallestNormal;
        isNeeded = true;
      }
      magnitudes.set(i, magnitude);
    }
  }
  if (!isNeeded)
    return success();
  for (int64_t i = 0, n = tensor.size(); i < n; ++i) {
    Scalar element = getElement(tensor, i);
    element.magnitude =
        std::max<double>(element.magnitude, magnitudes.getFloat(i));
    setElement(tensor, i, element);
  }
  return success();
}

/// Decodes a tensor in records as the same without.
static FailureOr<RuntimeValue> decodeRecords(Operation *op,
                                             CompressedTensorType type,
                                             ArrayRef<StoredArray> streams,
                                             const Environment &environment) {
  CompressedTensorType apart = withoutRecords(type);
  auto names =
      apart.getCodec().getStreams(type.getRank(), type.getElementType(), op);
  std::string why;
  auto layout = succeeded(names)
                    ? getRecordLayout(*names, type.getCodec().getRecords(), why)
                    : std::nullopt;
  if (!layout)
    return LogicalResult(op->emitOpError("cannot decode: ") << why);
  std::vector<::zq::codec::Stream> stored;
  for (const StoredArray &stream : streams)
    stored.push_back({"", stream.array});
  auto arrays = layout->getReference()->split(stored, type.getShape().vec());
  if (!arrays)
    return LogicalResult(op->emitOpError("cannot decode: ")
                         << arrays.message());
  // What is computed stays so.
  std::vector<StoredArray> own(streams.begin(), streams.end() - 1);
  for (const RecordLayout::Component &component : layout->components)
    own.insert(own.begin() + component.stream,
               StoredArray{(*arrays)[component.stream].array, nullptr});
  return decodeWhole(op, apart,
                     std::make_shared<const std::vector<StoredArray>>(own),
                     environment);
}

FailureOr<RuntimeValue>
mlir::zq::reference::decodeWhole(Operation *op, CompressedTensorType type,
                                 const StreamsRef &streams,
                                 const Environment &environment) {
  if (type.getCodec().getRecords())
    return decodeRecords(op, type, *streams, environment);
  if (needsSplitting(type))
    return decodeSplit(op, type, streams, environment);
  FailureOr<BoundedTensor> tensor =
      decodeInexact(op, type, *streams, environment.customDecode);
  if (failed(tensor) ||
      failed(addMagnitudes(op, type, *streams, environment, *tensor)))
    return failure();
  RuntimeValue result =
      std::make_shared<const BoundedTensor>(std::move(*tensor));
  result.parts = 1;
  return result;
}
