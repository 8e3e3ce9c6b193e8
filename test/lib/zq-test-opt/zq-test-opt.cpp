//===- zq-test-opt.cpp - zq-opt with what only tests need -----------------===//
#include "TestRewrites.h"
#include "TestStage.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "zq/InitAll.h"
#include "zq/Verification/Passes.h"

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  mlir::zq::registerAllPasses();
  mlir::zq::registerZQVerificationPasses();
  test_zq::registerTestRewrites();
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::zq::registerAllDialects(registry);
  registry.insert<test_zq::TestZQDialect>();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "zq test driver\n", registry));
}
