//===- EmulatedHost.h - What the pass adds to the host's module -----------===//
#ifndef ZQ_LIB_TARGET_NVVM_EMULATEDHOST_H
#define ZQ_LIB_TARGET_NVVM_EMULATEDHOST_H

#include "Emulator/Site.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::zq {

/// Adds constants and functions to the host module.
class HostModule {
public:
  explicit HostModule(ModuleOp module)
      : module(module), builder(module.getBodyRegion()) {
    builder.setInsertionPointToEnd(module.getBody());
  }

  MLIRContext *getContext() { return module.getContext(); }
  Type getPointer() { return LLVM::LLVMPointerType::get(getContext()); }

  /// A constant with this text and a zero after it.
  LLVM::GlobalOp getString(StringRef text) {
    LLVM::GlobalOp &global = strings[text];
    if (!global) {
      std::string bytes = text.str() + '\0';
      auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
      global = LLVM::GlobalOp::create(
          builder, module.getLoc(), type, /*isConstant=*/true,
          LLVM::Linkage::Internal,
          "zqsim_text_" + std::to_string(strings.size() - 1),
          builder.getStringAttr(bytes));
    }
    return global;
  }

  /// A constant of a struct, whose fields `fill` makes.
  LLVM::GlobalOp addStruct(StringRef name, LLVM::Linkage linkage,
                           ArrayRef<Type> fields,
                           function_ref<Value(OpBuilder &, unsigned)> fill) {
    auto type = LLVM::LLVMStructType::getLiteral(getContext(), fields);
    Location loc = module.getLoc();
    auto global =
        LLVM::GlobalOp::create(builder, loc, type,
                               /*isConstant=*/true, linkage, name, Attribute());
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&global.getInitializerRegion());
    Value value = LLVM::PoisonOp::create(builder, loc, type);
    for (unsigned i = 0; i < fields.size(); ++i)
      value =
          LLVM::InsertValueOp::create(builder, loc, value, fill(builder, i), i);
    LLVM::ReturnOp::create(builder, loc, value);
    return global;
  }

  Value makeWords(OpBuilder &b, ArrayRef<int32_t> words) {
    auto type = LLVM::LLVMArrayType::get(b.getI32Type(), words.size());
    return LLVM::ConstantOp::create(b, module.getLoc(), type,
                                    b.getI32TensorAttr(words));
  }
  Value makeAddress(OpBuilder &b, LLVM::GlobalOp global) {
    return LLVM::AddressOfOp::create(b, module.getLoc(), global);
  }

  /// The description of an op: zq::emulator::Site.
  LLVM::GlobalOp addSite(StringRef op, Location loc,
                         ArrayRef<int32_t> attributes) {
    auto opText = getString(op), where = getString(describe(loc));
    constexpr size_t numWords = std::size(::zq::emulator::Site().attributes);
    SmallVector<int32_t> words(attributes);
    words.resize(numWords);
    Type array = LLVM::LLVMArrayType::get(builder.getI32Type(), numWords);
    return addStruct(
        "zqsim_site_" + std::to_string(numSites++), LLVM::Linkage::Internal,
        {getPointer(), getPointer(), array}, [&](OpBuilder &b, unsigned i) {
          return i == 2 ? makeWords(b, words)
                        : makeAddress(b, i ? where : opText);
        });
  }

  /// A function of the runtime.
  LLVM::LLVMFuncOp getFunction(StringRef name, ArrayRef<Type> arguments) {
    if (auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
      return function;
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(getContext()), arguments);
    return LLVM::LLVMFuncOp::create(builder, module.getLoc(), name, type);
  }
  LLVM::LLVMFuncOp getOpFunction(StringRef name) {
    return getFunction(("zqsim_" + name).str(),
                       {getPointer(), getPointer(), getPointer()});
  }

  ModuleOp module;
  OpBuilder builder;

private:
  static std::string describe(Location loc) {
    std::string text;
    llvm::raw_string_ostream os(text);
    if (auto file = loc->findInstanceOf<FileLineColLoc>())
      os << file.getFilename().getValue() << ':' << file.getLine() << ':'
         << file.getColumn();
    else
      os << "unknown place";
    return text;
  }

  llvm::StringMap<LLVM::GlobalOp> strings;
  unsigned numSites = 0;
};

} // namespace mlir::zq

#endif // ZQ_LIB_TARGET_NVVM_EMULATEDHOST_H
