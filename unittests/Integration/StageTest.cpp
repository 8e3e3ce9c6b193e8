//===- StageTest.cpp - What stages answer without a program ---------------===//
#include "TestCodecs.h"

#include "mlir/AsmParser/AsmParser.h"
#include "zq/Dialect/ZQ/IR/NamedCodecs.h"
#include "zq/Dialect/ZQ/IR/Stages.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::test;

namespace {

/// What `build`, given a function that begins an error, says.
std::string
getError(MLIRContext &context,
         function_ref<void(function_ref<InFlightDiagnostic()>)> build) {
  std::string text;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    text += diagnostic.str();
    return success();
  });
  build([&] { return emitError(UnknownLoc::get(&context)); });
  return text;
}

/// Text has no way to write such blocks.
TEST(Stages, RefuseBlocksOfNegativeSizes) {
  MLIRContext context;
  context.loadDialect<ZQDialect>();
  Attribute f32 = TypeAttr::get(Float32Type::get(&context));
  int64_t block[] = {1, -16};
  EXPECT_EQ(getError(context,
                     [&](auto error) {
                       ScaleAttr::getChecked(
                           error, &context, ArrayRef(block), f32, Attribute(),
                           ::zq::codec::ScaleStatistic::AbsMax,
                           ::zq::codec::PowerOfTwoRule::Ceil,
                           /*divide=*/false, /*rows=*/int64_t(0));
                     }),
            "(scale 2) block sizes are positive");
  EXPECT_EQ(getError(context,
                     [&](auto error) {
                       OffsetAttr::getChecked(
                           error, &context, ArrayRef(block), f32,
                           ::zq::codec::OffsetStatistic::Mean,
                           /*rows=*/int64_t(0));
                     }),
            "(offset 3) block sizes are positive");
}

/// The interface has no default. A stage may cost nothing only where it changes
/// nothing.
TEST(Stages, StateWhatTheyCost) {
  MLIRContext context;
  context.loadDialect<ZQDialect>();
  int64_t shape[] = {64, 256};
  for (const NamedCodec &entry : getNamedCodecs()) {
    auto codec = cast<CodecAttr>(
        parseAttribute(("#zq.codec<" + entry.stages + ">").str(), &context));
    // Of the formats of bf16 alone the stage of fields takes in no f32.
    SmallVector<Type> inputs = codec.getInputs(Float32Type::get(&context));
    for (auto [stage, input, at] :
         llvm::zip(codec.getStages(), inputs, codec.getShapes(shape))) {
      StageCost cost = stage.getCost(at, input, /*scope=*/nullptr);
      EXPECT_GT(cost.vector + cost.scalar, 0) << entry.name.str();
      EXPECT_LT(cost.vector + cost.scalar, 10000) << entry.name.str();
    }
  }
  auto nested = cast<CodecAttr>(parseAttribute(
      "#zq.codec<quantize<si4>, nested<bits = 4>, pack>", &context));
  EXPECT_EQ(nested.getStages()[1]
                .getCost(shape, IntegerType::get(&context, 4), nullptr)
                .vector,
            0);
}

} // namespace
