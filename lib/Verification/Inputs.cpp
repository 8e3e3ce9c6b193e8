//===- Inputs.cpp - What a function is tried with -------------------------===//
#include "Inputs.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::verification;
using ::zq::codec::Array;
using ::zq::codec::ElementType;

/// The magnitudes of the values that scales are made for while codes are
/// exhausted.
static constexpr float scaleMagnitudes[] = {1, 0x1p-12f, 0x1p12f};
/// The sizes, case by case, that dynamic dimensions get.
static constexpr int64_t freeSizes[] = {3, 1, 5};
/// Cases that codes are worth, by size of scales: those of a byte in every
/// place, or those of 16 bits in 256 places.
static constexpr size_t maxCodeCases = 256;
static constexpr size_t numPatterns = std::size(allPatterns);

/// What an argument's elements are held as; nothing where no array holds them.
static std::optional<ElementType> getElement(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isIndex() ? ElementType::I64 : toReferenceType(element);
}

LogicalResult Inputs::addAssembled() {
  SmallVector<bool> taken(func.getNumArguments(), false);
  WalkResult walked = func.walk([&](AssembleOp op) {
    SmallVector<int> arguments;
    bool found = false;
    for (Value operand : op.getStreams()) {
      while (auto cast = operand.getDefiningOp<tensor::CastOp>())
        operand = cast.getSource();
      auto argument = dyn_cast<BlockArgument>(operand);
      bool isOwn = argument && argument.getOwner() == &func.front() &&
                   !taken[argument.getArgNumber()];
      arguments.push_back(isOwn ? int(argument.getArgNumber()) : -1);
      found |= isOwn;
      if (isOwn)
        taken[argument.getArgNumber()] = true;
    }
    if (!found)
      return WalkResult::advance();
    auto streams =
        Streams::make(op, cast<CompressedTensorType>(op.getResult().getType()));
    if (failed(streams))
      return WalkResult::interrupt();
    compressed.push_back({std::move(*streams), arguments, false, {}});
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

FailureOr<Inputs> Inputs::make(func::FuncOp func, const Sizes &sizes,
                               const InputOptions &options) {
  Inputs result(func, sizes, options);
  for (BlockArgument argument : func.getArguments()) {
    if (auto type = dyn_cast<CompressedTensorType>(argument.getType())) {
      auto streams = Streams::make(func, type);
      if (failed(streams))
        return failure();
      int number = argument.getArgNumber();
      result.compressed.push_back({std::move(*streams), {number}, true, {}});
      continue;
    }
    result.hasDense = true;
    if (!getElement(argument.getType()) ||
        (isa<ShapedType>(argument.getType()) &&
         !isa<RankedTensorType>(argument.getType())))
      return emitError(func.getLoc())
             << "nothing can be made for argument " << argument.getArgNumber()
             << ", of type " << argument.getType();
  }
  if (failed(result.addAssembled()))
    return failure();
  Random random(options.seed);
  result.chooseExhaustion(random);
  return result;
}

/// Every place takes each code, one a case; where that is too much, the places
/// of a case take as many codes as there are places, until none is left.
void Inputs::chooseExhaustion(Random &random) {
  uint64_t elements = countElements();
  for (bool everywhere : {true, false}) {
    inEveryPlace = everywhere;
    numCodes = 0;
    for (Compressed &one : compressed) {
      size_t codes = one.streams.getCodes().size();
      size_t places = one.streams.getNumCoded();
      one.first.clear();
      if (codes == 0 || places == 0)
        continue;
      uint32_t begin = random() % codes;
      for (size_t i = 0; i < places; ++i)
        one.first.push_back(everywhere ? random() % codes : begin + i);
      numCodes = std::max(numCodes,
                          everywhere ? codes : llvm::divideCeil(codes, places));
    }
    if (elements * numCodes <= options.exhaustLimit && numCodes <= maxCodeCases)
      return;
  }
  numCodes = 0;
}

/// Elements of all tensors among the arguments.
uint64_t Inputs::countElements() const {
  uint64_t elements = 0;
  for (BlockArgument argument : arguments) {
    if (auto type = dyn_cast<CompressedTensorType>(argument.getType()))
      elements += ShapedType::getNumElements(type.getShape());
    else if (isa<RankedTensorType>(argument.getType()))
      elements +=
          ShapedType::getNumElements(sizes->getShape(argument, freeSizes[0]));
  }
  return elements;
}

EvaluatorInput Inputs::makeDense(BlockArgument argument, int64_t free,
                                 ValuePattern pattern, Random &random) const {
  Type type = argument.getType();
  std::vector<int64_t> shape;
  if (type.isIndex()) {
    Array array(ElementType::I64, shape);
    array.set<int64_t>(0, sizes->getIndex(argument, free));
    return {{std::move(array)}};
  }
  if (isa<RankedTensorType>(type)) {
    SmallVector<int64_t> chosen = sizes->getShape(argument, free);
    shape.assign(chosen.begin(), chosen.end());
  }
  return {{makeArray(*getElement(type), shape, pattern, random)}};
}

// Cases: each pattern for the dense arguments, each further one for the
// compressed ones, random streams, all codes.

size_t Inputs::getNumCases() const {
  size_t count = hasDense ? numPatterns : 1;
  if (!compressed.empty())
    count += numPatterns - 1 + options.randomCases;
  return count + std::size(scaleMagnitudes) * numCodes;
}

Case Inputs::getCase(size_t index) const {
  Random random(options.seed + 0x9e3779b97f4a7c15 * (index + 1));
  int64_t free = freeSizes[index % std::size(freeSizes)];
  Case result;
  ValuePattern dense = ValuePattern::Gaussian;
  std::function<Arrays(const Compressed &)> makeStreams =
      [&](const Compressed &one) {
        return one.streams.encode(ValuePattern::Gaussian, random);
      };
  size_t rest = index, numDense = hasDense ? numPatterns : 1;
  if (rest < numDense) {
    dense = allPatterns[rest];
    result.name = hasDense ? std::string(getName(dense)) + " dense values"
                           : "encoded Gaussian values";
  } else if (rest -= numDense; rest < numPatterns - 1) {
    ValuePattern pattern = allPatterns[rest + 1];
    result.name = std::string("encoded ") + getName(pattern) + " values";
    makeStreams = [&, pattern](const Compressed &one) {
      return one.streams.encode(pattern, random);
    };
  } else if (rest -= numPatterns - 1; rest < options.randomCases) {
    result.name = "random streams, number " + std::to_string(rest);
    makeStreams = [&](const Compressed &one) {
      return one.streams.makeRandom(random);
    };
  } else {
    rest -= options.randomCases;
    size_t step = rest % numCodes;
    float magnitude = scaleMagnitudes[rest / numCodes];
    llvm::raw_string_ostream(result.name)
        << "all codes, step " << step << ", scales for values of about "
        << magnitude;
    makeStreams = [&, step, magnitude](const Compressed &one) {
      if (one.first.empty())
        return one.streams.makeRandom(random);
      size_t distance = inEveryPlace ? 1 : one.first.size();
      return one.streams.makeCodes(one.first, step * distance, magnitude,
                                   random);
    };
  }

  for (BlockArgument argument : arguments)
    result.inputs.push_back(isa<CompressedTensorType>(argument.getType())
                                ? EvaluatorInput()
                                : makeDense(argument, free, dense, random));
  for (const Compressed &one : compressed) {
    Arrays arrays = makeStreams(one);
    if (one.isWhole) {
      result.inputs[one.arguments.front()].arrays = std::move(arrays);
      continue;
    }
    for (auto [argument, array] : llvm::zip(one.arguments, arrays))
      if (argument >= 0)
        result.inputs[argument].arrays = {std::move(array)};
  }
  return result;
}

std::string Inputs::describe() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << getNumCases() << (getNumCases() == 1 ? " case" : " cases");
  for (const Compressed &one : compressed) {
    os << "; "
       << (one.isWhole ? "argument " : "what is assembled of argument ");
    llvm::interleaveComma(
        llvm::make_filter_range(one.arguments,
                                [](int argument) { return argument >= 0; }),
        os);
    os << ": ";
    ArrayRef<uint32_t> codes = one.streams.getCodes();
    if (one.streams.isOpaque()) {
      os << "a decoder that may be any function";
    } else if (numCodes && !codes.empty()) {
      os << codes.size() << " of " << one.streams.getNumBitPatterns()
         << (inEveryPlace ? " codes in every place" : " codes in some place")
         << ", with " << std::size(scaleMagnitudes) << " sizes of scales";
    } else {
      os << "random streams, " << options.randomCases << " times";
      if (!codes.empty())
        os << " (too large to exhaust " << codes.size() << " codes)";
    }
  }
  return text;
}
