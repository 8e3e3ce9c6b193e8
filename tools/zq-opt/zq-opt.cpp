//===- zq-opt.cpp - mlir-opt with zq --------------------------------------===//
#include "common/Version.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "zq/InitAll.h"
#include "zq/Verification/Passes.h"

int main(int argc, char **argv) {
  mlir::zq::printVersion();
  mlir::registerAllPasses();
  mlir::zq::registerAllPasses();
  mlir::zq::registerZQVerificationPasses();
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::zq::registerAllDialects(registry);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "zq optimizer driver\n", registry));
}
