//===- Program.h - A module under test, from its text ---------------------===//
#ifndef ZQ_UNITTESTS_REFERENCE_PROGRAM_H
#define ZQ_UNITTESTS_REFERENCE_PROGRAM_H

#include "zq/Reference/Evaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <random>

namespace mlir::zq::test {

using ::zq::codec::Array;
using ::zq::codec::ElementType;

inline Array makeArray(std::vector<int64_t> shape,
                       const std::vector<float> &values) {
  Array array(ElementType::F32, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i)
    array.set<float>(i, values[i]);
  return array;
}

inline Array makeInts(std::vector<int64_t> shape,
                      const std::vector<int64_t> &values) {
  Array array(ElementType::I64, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i)
    array.set<int64_t>(i, values[i]);
  return array;
}

inline std::vector<float> getFloats(const Array &array) {
  std::vector<float> values;
  for (int64_t i = 0; i < array.size(); ++i)
    values.push_back(array.getFloat(i));
  return values;
}

inline std::vector<float> randomValues(size_t size, unsigned seed,
                                       float deviation = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(size);
  for (float &value : values)
    value = normal(generator);
  return values;
}

/// Parses a module and evaluates its function @f.
class Program {
public:
  explicit Program(StringRef text) {
    context
        .loadDialect<arith::ArithDialect, func::FuncDialect,
                     linalg::LinalgDialect, math::MathDialect, scf::SCFDialect,
                     tensor::TensorDialect, vector::VectorDialect, ZQDialect>();
    context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      message += diagnostic.str();
      return success();
    });
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << message;
  }

  std::vector<BoundedTensor> run(ArrayRef<EvaluatorInput> inputs,
                                 CustomDecodeFn customDecode = nullptr) {
    auto results = evaluateReference(getFunction(), inputs, customDecode);
    EXPECT_TRUE(succeeded(results)) << message;
    return succeeded(results) ? *results : std::vector<BoundedTensor>(4);
  }
  /// With one array for each argument.
  std::vector<BoundedTensor> run(const std::vector<Array> &inputs) {
    std::vector<EvaluatorInput> wrapped;
    for (const Array &array : inputs)
      wrapped.push_back({{array}});
    return run(wrapped);
  }
  /// The message of a failing run.
  std::string fail(ArrayRef<EvaluatorInput> inputs) {
    EXPECT_TRUE(failed(evaluateReference(getFunction(), inputs)));
    return message;
  }

  func::FuncOp getFunction() { return module->lookupSymbol<func::FuncOp>("f"); }

private:
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string message;
};

/// The streams of `values` as the codec of argument `index` encodes them.
inline EvaluatorInput encodeFor(Program &program, unsigned index,
                                const Array &values) {
  auto type = cast<CompressedTensorType>(
      program.getFunction().getArgumentTypes()[index]);
  auto streams =
      type.getCodec().getReference(type.getElementType())->encode(values);
  EXPECT_TRUE(bool(streams)) << (streams ? "" : streams.message());
  EvaluatorInput input;
  for (auto &stream : *streams)
    input.arrays.push_back(stream.array);
  return input;
}

} // namespace mlir::zq::test

#endif // ZQ_UNITTESTS_REFERENCE_PROGRAM_H
