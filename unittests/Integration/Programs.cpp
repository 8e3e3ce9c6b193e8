//===- Programs.cpp - Programs that codecs are tested with ----------------===//
#include "Programs.h"

#include "mlir/Parser/Parser.h"
#include "zq/Pipelines/Pipelines.h"
#include "gtest/gtest.h"

using namespace mlir::zq;
using namespace mlir::zq::test;

std::string mlir::zq::test::wholeDecodes(const std::vector<TestCodec> &codecs,
                                         const Shape &shape) {
  std::string decoder, arguments, results, body, returned;
  std::string zeros;
  for (size_t i = 0; i < shape.size(); ++i)
    zeros += i ? ", 0" : "0";
  for (size_t i = 0; i < codecs.size(); ++i) {
    std::string n = std::to_string(i), comma = i ? ", " : "";
    std::string type = codecs[i].type(shape);
    std::string dense =
        "tensor<" + printShape(shape) + "x" + codecs[i].element + ">";
    arguments += comma + "%w" + n + ": " + type;
    results += comma + dense;
    returned += comma + "%d" + n;
    body += "  %e" + n + " = tensor.empty() : " + dense + "\n  %d" + n +
            " = zq.decode %w" + n + " " + codecs[i].usingClause() + "at [" +
            zeros + "] outs(%e" + n + " : " + dense + ") : " + type + " -> " +
            dense + "\n";
    if (codecs[i].isCustom())
      decoder = readLut3Decoder();
  }
  return decoder + "func.func @f(" + arguments + ") -> (" + results + ") {\n" +
         body + "  return " + returned + " : " + results + "\n}\n";
}

Product mlir::zq::test::matmulByRows(int64_t m, int64_t n, int64_t k) {
  return {"linalg.matmul",
          "affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, "
          "affine_map<(m, n, k) -> (m, n)>",
          {m, k},
          {n, k},
          {m, n}};
}

Product mlir::zq::test::matmulByColumns(int64_t m, int64_t n, int64_t k) {
  return {"linalg.matmul", "", {m, k}, {k, n}, {m, n}};
}

Product mlir::zq::test::batchMatmulByRows(int64_t b, int64_t m, int64_t n,
                                          int64_t k) {
  return {"linalg.batch_matmul",
          "affine_map<(b, m, n, k) -> (b, m, k)>, "
          "affine_map<(b, m, n, k) -> (b, n, k)>, "
          "affine_map<(b, m, n, k) -> (b, m, n)>",
          {b, m, k},
          {b, n, k},
          {b, m, n}};
}

Product mlir::zq::test::batchMatmulByColumns(int64_t b, int64_t m, int64_t n,
                                             int64_t k) {
  return {"linalg.batch_matmul", "", {b, m, k}, {b, k, n}, {b, m, n}};
}

Product mlir::zq::test::matvec(int64_t n, int64_t k) {
  return {"linalg.matvec", "", {k}, {n, k}, {n}, /*weightFirst=*/true};
}

Product mlir::zq::test::vecmat(int64_t n, int64_t k) {
  return {"linalg.vecmat", "", {k}, {k, n}, {n}};
}

std::string mlir::zq::test::printProducts(const std::vector<Product> &products,
                                          const TestCodec &codec) {
  std::string arguments, results, returned;
  std::string body = "  %zero = arith.constant 0.0 : f32\n";
  for (size_t i = 0; i < products.size(); ++i) {
    const Product &product = products[i];
    std::string n = std::to_string(i), comma = i ? ", " : "";
    std::string type = codec.type(product.w);
    std::string x =
        "tensor<" + printShape(product.x) + "x" + product.element + ">";
    std::string w =
        "tensor<" + printShape(product.w) + "x" + codec.element + ">";
    std::string y = "tensor<" + printShape(product.y) + "xf32>";
    std::string zeros = "0";
    for (size_t dim = 1; dim < product.w.size(); ++dim)
      zeros += ", 0";
    arguments += comma + "%x" + n + ": " + x + ", %w" + n + ": " + type;
    results += comma + y;
    returned += comma + "%y" + n;
    body += "  %e" + n + " = tensor.empty() : " + w + "\n  %d" + n +
            " = zq.decode %w" + n + " " + codec.usingClause() + "at [" + zeros +
            "] outs(%e" + n + " : " + w + ") : " + type + " -> " + w + "\n";
    body += "  %i" + n + " = tensor.empty() : " + y + "\n  %f" + n +
            " = linalg.fill ins(%zero : f32) outs(%i" + n + " : " + y +
            ") -> " + y + "\n";
    std::string maps =
        product.maps.empty() ? "" : " indexing_maps = [" + product.maps + "]";
    std::string inputs = product.weightFirst
                             ? "%d" + n + ", %x" + n + " : " + w + ", " + x
                             : "%x" + n + ", %d" + n + " : " + x + ", " + w;
    body += "  %y" + n + " = " + product.op + maps + " ins(" + inputs +
            ") outs(%f" + n + " : " + y + ") -> " + y + "\n";
  }
  return (codec.isCustom() ? readLut3Decoder() : "") + "func.func @f(" +
         arguments + ") -> (" + results + ") {\n" + body + "  return " +
         returned + " : " + results + "\n}\n";
}

PreparedProducts
mlir::zq::test::prepareProducts(const std::vector<Product> &products,
                                const TestCodec &codec, double accuracy) {
  PreparedProducts prepared{
      products, codec.text, printProducts(products, codec), {}, {}};
  std::mt19937 random(11);
  std::vector<EvaluatorInput> arguments;
  for (const Product &product : products) {
    ElementType element = TestCodec{"", product.element}.elementType();
    prepared.inputs.push_back(gaussianValues(element, product.x, random));
    arguments.push_back({{prepared.inputs.back()}});
    arguments.emplace_back();
    for (Stream &stream :
         codec.encode(gaussianValues(codec.elementType(), product.w, random))) {
      prepared.inputs.push_back(stream.array);
      arguments.back().arrays.push_back(stream.array);
    }
  }
  auto decodeCustom =
      [&](CompressedTensorType type,
          const std::vector<Array> &streams) -> mlir::FailureOr<Array> {
    std::vector<Stream> named;
    for (const Array &stream : streams)
      named.push_back({"", stream});
    return codec.decode(named, type.getShape().vec());
  };
  TestContext context;
  auto source =
      mlir::parseSourceString<mlir::ModuleOp>(prepared.text, &context.context);
  mlir::FailureOr<std::vector<BoundedTensor>> expected = mlir::failure();
  if (source)
    expected = evaluateReference(source->lookupSymbol<mlir::func::FuncOp>("f"),
                                 arguments, decodeCustom, accuracy);
  if (succeeded(expected))
    prepared.expected = std::move(*expected);
  else
    ADD_FAILURE() << codec.text << ": " << context.errors;
  return prepared;
}

void mlir::zq::test::compareProducts(const PreparedProducts &prepared,
                                     const std::vector<Array> &results) {
  const std::vector<Product> &products = prepared.products;
  ASSERT_EQ(results.size(), products.size()) << prepared.what;
  ASSERT_EQ(prepared.expected.size(), products.size()) << prepared.what;
  for (size_t i = 0; i < results.size(); ++i) {
    BoundComparison found = compareWithBound(prepared.expected[i], results[i]);
    EXPECT_TRUE(found.isWithin() && found.unbounded == 0)
        << prepared.what << ": " << products[i].op << " of "
        << printShape(products[i].x) << " by " << printShape(products[i].w)
        << ": " << found.violations
        << " elements are outside the bound, difference / bound is up to "
        << found.largestRatio;
  }
}

void mlir::zq::test::checkProducts(const std::vector<Product> &products,
                                   const TestCodec &codec,
                                   const JitOptions &options,
                                   bool mayBeUnfused) {
  PreparedProducts prepared =
      prepareProducts(products, codec, options.accuracy);
  prepared.what +=
      " for " + options.features + (options.threads ? ", threads" : "");
  Kernel kernel(prepared.text, options, prepared.what);
  compareProducts(prepared, kernel.call(prepared.inputs));
  EXPECT_TRUE(mayBeUnfused ||
              kernel.getRemarks().find("decode fused") != std::string::npos)
      << prepared.what;
}

//===----------------------------------------------------------------------===//
// GPUs
//===----------------------------------------------------------------------===//

std::vector<std::vector<EmulatedGpu>>
mlir::zq::test::groupByKernels(const std::string &text,
                               const std::vector<EmulatedGpu> &gpus,
                               double accuracy) {
  TestContext context;
  auto source = mlir::parseSourceString<mlir::ModuleOp>(text, &context.context);
  std::vector<std::string> kernels;
  std::vector<std::vector<EmulatedGpu>> groups;
  for (const EmulatedGpu &gpu : gpus) {
    LowerToNVVMOptions options;
    options.chip = gpu.chip;
    options.accuracy = accuracy;
    mlir::PassManager pm(&context.context);
    buildFormKernelsPipeline(pm, options);
    mlir::OwningOpRef<mlir::ModuleOp> module =
        source ? source->clone() : nullptr;
    if (!module || failed(runPasses(pm, *module, /*verifyEach=*/false))) {
      ADD_FAILURE() << gpu.chip << ": " << context.errors << text;
      return {};
    }
    std::string formed;
    llvm::raw_string_ostream os(formed);
    module->print(os);
    size_t group = llvm::find(kernels, formed) - kernels.begin();
    if (group == kernels.size()) {
      kernels.push_back(std::move(formed));
      groups.emplace_back();
    }
    groups[group].push_back(gpu);
  }
  return groups;
}

void mlir::zq::test::checkProductsOn(const std::vector<EmulatedGpu> &gpus,
                                     const std::vector<Product> &products,
                                     const TestCodec &codec, double accuracy) {
  PreparedProducts prepared = prepareProducts(products, codec, accuracy);
  for (const auto &group : groupByKernels(prepared.text, gpus, accuracy)) {
    JitOptions options;
    options.accuracy = accuracy;
    options.emulated = group.front();
    Kernel kernel(prepared.text, options, codec.text);
    for (const EmulatedGpu &gpu : group) {
      kernel.setSeed(gpu.seed);
      prepared.what =
          codec.text + " on " + gpu.chip + ", seed " + std::to_string(gpu.seed);
      compareProducts(prepared, kernel.call(prepared.inputs));
    }
  }
}
