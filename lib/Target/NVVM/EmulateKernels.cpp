//===- EmulateKernels.cpp - Make kernels host code for the emulator -------===//
#include "EmulatedHost.h"
#include "EmulatedOps.h"
#include "Emulator/Site.h"
#include "HostLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "zq/Target/NVVM/InstructionTable.h"
#include "zq/Target/NVVM/Passes.h"
#include "zq/Target/NVVM/TensorMaps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::zq;
namespace emulator = ::zq::emulator;

namespace mlir::zq {
#define GEN_PASS_DEF_EMULATEKERNELS
#include "zq/Target/NVVM/Passes.h.inc"
} // namespace mlir::zq

static constexpr unsigned sharedSpace =
    static_cast<unsigned>(NVVM::NVVMMemorySpace::Shared);
static constexpr unsigned globalSpace =
    static_cast<unsigned>(NVVM::NVVMMemorySpace::Global);

/// Bytes of results of one op: a vector of 128 words.
static constexpr int64_t resultBytes = 512;

/// What a function may keep on the stack of a lane.
static constexpr int64_t maxLocalBytes = 64 << 10;

/// What a function's code may take of that stack in all, which leaves room for
/// what it calls: 7/8 of `emulator::StackPool::stackBytes`. LLVM tells where it
/// is more (`emitCode`).
static constexpr StringLiteral maxFrameBytes = "1835008";

namespace {
/// Memory through which a function's ops hand over operands and results.
struct Mailbox {
  LLVM::AllocaOp operands, results;
  int64_t slots = 1;
};

/// Makes the kernels of one gpu.module host code.
class KernelModule {
public:
  KernelModule(HostModule &host, gpu::GPUModuleOp gpuModule, const Chip *chip,
               bool checksAccesses)
      : host(host), gpuModule(gpuModule), layout(DataLayout(host.module)),
        chip(chip), checksAccesses(checksAccesses) {}

  LogicalResult run();

private:
  LogicalResult checkForm();
  LogicalResult layOutShared();
  int64_t layOut(ArrayRef<LLVM::GlobalOp> shared,
                 llvm::StringMap<int64_t> &offsets);
  LogicalResult moveFunction(LLVM::LLVMFuncOp function);
  LogicalResult lowerOps(LLVM::LLVMFuncOp function);
  LogicalResult checkLocalMemory(LLVM::LLVMFuncOp function);
  LogicalResult lowerAccess(Operation *op, Mailbox &mailbox);
  void lowerSharedAddress(LLVM::AddressOfOp op, int64_t offset,
                          Mailbox &mailbox);
  void emitCall(OpBuilder &b, Operation *op, const EmulatedCall &call,
                StringRef name, Mailbox &mailbox);
  Value load(OpBuilder &b, Location loc, Type type, Mailbox &mailbox);
  void describeKernel(LLVM::LLVMFuncOp function, StringRef name,
                      ArrayRef<bool> isByValue, DictionaryAttr attributes);

  HostModule &host;
  gpu::GPUModuleOp gpuModule;
  DataLayout layout;
  /// Null where any chip is meant.
  const Chip *chip;
  bool checksAccesses;
  /// Of what each `llvm.mlir.addressof` names, in the window.
  DenseMap<Operation *, int64_t> sharedOffsets;
  /// Where the dynamic part begins, for each function.
  DenseMap<Operation *, int64_t> staticShared;
  SmallVector<LLVM::GlobalOp> constants;
};
} // namespace

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

LogicalResult KernelModule::checkForm() {
  for (Operation &op : gpuModule.getBody()->getOperations())
    if (!isa<LLVM::LLVMFuncOp, LLVM::GlobalOp>(op))
      return op.emitError("the emulator takes kernels in the NVVM form, and "
                          "not '")
             << op.getName() << "'";
  return success();
}

static bool isKernel(Operation *function) {
  return function->hasAttr(gpu::GPUDialect::getKernelFuncAttrName()) ||
         function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName());
}

/// Gives shared memory its place in the window: first what is declared with a
/// size, then what is not, the dynamic part. A kernel has what it uses; where
/// functions share an array, each has all of the module's. The dynamic part is
/// each kernel's own.
LogicalResult KernelModule::layOutShared() {
  SmallVector<LLVM::GlobalOp> shared;
  for (auto global : gpuModule.getOps<LLVM::GlobalOp>())
    if (global.getAddrSpace() == sharedSpace)
      shared.push_back(global);
  llvm::StringMap<SetVector<Operation *>> users;
  for (auto function : gpuModule.getOps<LLVM::LLVMFuncOp>())
    function.walk([&](LLVM::AddressOfOp address) {
      users[address.getGlobalName()].insert(function);
    });
  bool isApart = llvm::all_of(shared, [&](LLVM::GlobalOp global) {
    const SetVector<Operation *> &own = users[global.getName()];
    return own.size() <= 1 || (!layout.getTypeSize(global.getType()) &&
                               llvm::all_of(own, [](Operation *function) {
                                 return isKernel(function);
                               }));
  });
  for (auto function : gpuModule.getOps<LLVM::LLVMFuncOp>()) {
    SmallVector<LLVM::GlobalOp> own;
    for (LLVM::GlobalOp global : shared)
      if (!isApart || users[global.getName()].contains(function))
        own.push_back(global);
    llvm::StringMap<int64_t> offsets;
    staticShared[function] = layOut(own, offsets);
    function.walk([&](LLVM::AddressOfOp address) {
      auto found = offsets.find(address.getGlobalName());
      if (found != offsets.end())
        sharedOffsets[address] = found->second;
    });
  }
  for (LLVM::GlobalOp global : shared)
    global.erase();
  return success();
}

/// Places `shared`; returns where the dynamic part begins.
int64_t KernelModule::layOut(ArrayRef<LLVM::GlobalOp> shared,
                             llvm::StringMap<int64_t> &offsets) {
  int64_t end = 0, dynamicOffset = -1;
  auto place = [&](LLVM::GlobalOp global) {
    int64_t alignment = global.getAlignment().value_or(
        layout.getTypeABIAlignment(global.getType()));
    int64_t offset = llvm::alignTo(end, alignment);
    offsets[global.getName()] = offset;
    return offset;
  };
  auto getSize = [&](LLVM::GlobalOp global) -> int64_t {
    return layout.getTypeSize(global.getType());
  };
  for (LLVM::GlobalOp global : shared)
    if (getSize(global))
      end = place(global) + getSize(global);
  for (LLVM::GlobalOp global : shared)
    if (!getSize(global))
      dynamicOffset = std::max(dynamicOffset, place(global));
  // All of them are the one dynamic part.
  for (LLVM::GlobalOp global : shared)
    if (!getSize(global))
      offsets[global.getName()] = dynamicOffset;
  return dynamicOffset >= 0 ? dynamicOffset : end;
}

LogicalResult KernelModule::run() {
  if (failed(checkForm()) || failed(layOutShared()))
    return failure();
  // Names that no two modules share.
  std::string prefix = gpuModule.getName().str() + "_";
  SmallVector<LLVM::LLVMFuncOp> functions(gpuModule.getOps<LLVM::LLVMFuncOp>());
  for (auto global : gpuModule.getOps<LLVM::GlobalOp>())
    constants.push_back(global);
  SmallVector<Operation *> symbols(functions.begin(), functions.end());
  symbols.append(constants.begin(), constants.end());
  for (Operation *symbol : symbols) {
    StringAttr name = SymbolTable::getSymbolName(symbol);
    auto renamed = StringAttr::get(host.getContext(), prefix + name.getValue());
    if (failed(SymbolTable::replaceAllSymbolUses(symbol, renamed, gpuModule)))
      return symbol->emitError("cannot be renamed");
    SymbolTable::setSymbolName(symbol, renamed);
  }
  Block *body = host.module.getBody();
  for (LLVM::GlobalOp global : constants) {
    global->moveBefore(body, body->end());
    global.setLinkage(LLVM::Linkage::Internal);
  }
  for (LLVM::LLVMFuncOp function : functions)
    if (failed(moveFunction(function)))
      return failure();
  return success();
}

LogicalResult KernelModule::moveFunction(LLVM::LLVMFuncOp function) {
  if (function.isExternal())
    return function.emitError("the emulator has no function '")
           << function.getName() << "': a kernel calls it, and it has no body";
  bool wasKernel = isKernel(function);
  DictionaryAttr attributes = function->getDiscardableAttrDictionary();
  for (NamedAttribute attribute :
       llvm::to_vector(function->getDiscardableAttrs()))
    function->removeDiscardableAttr(attribute.getName());
  // Other lanes write what one lane sees as its own: no promise about aliases
  // holds for the function of a lane.
  SmallVector<bool> isByValue;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    isByValue.push_back(
        bool(function.getArgAttr(i, LLVM::LLVMDialect::getByValAttrName())));
    function.setArgAttrs(i, ArrayRef<NamedAttribute>());
  }
  Block *body = host.module.getBody();
  function->moveBefore(body, body->end());
  function.setLinkage(LLVM::Linkage::Internal);
  OpBuilder b(function);
  function.setPassthroughAttr(
      b.getArrayAttr(b.getStrArrayAttr({"warn-stack-size", maxFrameBytes})));
  function.removeComdatAttr();
  if (failed(lowerOps(function)))
    return failure();
  if (wasKernel)
    describeKernel(function, function.getName(), isByValue, attributes);
  return success();
}

/// The function that takes arguments by their addresses, and the constant with
/// all that a launch has to know: zq::emulator::Kernel.
void KernelModule::describeKernel(LLVM::LLVMFuncOp function, StringRef name,
                                  ArrayRef<bool> isByValue,
                                  DictionaryAttr attributes) {
  OpBuilder &b = host.builder;
  Location loc = function.getLoc();
  Type pointer = host.getPointer();
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(host.getContext()), {pointer});
  auto entry = LLVM::LLVMFuncOp::create(b, loc, ("zqsim_entry_" + name).str(),
                                        type, LLVM::Linkage::Internal);
  {
    OpBuilder::InsertionGuard guard(b);
    Block *block = entry.addEntryBlock(b);
    b.setInsertionPointToStart(block);
    SmallVector<Value> arguments;
    for (auto [i, argument] : llvm::enumerate(function.getArgumentTypes())) {
      Value slot =
          LLVM::GEPOp::create(b, loc, pointer, pointer, block->getArgument(0),
                              ArrayRef<LLVM::GEPArg>{int32_t(i)});
      Value value = LLVM::LoadOp::create(b, loc, pointer, slot);
      // A struct by value is known by its address.
      if (!isByValue[i])
        value = LLVM::LoadOp::create(b, loc, argument, value);
      arguments.push_back(value);
    }
    LLVM::CallOp::create(b, loc, function, arguments);
    LLVM::ReturnOp::create(b, loc, Value());
  }

  auto getWords = [&](StringRef attribute) {
    SmallVector<int32_t> words;
    if (auto array = attributes.getAs<DenseI32ArrayAttr>(attribute))
      words.append(array.asArrayRef().begin(), array.asArrayRef().end());
    words.resize(3);
    return words;
  };
  LLVM::GlobalOp ranges;
  Type range = LLVM::LLVMStructType::getLiteral(host.getContext(),
                                                {pointer, b.getI64Type()});
  auto makeRange = [&](OpBuilder &b, unsigned i) -> Value {
    Value value = LLVM::PoisonOp::create(b, loc, range);
    value = LLVM::InsertValueOp::create(
        b, loc, value,
        LLVM::AddrSpaceCastOp::create(b, loc, pointer,
                                      host.makeAddress(b, constants[i])),
        ArrayRef<int64_t>{0});
    int64_t bytes = layout.getTypeSize(constants[i].getType());
    return LLVM::InsertValueOp::create(
        b, loc, value,
        LLVM::ConstantOp::create(b, loc, b.getI64Type(),
                                 b.getI64IntegerAttr(bytes)),
        ArrayRef<int64_t>{1});
  };
  if (!constants.empty())
    ranges = host.addStruct(
        ("zqsim_constants_" + name).str(), LLVM::Linkage::Internal,
        SmallVector<Type>(constants.size(), range), makeRange);
  auto nameText = host.getString(name);
  Type words = LLVM::LLVMArrayType::get(b.getI32Type(), 3);
  host.addStruct(
      ("zqsim_kernel_" + name).str(), LLVM::Linkage::External,
      {pointer, pointer, b.getI64Type(), words, words, words, b.getI32Type(),
       pointer},
      [&](OpBuilder &b, unsigned i) -> Value {
        switch (i) {
        case 0:
          return host.makeAddress(b, nameText);
        case 1:
          return LLVM::AddressOfOp::create(b, loc, entry);
        case 2:
          return LLVM::ConstantOp::create(
              b, loc, b.getI64Type(),
              b.getI64IntegerAttr(staticShared.lookup(function)));
        case 3:
          return host.makeWords(
              b, getWords(NVVM::NVVMDialect::getReqntidAttrName()));
        case 4:
          return host.makeWords(
              b, getWords(NVVM::NVVMDialect::getMaxntidAttrName()));
        case 5:
          return host.makeWords(
              b, getWords(NVVM::NVVMDialect::getClusterDimAttrName()));
        case 6:
          return LLVM::ConstantOp::create(
              b, loc, b.getI32Type(), b.getI32IntegerAttr(constants.size()));
        default:
          return ranges ? host.makeAddress(b, ranges)
                        : LLVM::ZeroOp::create(b, loc, pointer).getResult();
        }
      });
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static int64_t getNumSlots(const DataLayout &layout, Type type) {
  return llvm::divideCeil(layout.getTypeSize(type).getFixedValue(), 8);
}

/// Calls the function for `op`, with what the mailbox holds as operands.
void KernelModule::emitCall(OpBuilder &b, Operation *op,
                            const EmulatedCall &call, StringRef name,
                            Mailbox &mailbox) {
  Location loc = op->getLoc();
  Type pointer = host.getPointer(), i64 = b.getI64Type();
  int64_t slot = 0;
  for (Value operand : call.operands) {
    Value address = mailbox.operands;
    if (slot)
      address = LLVM::GEPOp::create(b, loc, pointer, i64, address,
                                    ArrayRef<LLVM::GEPArg>{int32_t(slot)});
    if (operand.getType().isInteger(1))
      operand = LLVM::ZExtOp::create(b, loc, b.getI8Type(), operand);
    LLVM::StoreOp::create(b, loc, operand, address, /*alignment=*/8);
    slot += getNumSlots(layout, operand.getType());
  }
  mailbox.slots = std::max(mailbox.slots, slot);
  LLVM::GlobalOp site = host.addSite(name, loc, call.attributes);
  LLVM::CallOp::create(
      b, loc, host.getOpFunction(call.function),
      ValueRange{host.makeAddress(b, site), mailbox.operands, mailbox.results});
}

Value KernelModule::load(OpBuilder &b, Location loc, Type type,
                         Mailbox &mailbox) {
  if (!type.isInteger(1))
    return LLVM::LoadOp::create(b, loc, type, mailbox.results, /*alignment=*/8);
  Value byte = LLVM::LoadOp::create(b, loc, b.getI8Type(), mailbox.results);
  return LLVM::TruncOp::create(b, loc, type, byte);
}

void KernelModule::lowerSharedAddress(LLVM::AddressOfOp op, int64_t offset,
                                      Mailbox &mailbox) {
  OpBuilder b(op);
  emitCall(b, op, {"shared_address", {int32_t(offset)}, {}},
           op->getName().getStringRef(), mailbox);
  op.replaceAllUsesWith(load(b, op.getLoc(), op.getType(), mailbox));
  op.erase();
}

/// Puts a check before `op` if it touches memory.
LogicalResult KernelModule::lowerAccess(Operation *op, Mailbox &mailbox) {
  Value address;
  Type type;
  std::optional<uint64_t> alignment;
  int32_t flags = 0;
  auto isOrdered = [](LLVM::AtomicOrdering ordering) {
    return ordering != LLVM::AtomicOrdering::not_atomic;
  };
  if (auto load = dyn_cast<LLVM::LoadOp>(op)) {
    address = load.getAddr();
    type = load.getType();
    alignment = load.getAlignment();
    if (load.getVolatile_() || isOrdered(load.getOrdering()))
      flags |= emulator::AccessAtomic;
  } else if (auto store = dyn_cast<LLVM::StoreOp>(op)) {
    address = store.getAddr();
    type = store.getValue().getType();
    alignment = store.getAlignment();
    flags = emulator::AccessWrite;
    if (store.getVolatile_() || isOrdered(store.getOrdering()))
      flags |= emulator::AccessAtomic;
  } else if (auto update = dyn_cast<LLVM::AtomicRMWOp>(op)) {
    address = update.getPtr();
    type = update.getVal().getType();
    alignment = update.getAlignment();
    flags = emulator::AccessWrite | emulator::AccessAtomic;
  } else if (auto exchange = dyn_cast<LLVM::AtomicCmpXchgOp>(op)) {
    address = exchange.getPtr();
    type = exchange.getVal().getType();
    alignment = exchange.getAlignment();
    flags = emulator::AccessWrite | emulator::AccessAtomic;
  } else if (isa<LLVM::MemcpyOp, LLVM::MemmoveOp, LLVM::MemsetOp,
                 LLVM::MemcpyInlineOp, LLVM::MemsetInlineOp>(op)) {
    return op->emitError("the emulator has no semantics for '")
           << op->getName() << "' in a kernel";
  } else {
    return success();
  }
  // What the function keeps for itself.
  if (!checksAccesses || address.getDefiningOp<LLVM::AllocaOp>())
    return success();
  unsigned space =
      cast<LLVM::LLVMPointerType>(address.getType()).getAddressSpace();
  if (space == sharedSpace)
    flags |= emulator::AccessShared;
  else if (space == globalSpace)
    flags |= emulator::AccessGlobal;
  int32_t size = layout.getTypeSize(type).getFixedValue();
  // The layout rounds vectors up, and no access does.
  if (auto vector = dyn_cast<VectorType>(type))
    size = llvm::divideCeil(
        vector.getNumElements() *
            layout.getTypeSizeInBits(vector.getElementType()).getFixedValue(),
        8);
  int32_t aligned = alignment.value_or(layout.getTypeABIAlignment(type));
  OpBuilder b(op);
  emitCall(b, op, {"access", {size, aligned, flags}, {address}},
           op->getName().getStringRef(), mailbox);
  return success();
}

LogicalResult KernelModule::checkLocalMemory(LLVM::LLVMFuncOp function) {
  int64_t bytes = 0;
  WalkResult result = function.walk([&](LLVM::AllocaOp op) {
    APInt count;
    if (!matchPattern(op.getArraySize(), m_ConstantInt(&count))) {
      op.emitError("the emulator has no local memory of unknown size");
      return WalkResult::interrupt();
    }
    bytes += count.getSExtValue() * layout.getTypeSize(op.getElemType());
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  if (bytes > maxLocalBytes)
    return function.emitError("keeps ")
           << bytes << " bytes in local memory; the emulator has "
           << maxLocalBytes;
  return success();
}

/// Emits an error if the chip lacks `op`, by the table that PTX is made by.
static LogicalResult checkChip(Operation *op, const Chip *chip) {
  const Instruction *instruction = chip ? lookUpInstruction(op) : nullptr;
  if (!instruction || instruction->hasIt(*chip))
    return success();
  return op->emitError("chip ") << chip->name << " lacks this op, which is of "
                                << getChipsWith(*instruction);
}

LogicalResult KernelModule::lowerOps(LLVM::LLVMFuncOp function) {
  if (failed(checkLocalMemory(function)))
    return failure();
  SmallVector<Operation *> fused, ops;
  expandSmallFloats(function, fused);
  function.getBody().walk([&](Operation *op) { ops.push_back(op); });

  OpBuilder b = OpBuilder::atBlockBegin(&function.getBody().front());
  Location loc = function.getLoc();
  Type pointer = host.getPointer();
  Value one =
      LLVM::ConstantOp::create(b, loc, b.getI64Type(), b.getI64IntegerAttr(1));
  Mailbox mailbox;
  auto reserve = [&](int64_t slots) {
    return LLVM::AllocaOp::create(
        b, loc, pointer, LLVM::LLVMArrayType::get(b.getI64Type(), slots), one,
        /*alignment=*/64);
  };
  mailbox.results = reserve(resultBytes / 8);
  mailbox.operands = reserve(1);

  bool hasFailed = false;
  for (Operation *op : ops) {
    FailureOr<EmulatedCall> call = failure();
    std::string name = op->getName().getStringRef().str();
    if (auto address = dyn_cast<LLVM::AddressOfOp>(op)) {
      auto found = sharedOffsets.find(address);
      if (found != sharedOffsets.end())
        lowerSharedAddress(address, found->second, mailbox);
      continue;
    }
    if (auto intrinsic = dyn_cast<LLVM::CallIntrinsicOp>(op);
        intrinsic && intrinsic.getIntrin().starts_with("llvm.nvvm.")) {
      name = intrinsic.getIntrin();
      call = getEmulatedIntrinsic(op, name);
    } else if (isa<NVVM::NVVMDialect>(op->getDialect())) {
      call = getEmulatedOp(op);
    } else if (llvm::is_contained(fused, op)) {
      Type type = op->getResult(0).getType();
      auto vector = dyn_cast<VectorType>(type);
      call = EmulatedCall{
          "fma_half",
          {getElementTypeOrSelf(type).isF16() ? emulator::F16 : emulator::BF16,
           int32_t(vector ? vector.getNumElements() : 1)},
          SmallVector<Value>(op->getOperands())};
    } else if (isa<LLVM::InlineAsmOp>(op) ||
               !isa<LLVM::LLVMDialect>(op->getDialect())) {
      hasFailed = true;
      op->emitError("the emulator has no semantics for '")
          << op->getName() << "'";
      continue;
    } else {
      hasFailed |= failed(lowerAccess(op, mailbox));
      continue;
    }
    if (failed(call) || failed(checkChip(op, chip))) {
      hasFailed = true;
      continue;
    }
    OpBuilder at(op);
    emitCall(at, op, *call, name, mailbox);
    if (op->getNumResults())
      op->getResult(0).replaceAllUsesWith(
          load(at, op->getLoc(), op->getResult(0).getType(), mailbox));
    op->erase();
  }
  mailbox.operands.setElemType(
      LLVM::LLVMArrayType::get(b.getI64Type(), mailbox.slots));
  return failure(hasFailed);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// The name of the constant that describes the kernel of a launch.
static std::string getKernelSymbol(gpu::LaunchFuncOp launch) {
  return ("zqsim_kernel_" + launch.getKernelModuleName().getValue() + "_" +
          launch.getKernelName().getValue())
      .str();
}

static LogicalResult lowerLaunch(HostModule &host, gpu::LaunchFuncOp launch) {
  if (launch.getAsyncToken() || !launch.getAsyncDependencies().empty())
    return launch.emitOpError("is asynchronous, which is not emulated");
  if (launch.hasClusterSize())
    return launch.emitOpError("has clusters, which are not emulated");
  Location loc = launch.getLoc();
  Type pointer = host.getPointer();
  OpBuilder b(launch);
  Type i64 = b.getI64Type();
  // Outside of loops, so that the stack does not grow.
  auto function = launch->getParentOfType<FunctionOpInterface>();
  OpBuilder top = OpBuilder::atBlockBegin(&function.getFunctionBody().front());
  auto reserve = [&](Type type) -> Value {
    Value one =
        LLVM::ConstantOp::create(top, loc, i64, top.getI64IntegerAttr(1));
    return LLVM::AllocaOp::create(top, loc, pointer, type, one,
                                  /*alignment=*/16);
  };
  SmallVector<bool> isByValue = getByValueOperands(launch);
  unsigned count = launch.getNumKernelOperands();
  Value array = reserve(LLVM::LLVMArrayType::get(pointer, std::max(count, 1u)));
  for (auto [i, operand] : llvm::enumerate(launch.getKernelOperands())) {
    Value value = operand;
    if (value.getType().isIndex())
      value = arith::IndexCastOp::create(b, loc, i64, value);
    if (!LLVM::isCompatibleType(value.getType()))
      return launch.emitOpError("passes a ") << operand.getType();
    Value address = value;
    if (!isByValue[i]) {
      address = reserve(value.getType());
      LLVM::StoreOp::create(b, loc, value, address);
    }
    Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, array,
                                     ArrayRef<LLVM::GEPArg>{int32_t(i)});
    LLVM::StoreOp::create(b, loc, address, slot);
  }
  auto widen = [&](Value value) -> Value {
    if (!value)
      return LLVM::ConstantOp::create(b, loc, i64, b.getI64IntegerAttr(0));
    if (value.getType().isIndex())
      return arith::IndexCastOp::create(b, loc, i64, value);
    if (value.getType() == i64)
      return value;
    return LLVM::ZExtOp::create(b, loc, i64, value);
  };
  gpu::KernelDim3 grid = launch.getGridSizeOperandValues();
  gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
  SmallVector<Value> arguments{
      LLVM::AddressOfOp::create(b, loc, pointer, getKernelSymbol(launch))};
  Value sizes[] = {grid.x,
                   grid.y,
                   grid.z,
                   block.x,
                   block.y,
                   block.z,
                   launch.getDynamicSharedMemorySize()};
  for (Value size : sizes)
    arguments.push_back(widen(size));
  arguments.push_back(array);
  LLVM::CallOp::create(
      b, loc,
      host.getFunction("zqsim_launch",
                       {pointer, i64, i64, i64, i64, i64, i64, i64, pointer}),
      arguments);
  launch.erase();
  return success();
}

namespace {
struct EmulateKernelsPass
    : mlir::zq::impl::EmulateKernelsBase<EmulateKernelsPass> {
  using EmulateKernelsBase::EmulateKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    const Chip *known = nullptr;
    if (!chip.empty()) {
      auto parsed = parseChip(chip);
      if (!parsed) {
        module.emitError(parsed.message());
        return signalPassFailure();
      }
      known = *parsed;
    }
    HostModule host(module);
    SmallVector<gpu::LaunchFuncOp> launches;
    module.walk([&](gpu::LaunchFuncOp op) { launches.push_back(op); });
    for (gpu::LaunchFuncOp launch : launches)
      if (failed(lowerLaunch(host, launch)))
        return signalPassFailure();
    endOnFailure(module, "zqsim_works");
    SmallVector<nvgpu::TmaCreateDescriptorOp> maps;
    module.walk([&](nvgpu::TmaCreateDescriptorOp op) { maps.push_back(op); });
    for (nvgpu::TmaCreateDescriptorOp map : maps)
      if (failed(lowerTensorMap(map, "zqsim_tensor_map")))
        return signalPassFailure();
    for (auto gpuModule :
         llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>())) {
      if (failed(KernelModule(host, gpuModule, known, checkAccesses).run()))
        return signalPassFailure();
      gpuModule.erase();
    }
    module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  }
};
} // namespace
