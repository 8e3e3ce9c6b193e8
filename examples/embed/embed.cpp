//===- embed.cpp - zq inside another compiler -----------------------------===//
//
// Reads a function that decodes an NVFP4 weight, makes the decoder of that
// codec, and prints the module.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "zq/Dialect/ZQ/Transforms/Passes.h"

static constexpr llvm::StringLiteral source = R"mlir(
!weight = !zq.tensor<64x64xf32, #zq.codec<nvfp4>>

func.func @decode(%w: !weight) -> tensor<64x64xf32> {
  %init = tensor.empty() : tensor<64x64xf32>
  %d = zq.decode %w at [0, 0] outs(%init : tensor<64x64xf32>)
      : !weight -> tensor<64x64xf32>
  return %d : tensor<64x64xf32>
}
)mlir";

int main() {
  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect, mlir::tensor::TensorDialect,
                  mlir::zq::ZQDialect>();
  mlir::MLIRContext context(registry);

  auto module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
  if (!module)
    return 1;
  mlir::PassManager pm(&context);
  pm.addPass(mlir::zq::createMaterializeDecoders());
  if (mlir::failed(pm.run(*module)))
    return 1;
  module->print(llvm::outs());
  llvm::outs() << '\n';
}
