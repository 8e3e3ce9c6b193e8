//===- ZQDialect.cpp - The zq dialect -------------------------------------===//
#include "zq/Dialect/ZQ/IR/SharedBlocks.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/InliningUtils.h"

using namespace mlir;
using namespace mlir::zq;

#include "zq/Dialect/ZQ/IR/ZQDialect.cpp.inc"

#include "zq/Dialect/ZQ/IR/ZQInterfaces.cpp.inc"

namespace {
/// Prints each codec of the table of names under its name.
struct AsmInterface : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;

  AliasResult getAlias(Attribute attr, raw_ostream &os) const override {
    auto codec = dyn_cast<CodecAttr>(attr);
    if (!codec)
      return AliasResult::NoAlias;
    StringRef name = codec.getTableName();
    os << (name.empty() ? "codec" : name);
    return AliasResult::FinalAlias;
  }
};

/// Everything of this dialect may be inlined: no op looks beyond its operands
/// and the symbol it names.
struct ZQInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void ZQDialect::initialize() {
  registerAttributes();
  attachSharedBlocks(getContext());
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "zq/Dialect/ZQ/IR/ZQOps.cpp.inc"
      >();
  addInterfaces<AsmInterface, ZQInlinerInterface>();
}
