//===- Launches.cpp - What a host does around kernels, as JSON ------------===//
#include "Gpu.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "zq/Target/NVVM/TensorMaps.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Base64.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::compile;

namespace {
/// Writes the steps of one function.
class Steps {
public:
  Steps(llvm::json::OStream &json, func::FuncOp function,
        const EntryPoint *entryPoint);

  void write();

private:
  /// The first op that is no step, or null.
  Operation *findOther();
  void writeArguments();
  void writeStep(Operation *op);
  void writeLaunch(gpu::LaunchFuncOp launch);
  void writeOperand(Value operand);
  void writeTensorMap(nvgpu::TmaCreateDescriptorOp map);
  /// A number, or text like "(arg0.size0 + 7) / 8" where it depends on sizes.
  llvm::json::Value getNumber(Value value);
  std::string getText(Value value);
  llvm::json::Value getBytes(Value memref, ValueRange dynamicSizes);
  std::string getName(Value memref);

  llvm::json::OStream &json;
  func::FuncOp function;
  const EntryPoint *entryPoint;
  DenseMap<Value, std::string> names;
};
} // namespace

Steps::Steps(llvm::json::OStream &json, func::FuncOp function,
             const EntryPoint *entryPoint)
    : json(json), function(function), entryPoint(entryPoint) {
  for (BlockArgument argument : function.getArguments()) {
    size_t i = argument.getArgNumber();
    bool isNamed = entryPoint && i < entryPoint->parameters.size();
    names[argument] =
        isNamed ? entryPoint->parameters[i].name : "arg" + std::to_string(i);
  }
}

/// Whether `op` is a step that other hosts can do too.
static bool isStep(Operation *op) {
  return isa<memref::AllocOp, memref::DeallocOp, memref::CopyOp,
             memref::GetGlobalOp, gpu::LaunchFuncOp>(op);
}

Operation *Steps::findOther() {
  if (!llvm::hasSingleElement(function.getBody()))
    return function;
  for (Operation &op : function.getBody().front())
    if (!isStep(&op) && !isMemoryEffectFree(&op) &&
        !isa<func::ReturnOp, nvgpu::TmaCreateDescriptorOp>(op))
      return &op;
  return nullptr;
}

std::string Steps::getName(Value memref) {
  while (Operation *op = memref.getDefiningOp()) {
    // What a tensor map takes bytes for.
    auto cast = dyn_cast<UnrealizedConversionCastOp>(op);
    if (cast && isa<MemRefType>(cast.getOperand(0).getType())) {
      memref = cast.getOperand(0);
      continue;
    }
    auto view = dyn_cast<ViewLikeOpInterface>(op);
    if (!view)
      break;
    memref = view.getViewSource();
  }
  auto found = names.find(memref);
  return found == names.end() ? "?" : found->second;
}

std::string Steps::getText(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return std::to_string(constant.getSExtValue());
  Operation *op = value.getDefiningOp();
  if (!op)
    return getName(value);
  auto binary = [&](StringRef sign) {
    return "(" + getText(op->getOperand(0)) + " " + sign.str() + " " +
           getText(op->getOperand(1)) + ")";
  };
  auto call = [&](StringRef name) {
    return name.str() + "(" + getText(op->getOperand(0)) + ", " +
           getText(op->getOperand(1)) + ")";
  };
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case([&](arith::AddIOp) { return binary("+"); })
      .Case([&](arith::SubIOp) { return binary("-"); })
      .Case([&](arith::MulIOp) { return binary("*"); })
      .Case<arith::DivSIOp, arith::DivUIOp>([&](auto) { return binary("/"); })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>(
          [&](auto) { return call("ceildiv"); })
      .Case<arith::MinSIOp, arith::MinUIOp>([&](auto) { return call("min"); })
      .Case<arith::MaxSIOp, arith::MaxUIOp>([&](auto) { return call("max"); })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::TruncIOp,
            arith::ExtSIOp, arith::ExtUIOp>(
          [&](auto) { return getText(op->getOperand(0)); })
      .Case([&](memref::DimOp dim) {
        return getName(dim.getSource()) + ".size" + getText(dim.getIndex());
      })
      .Default([](Operation *) { return std::string("?"); });
}

llvm::json::Value Steps::getNumber(Value value) {
  if (!value)
    return 0;
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return getText(value);
}

/// Bytes of an element.
static int64_t getWidth(MemRefType type) {
  return llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

llvm::json::Value Steps::getBytes(Value memref, ValueRange dynamicSizes) {
  auto type = cast<MemRefType>(memref.getType());
  int64_t known = getWidth(type);
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      known *= size;
  if (dynamicSizes.empty())
    return known;
  std::string text = std::to_string(known);
  for (Value size : dynamicSizes)
    text += " * " + getText(size);
  return text;
}

/// The arguments of the driver's cuTensorMapEncodeTiled but for those that are
/// the same for all: steps of one element, no interleaving, lines of 256 bytes
/// to the cache, zeros outside of the array.
void Steps::writeTensorMap(nvgpu::TmaCreateDescriptorOp map) {
  json.attribute("array", getName(getTensorMapArray(map)));
  auto shape = getTensorMapShape(map);
  if (failed(shape))
    return;
  json.attribute("dataType", int64_t(shape->type));
  json.attribute("swizzle", int64_t(shape->swizzle));
  auto write = [&](StringRef name, const int64_t *values, int64_t count) {
    json.attributeArray(name, [&] {
      for (int64_t i = 0; i < count; ++i)
        json.value(values[i]);
    });
  };
  write("sizes", shape->sizes, shape->rank);
  write("strides", shape->strides, shape->rank - 1);
  write("box", shape->box, shape->rank);
}

void Steps::writeOperand(Value operand) {
  if (nvgpu::TmaCreateDescriptorOp map = getTensorMap(operand)) {
    json.attributeObject("tensorMap", [&] { writeTensorMap(map); });
    return;
  }
  std::string type;
  llvm::raw_string_ostream(type) << operand.getType();
  auto toPointer = operand.getDefiningOp<LLVM::IntToPtrOp>();
  if (!toPointer) {
    FloatAttr constant;
    if (matchPattern(operand, m_Constant(&constant)))
      json.attribute(type, constant.getValueAsDouble());
    else
      json.attribute(type, getNumber(operand));
    return;
  }
  Value address = toPointer.getArg();
  if (auto cast = address.getDefiningOp<arith::IndexCastOp>())
    address = cast.getIn();
  auto extract =
      address.getDefiningOp<memref::ExtractAlignedPointerAsIndexOp>();
  json.attribute("array", extract ? getName(extract.getSource()) : "?");
}

void Steps::writeLaunch(gpu::LaunchFuncOp launch) {
  json.attribute("launch", launch.getKernelName().getValue());
  auto write = [&](StringRef name, gpu::KernelDim3 sizes) {
    json.attributeArray(name, [&] {
      json.value(getNumber(sizes.x));
      json.value(getNumber(sizes.y));
      json.value(getNumber(sizes.z));
    });
  };
  write("grid", launch.getGridSizeOperandValues());
  write("block", launch.getBlockSizeOperandValues());
  json.attribute("dynamicSharedBytes",
                 getNumber(launch.getDynamicSharedMemorySize()));
  json.attributeArray("arguments", [&] {
    for (Value operand : launch.getKernelOperands())
      json.object([&] { writeOperand(operand); });
  });
}

void Steps::writeStep(Operation *op) {
  auto define = [&](Value result, StringRef kind) {
    names[result] = kind.str() + std::to_string(names.size());
    return names[result];
  };
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](memref::AllocOp alloc) {
        json.object([&] {
          json.attribute("allocate", define(alloc, "buffer"));
          json.attribute("bytes", getBytes(alloc, alloc.getDynamicSizes()));
        });
      })
      .Case([&](memref::DeallocOp dealloc) {
        json.object(
            [&] { json.attribute("free", getName(dealloc.getMemref())); });
      })
      .Case([&](memref::CopyOp copy) {
        json.object([&] {
          json.attribute("copy", getName(copy.getSource()));
          json.attribute("to", getName(copy.getTarget()));
        });
      })
      .Case([&](memref::GetGlobalOp get) {
        auto global = SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
            get, get.getNameAttr());
        auto values =
            dyn_cast<DenseElementsAttr>(global.getConstantInitValue());
        json.object([&] {
          json.attribute("constant", define(get, "constant"));
          json.attribute("bytes", getBytes(get, {}));
          if (!values)
            return;
          // A splat keeps one element.
          std::string bytes;
          ArrayRef<char> raw = values.getRawData();
          int64_t times = values.isSplat() ? values.getNumElements() : 1;
          for (int64_t i = 0; i < times; ++i)
            bytes.append(raw.begin(), raw.end());
          json.attribute("base64", llvm::encodeBase64(bytes));
        });
      })
      .Case([&](gpu::LaunchFuncOp launch) {
        json.object([&] { writeLaunch(launch); });
      });
}

void Steps::writeArguments() {
  for (BlockArgument argument : function.getArguments())
    json.object([&] {
      json.attribute("name", names[argument]);
      auto type = dyn_cast<MemRefType>(argument.getType());
      if (!type)
        return;
      std::string element;
      llvm::raw_string_ostream(element) << type.getElementType();
      json.attribute("type", element);
      json.attributeArray("shape", [&] {
        for (int64_t size : type.getShape())
          json.value(ShapedType::isDynamic(size) ? llvm::json::Value(nullptr)
                                                 : llvm::json::Value(size));
      });
      if (entryPoint &&
          argument.getArgNumber() < entryPoint->parameters.size() &&
          !entryPoint->parameters[argument.getArgNumber()].comment.empty())
        json.attribute("of",
                       entryPoint->parameters[argument.getArgNumber()].comment);
    });
}

void Steps::write() {
  json.attribute("name", function.getName());
  json.attributeArray("arguments", [&] { writeArguments(); });
  if (Operation *other = findOther()) {
    other->emitWarning("is work of the host, which the description of launches "
                       "cannot tell: it says nothing of function '")
        << function.getName() << "'";
    json.attribute("steps", nullptr);
    return;
  }
  json.attributeArray("steps", [&] {
    for (Operation &op : function.getBody().front())
      writeStep(&op);
  });
}

void mlir::zq::compile::writeLaunches(
    llvm::json::OStream &json, const GpuCode &code,
    const std::vector<EntryPoint> &entryPoints) {
  json.attribute("chip", code.chip->name);
  json.attributeArray("functions", [&] {
    for (auto function : code.module.get().getOps<func::FuncOp>()) {
      if (function.isDeclaration() || !function.isPublic())
        continue;
      const EntryPoint *entryPoint = nullptr;
      for (const EntryPoint &candidate : entryPoints)
        if (candidate.name == function.getName())
          entryPoint = &candidate;
      json.object([&] { Steps(json, function, entryPoint).write(); });
    }
  });
  if (!code.cubin)
    return;
  json.attributeArray("kernels", [&] {
    for (const KernelStatistics &kernel : code.cubin->kernels)
      json.object([&] {
        json.attribute("name", kernel.name);
        json.attribute("registers", kernel.registers);
        json.attribute("staticSharedBytes", kernel.sharedMemory);
        json.attribute("stackBytes", kernel.stack);
        json.attribute("spillStoreBytes", kernel.spillStores);
        json.attribute("spillLoadBytes", kernel.spillLoads);
      });
  });
}
