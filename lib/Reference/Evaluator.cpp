//===- Evaluator.cpp - A function from its inputs to its results ----------===//
#include "zq/Reference/Evaluator.h"
#include "Interpreter.h"

#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::reference;
using ::zq::codec::Array;

/// Whether `array` may be passed as a tensor or scalar of `type`.
static LogicalResult checkDense(func::FuncOp func, unsigned index, Type type,
                                const Array &array) {
  auto reject = [&] {
    return func.emitError() << "argument " << index << " is of type " << type
                            << ", but gets " << formatShape(array.shape)
                            << " of " << ::zq::codec::name(array.type);
  };
  Type element = getElementTypeOrSelf(type);
  if (element.isIndex() ? array.type != ::zq::codec::ElementType::I64
                        : toReferenceType(element) != array.type)
    return reject();
  ArrayRef<int64_t> shape;
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    shape = tensor.getShape();
  else if (isa<ShapedType>(type))
    return reject();
  if (shape.size() != array.shape.size())
    return reject();
  for (auto [wanted, size] : llvm::zip(shape, array.shape))
    if (!ShapedType::isDynamic(wanted) && wanted != size)
      return reject();
  return success();
}

static FailureOr<RuntimeValue> makeArgument(func::FuncOp func, unsigned index,
                                            const EvaluatorInput &input) {
  Type type = func.getArgumentTypes()[index];
  if (isa<CompressedTensorType>(type)) {
    // The codec checks the streams where they are decoded.
    auto streams = std::make_shared<std::vector<StoredArray>>();
    for (const Array &array : input.arrays)
      streams->push_back({array, nullptr});
    RuntimeValue stored = StreamsRef(std::move(streams));
    stored.parts = 1;
    return stored;
  }
  if (input.arrays.size() != 1)
    return func.emitError() << "argument " << index << " takes one array, got "
                            << input.arrays.size();
  if (failed(checkDense(func, index, type, input.arrays.front())))
    return failure();
  BoundedTensor tensor = fromArray(input.arrays.front());
  if (!isa<ShapedType>(type)) {
    RuntimeValue scalar = getElement(tensor, 0);
    // An index is about places.
    if (type.isIndex())
      scalar.parts = 0;
    return scalar;
  }
  return RuntimeValue(std::make_shared<const BoundedTensor>(std::move(tensor)));
}

FailureOr<std::vector<BoundedTensor>>
mlir::zq::evaluateReference(func::FuncOp func, ArrayRef<EvaluatorInput> inputs,
                            CustomDecodeFn customDecode, double accuracy) {
  if (!func.getBody().hasOneBlock())
    return func.emitError()
           << "the reference evaluator takes functions of one block only";
  if (func.getNumArguments() != inputs.size())
    return func.emitError() << "takes " << func.getNumArguments()
                            << " arguments, got " << inputs.size();
  SmallVector<RuntimeValue> arguments;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    FailureOr<RuntimeValue> argument = makeArgument(func, i, input);
    if (failed(argument))
      return failure();
    arguments.push_back(std::move(*argument));
  }
  Environment environment(customDecode, accuracy);
  auto values = runBlock(func.getBody().front(), arguments, environment);
  if (failed(values))
    return failure();
  std::vector<BoundedTensor> results;
  for (auto [i, value] : llvm::enumerate(*values)) {
    if (auto *tensor = std::get_if<TensorRef>(&value)) {
      results.push_back(**tensor);
    } else if (auto *scalar = std::get_if<Scalar>(&value)) {
      results.push_back(makeTensor({}));
      setElement(results.back(), 0, *scalar);
    } else {
      return func.emitError() << "result " << i
                              << " is a compressed tensor, and the reference "
                                 "evaluator compares dense ones only";
    }
  }
  return results;
}
