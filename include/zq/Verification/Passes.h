//===- Passes.h - Passes that check passes --------------------------------===//
#ifndef ZQ_VERIFICATION_PASSES_H
#define ZQ_VERIFICATION_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::zq {

#define GEN_PASS_DECL
#include "zq/Verification/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "zq/Verification/Passes.h.inc"

} // namespace mlir::zq

#endif // ZQ_VERIFICATION_PASSES_H
