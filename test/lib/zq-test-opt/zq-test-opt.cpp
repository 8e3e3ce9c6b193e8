//===- zq-test-opt.cpp - zq-opt with a stage from elsewhere ---------------===//
#include "TestStage.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "zq/InitAll.h"

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  mlir::zq::registerAllPasses();
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::zq::registerAllDialects(registry);
  registry.insert<test_zq::TestZQDialect>();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "zq test driver\n", registry));
}
