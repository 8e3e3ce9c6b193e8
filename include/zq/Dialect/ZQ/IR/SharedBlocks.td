//===- SharedBlocks.td - Blocks that threads decode together -*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_IR_SHAREDBLOCKS_TD
#define ZQ_DIALECT_ZQ_IR_SHAREDBLOCKS_TD

include "mlir/IR/OpBase.td"

def SharedBlockAttrInterface : AttrInterface<"SharedBlockAttrInterface"> {
  let cppNamespace = "::mlir::zq";
  let description = [{
    A stage that ends a chain and decodes sequentially, one block after the
    other, whose blocks several threads can decode together: each has as many
    elements of a block, and all are at the same block. On a GPU they are the
    lanes of a warp.
  }];
  let methods = [
    InterfaceMethod<"Whether `threads` threads can share its blocks.",
      "bool", "canShareBlocks", (ins "int64_t":$threads)>,
    InterfaceMethod<[{
        Emits this thread's state at the beginning of the row at the builder's
        position.
      }],
      "::llvm::SmallVector<::mlir::Value>", "emitSharedInit",
      (ins "::mlir::zq::DecodeBuilder &":$builder,
           "::mlir::zq::SharedBlock &":$shared)>,
    InterfaceMethod<[{
        Emits this thread's elements of the next block, as many as the builder's
        width, and replaces the builder's state.
      }],
      "::mlir::Value", "emitSharedDecode",
      (ins "::mlir::zq::DecodeBuilder &":$builder,
           "::mlir::zq::SharedBlock &":$shared)>,
  ];
}

#endif // ZQ_DIALECT_ZQ_IR_SHAREDBLOCKS_TD
