//===- Kernel.cpp - A function under test, compiled from its text ---------===//
#include "Kernel.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "zq/InitAll.h"
#include "zq/Target/Target.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;
using ::zq::codec::Result;

static const DialectRegistry &getRegistry() {
  static const DialectRegistry registry = [] {
    DialectRegistry all;
    mlir::registerAllDialects(all);
    mlir::registerAllExtensions(all);
    mlir::zq::registerAllDialects(all);
    return all;
  }();
  return registry;
}

TestContext::TestContext()
    : context(getRegistry(), MLIRContext::Threading::DISABLED) {
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors += diagnostic.str() + "\n";
    else if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
      remarks += diagnostic.str() + "\n";
    return success();
  });
}

bool mlir::zq::test::isVerifiedThroughout(const std::string &text) {
  return std::hash<std::string>()(text) % 4 == 0;
}

Kernel::Kernel(std::string text, JitOptions options, std::string what)
    : what(std::move(what)) {
  source = parseSourceString<ModuleOp>(text, &context.context);
  if (!source) {
    ADD_FAILURE() << this->what << ": " << context.errors << text;
    return;
  }
  lowered = source->clone();
  options.verifyEach |= isVerifiedThroughout(text);
  auto compiled = JitFunction::compile(*lowered, "f", options);
  if (failed(compiled)) {
    ADD_FAILURE() << this->what << ": " << context.errors << text;
    return;
  }
  function = std::move(*compiled);
}

std::vector<Array> Kernel::call(const std::vector<Array> &inputs) {
  if (!function)
    return {};
  SmallVector<const Array *> pointers;
  for (const Array &input : inputs)
    pointers.push_back(&input);
  Result<std::vector<Array>> results = function->call(pointers);
  if (results)
    return std::move(*results);
  ADD_FAILURE() << what << ": " << results.message();
  return {};
}

void Kernel::setSeed(uint64_t seed) {
  if (function)
    function->setSeed(seed);
}

std::vector<BoundedTensor> Kernel::evaluate(ArrayRef<EvaluatorInput> inputs,
                                            CustomDecodeFn customDecode,
                                            double accuracy, StringRef name) {
  if (!source)
    return {};
  auto results = evaluateReference(source->lookupSymbol<func::FuncOp>(name),
                                   inputs, customDecode, accuracy);
  if (succeeded(results))
    return std::move(*results);
  ADD_FAILURE() << what << ": " << context.errors;
  return {};
}

std::vector<std::string> mlir::zq::test::getFeatureSets() {
  std::vector<std::string> sets{"+sse2"};
  std::string host = getHostFeatures();
  SmallVector<StringRef> has;
  StringRef(host).split(has, ',');
  if (llvm::is_contained(has, "+avx2") && llvm::is_contained(has, "+fma"))
    sets.insert(sets.begin(), "+avx2,+fma");
  if (llvm::is_contained(has, "+avx512bw"))
    sets.insert(sets.begin(), "host");
  return sets;
}

std::vector<std::string> mlir::zq::test::getAllFeatureSets() {
  std::vector<std::string> sets = getFeatureSets();
  std::string host = getHostFeatures();
  auto has = [&](const char *name) {
    return host.find(name) != std::string::npos;
  };
  if (has("+avxvnni") && has("+fma"))
    sets.push_back("+avx2,+fma,+avxvnni");
  for (const char *lesser : {"+avx2", "+ssse3"})
    if (has(lesser))
      sets.push_back(lesser);
  if (has("+avx512bw") && has("+fma"))
    sets.push_back("+avx512f,+avx512bw,+avx512vl,+avx512dq,+avx2,+fma");
  return sets;
}

std::string mlir::zq::test::printShape(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

void mlir::zq::test::expectSameBits(const Array &actual, const Array &expected,
                                    const std::string &what, bool sameNaN) {
  ASSERT_EQ(actual.type, expected.type) << what;
  ASSERT_EQ(actual.shape, expected.shape) << what;
  if (actual.bytes == expected.bytes)
    return;
  int64_t width = ::zq::codec::byteWidth(actual.type);
  int64_t differ = 0, first = 0;
  for (int64_t i = actual.size() - 1; i >= 0; --i) {
    if (!std::memcmp(actual.bytes.data() + i * width,
                     expected.bytes.data() + i * width, width))
      continue;
    if (sameNaN && std::isnan(actual.getFloat(i)) &&
        std::isnan(expected.getFloat(i)))
      continue;
    first = i;
    ++differ;
  }
  auto bits = [&](const Array &array) {
    uint64_t value = 0;
    std::memcpy(&value, array.bytes.data() + first * width, width);
    return value;
  };
  EXPECT_EQ(differ, 0) << what << ": of " << actual.size()
                       << " elements; the first is element " << first
                       << std::hexfloat << ", " << actual.getFloat(first)
                       << " and not " << expected.getFloat(first) << std::hex
                       << " (" << bits(actual) << " and not " << bits(expected)
                       << ")";
}

Array mlir::zq::test::cutWindow(const Array &whole,
                                const std::vector<int64_t> &offsets,
                                const std::vector<int64_t> &sizes) {
  Array window(whole.type, sizes);
  int64_t width = ::zq::codec::byteWidth(whole.type);
  for (int64_t i = 0; i < window.size(); ++i) {
    int64_t rest = i, from = 0, stride = 1;
    for (size_t dim = sizes.size(); dim-- > 0;) {
      from += (offsets[dim] + rest % sizes[dim]) * stride;
      rest /= sizes[dim];
      stride *= whole.shape[dim];
    }
    std::memcpy(window.bytes.data() + i * width,
                whole.bytes.data() + from * width, width);
  }
  return window;
}
