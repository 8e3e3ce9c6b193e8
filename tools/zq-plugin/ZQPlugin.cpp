//===- ZQPlugin.cpp - zq for a stock mlir-opt -----------------------------===//
//
// mlir-opt --load-dialect-plugin=ZQPlugin.so --load-pass-plugin=ZQPlugin.so
//
//===----------------------------------------------------------------------===//
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "zq/InitAll.h"
#include "zq/Verification/Passes.h"

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "zq", ZQ_VERSION,
          [](mlir::DialectRegistry *registry) {
            mlir::zq::registerAllDialects(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "zq", ZQ_VERSION, [] {
            mlir::zq::registerAllPasses();
            mlir::zq::registerZQVerificationPasses();
          }};
}
