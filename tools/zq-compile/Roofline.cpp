//===- Roofline.cpp - What bounds a kernel --------------------------------===//
//
// Work is counted in the kernels' loops as the first thread of the grid sees
// them, times the number of threads. So are instructions, whatever their kind,
// for each of which a warp takes one of its SM's four issue slots of a cycle:
// those of this IR, whose vectors are as many as they have words, are near
// those of PTX, of which the assembler makes fewer. What an array's bytes cost
// is that they are moved once. The peaks are those of vendors' data sheets,
// dense, and for orientation only: what a kernel reaches is measured by `zq-run
// --bench`.
//
//===----------------------------------------------------------------------===//
#include "Gpu.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/PassManager.h"
#include "zq/Pipelines/Pipelines.h"
#include "zq/Target/NVVM/Passes.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::compile;

namespace {
/// A product with a chip, and its peaks per second: bytes of device memory,
/// operations of the tensor cores on bf16, and other instructions of threads,
/// which are half the operations on f32 since a sheet counts an FMA as two.
struct Product {
  unsigned arch;
  llvm::StringLiteral name;
  double bytes, tensor, other;

  /// Instructions of threads that can be issued: 128 for each SM and cycle,
  /// twice what the A100 has units for f32 for.
  double getIssued() const { return arch == 80 ? 2 * other : other; }
};

/// What a kernel does in one launch.
struct Work {
  double bytes = 0;
  /// Operations of tensor cores, in terms of those on bf16: on 8 bits they are
  /// half of one, on 4 bits a quarter.
  double tensor = 0;
  double other = 0;
  /// Instructions of threads, those of other units too.
  double issued = 0;
  /// A loop's number of iterations is known at run time only, and was taken
  /// for one.
  bool isLeast = false;
};
} // namespace

static constexpr Product products[] = {
    {80, "A100 80GB", 2039e9, 312e12, 19.5e12 / 2},
    {89, "L40S", 864e9, 362e12, 91.6e12 / 2},
    {90, "H200", 4800e9, 989e12, 67e12 / 2},
    {100, "B200", 8000e9, 2250e12, 75e12 / 2},
    {103, "B300", 8000e9, 2250e12, 75e12 / 2},
    {120, "RTX 5090", 1792e9, 209.5e12, 104.8e12 / 2},
    {121, "GB10", 273e9, 125e12, 31e12 / 2},
};

namespace {
/// Counts the work of one thread.
class Counter {
public:
  Counter(gpu::LaunchFuncOp launch, gpu::GPUFuncOp kernel)
      : launch(launch), kernel(kernel) {}

  Work count() {
    countBlock(kernel.getBody().front(), 1);
    return work;
  }

private:
  void countBlock(Block &block, double times) {
    for (Operation &op : block)
      countOp(&op, times);
  }
  void countOp(Operation *op, double times);
  std::optional<int64_t> evaluate(Value value);
  double getBlockThreads();

  gpu::LaunchFuncOp launch;
  gpu::GPUFuncOp kernel;
  Work work;
};
} // namespace

/// The value that `value` has in the grid's first thread and in loops' first
/// iterations.
std::optional<int64_t> Counter::evaluate(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *parent = argument.getOwner()->getParentOp();
    if (parent == kernel)
      return evaluate(launch.getKernelOperand(argument.getArgNumber()));
    auto loop = dyn_cast<scf::ForOp>(parent);
    if (loop && argument == loop.getInductionVar())
      return evaluate(loop.getLowerBound());
    return std::nullopt;
  }
  Operation *op = value.getDefiningOp();
  if (isa<gpu::ThreadIdOp, gpu::BlockIdOp, gpu::LaneIdOp, gpu::SubgroupIdOp>(
          op))
    return 0;
  auto pick = [](gpu::KernelDim3 sizes, gpu::Dimension dimension) {
    return dimension == gpu::Dimension::x   ? sizes.x
           : dimension == gpu::Dimension::y ? sizes.y
                                            : sizes.z;
  };
  if (auto size = dyn_cast<gpu::BlockDimOp>(op))
    return evaluate(
        pick(launch.getBlockSizeOperandValues(), size.getDimension()));
  if (auto size = dyn_cast<gpu::GridDimOp>(op))
    return evaluate(
        pick(launch.getGridSizeOperandValues(), size.getDimension()));
  if (op->getNumOperands() == 1 &&
      isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp,
          arith::ExtUIOp, arith::TruncIOp>(op))
    return evaluate(op->getOperand(0));
  if (op->getNumOperands() != 2)
    return std::nullopt;
  std::optional<int64_t> a = evaluate(op->getOperand(0));
  std::optional<int64_t> b = evaluate(op->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  using Result = std::optional<int64_t>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](arith::AddIOp) -> Result { return *a + *b; })
      .Case([&](arith::SubIOp) -> Result { return *a - *b; })
      .Case([&](arith::MulIOp) -> Result { return *a * *b; })
      .Case<arith::DivSIOp, arith::DivUIOp>(
          [&](auto) -> Result { return *b ? Result(*a / *b) : std::nullopt; })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>([&](auto) -> Result {
        return *b > 0 ? Result((*a + *b - 1) / *b) : std::nullopt;
      })
      .Case<arith::RemSIOp, arith::RemUIOp>(
          [&](auto) -> Result { return *b ? Result(*a % *b) : std::nullopt; })
      .Case([&](arith::AndIOp) -> Result { return *a & *b; })
      .Case([&](arith::OrIOp) -> Result { return *a | *b; })
      .Case([&](arith::XOrIOp) -> Result { return *a ^ *b; })
      .Case([&](arith::ShLIOp) -> Result {
        return *b < 32 ? Result(*a << *b) : std::nullopt;
      })
      .Case([&](arith::ShRUIOp) -> Result {
        return *a >= 0 && *b < 32 ? Result(*a >> *b) : std::nullopt;
      })
      .Case<arith::MinSIOp, arith::MinUIOp>(
          [&](auto) -> Result { return std::min(*a, *b); })
      .Case<arith::MaxSIOp, arith::MaxUIOp>(
          [&](auto) -> Result { return std::max(*a, *b); })
      .Default([](Operation *) { return Result(); });
}

/// What a value takes in registers.
static double countWords(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  Type element = getElementTypeOrSelf(type);
  double bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 32;
  if (!vector)
    return bits > 32 && element.isFloat() ? 2 : 1;
  return std::ceil(std::max(bits, 8.0) * vector.getNumElements() / 32);
}

/// The accesses of 16 bytes at most that move a value.
static double countAccesses(Type type) {
  return std::ceil(countWords(type) / 4);
}

/// The instructions that an op without regions is about to become: one for each
/// word that it makes, or none where it only names registers.
static double countInstructions(Operation *op) {
  if (op->hasTrait<OpTrait::ConstantLike>() ||
      isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::BitcastOp,
          arith::ExtUIOp, arith::TruncIOp, LLVM::BitcastOp,
          LLVM::ExtractValueOp, LLVM::InsertValueOp, LLVM::ExtractElementOp,
          LLVM::InsertElementOp, LLVM::IntToPtrOp>(op))
    return 0;
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return countAccesses(load.getType());
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return countAccesses(store.getValueToStore().getType());
  if (auto load = dyn_cast<LLVM::LoadOp>(op))
    return countAccesses(load.getType());
  if (auto store = dyn_cast<LLVM::StoreOp>(op))
    return countAccesses(store.getValue().getType());
  if (auto load = dyn_cast<vector::LoadOp>(op))
    return countAccesses(load.getType());
  if (auto store = dyn_cast<vector::StoreOp>(op))
    return countAccesses(store.getValueToStore().getType());
  if (auto read = dyn_cast<vector::TransferReadOp>(op))
    return countAccesses(read.getType());
  if (auto write = dyn_cast<vector::TransferWriteOp>(op))
    return countAccesses(write.getVector().getType());
  StringRef dialect = op->getName().getDialectNamespace();
  if (dialect == NVVM::NVVMDialect::getDialectNamespace())
    return 1;
  if (dialect != arith::ArithDialect::getDialectNamespace() &&
      dialect != math::MathDialect::getDialectNamespace() &&
      dialect != LLVM::LLVMDialect::getDialectNamespace())
    return 0;
  return op->getNumResults() ? countWords(op->getResult(0).getType()) : 1;
}

double Counter::getBlockThreads() {
  double threads = 1;
  gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
  for (Value size : {block.x, block.y, block.z})
    threads *= evaluate(size).value_or(1);
  return threads;
}

void Counter::countOp(Operation *op, double times) {
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    std::optional<int64_t> low = evaluate(loop.getLowerBound());
    std::optional<int64_t> high = evaluate(loop.getUpperBound());
    std::optional<int64_t> step = evaluate(loop.getStep());
    double trips = 1;
    if (low && high && step && *step > 0)
      trips = std::max<int64_t>(0, llvm::divideCeilSigned(*high - *low, *step));
    else
      work.isLeast = true;
    return countBlock(*loop.getBody(), times * trips);
  }
  if (op->getNumRegions()) {
    // What only waits is no work.
    work.isLeast |= isa<scf::WhileOp>(op) && op->getNumResults();
    for (Region &region : op->getRegions())
      for (Block &block : region)
        countBlock(block, times);
    return;
  }
  work.issued += times * countInstructions(op);
  if (auto mma = dyn_cast<NVVM::MmaOp>(op)) {
    NVVM::MMAShapeAttr shape = mma.getShape();
    auto type = mma.getMultiplicandAPtxType();
    bool isByte =
        type && (*type == NVVM::MMATypes::s8 || *type == NVVM::MMATypes::u8);
    work.tensor += times * 2 * shape.getM() * shape.getN() * shape.getK() /
                   Chip::warpSize * (isByte ? 0.5 : 1);
    return;
  }
  if (auto mma = dyn_cast<NVVM::MmaBlockScaleOp>(op)) {
    NVVM::MMAShapeAttr shape = mma.getShape();
    work.tensor += times * 2 * shape.getM() * shape.getN() * shape.getK() /
                   Chip::warpSize * (shape.getK() == 64 ? 0.25 : 0.5);
    return;
  }
  if (auto mma = dyn_cast<NVVM::Tcgen05MMABlockScaleOp>(op)) {
    // One thread's, of M and N by the instruction descriptor [PTX 9.7.16.4.2].
    APInt descriptor;
    if (!matchPattern(mma.getIdesc(), m_ConstantInt(&descriptor))) {
      work.isLeast = true;
      return;
    }
    double m = descriptor.extractBitsAsZExtValue(2, 27) * 128;
    double n = descriptor.extractBitsAsZExtValue(6, 17) * 8;
    bool isPacked = mma.getKind() != NVVM::MMABlockScaleKind::MXF8F6F4;
    work.tensor += times * 2 * m * n * (isPacked ? 64 * 0.25 : 32 * 0.5) /
                   getBlockThreads();
    return;
  }
  if (!isa_and_nonnull<arith::ArithDialect, math::MathDialect>(
          op->getDialect()) ||
      op->hasTrait<OpTrait::ConstantLike>() || op->getNumResults() == 0)
    return;
  auto vector = dyn_cast<VectorType>(op->getResult(0).getType());
  // Two of 16 bits are one, four of 8 bits are not: GPUs add no bytes.
  double lanes = vector ? vector.getNumElements() : 1;
  if (vector && isa<Float16Type, BFloat16Type>(vector.getElementType()))
    lanes = llvm::divideCeil(vector.getNumElements(), 2);
  work.other += times * lanes;
}

/// Bytes of the arrays that a launch hands to its kernel, each once; those of
/// unknown size count nothing.
static double countBytes(gpu::LaunchFuncOp launch) {
  llvm::DenseSet<Value> seen;
  double bytes = 0;
  for (Value operand : launch.getKernelOperands()) {
    auto toPointer = operand.getDefiningOp<LLVM::IntToPtrOp>();
    if (!toPointer)
      continue;
    Value address = toPointer.getArg();
    if (auto cast = address.getDefiningOp<arith::IndexCastOp>())
      address = cast.getIn();
    auto extract =
        address.getDefiningOp<memref::ExtractAlignedPointerAsIndexOp>();
    if (!extract || !seen.insert(extract.getSource()).second)
      continue;
    auto type = cast<MemRefType>(extract.getSource().getType());
    if (type.hasStaticShape())
      bytes += double(type.getNumElements()) *
               llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  }
  return bytes;
}

static void printAmount(llvm::raw_ostream &os, double amount) {
  static constexpr const char *prefixes[] = {"", "k", "M", "G", "T"};
  unsigned prefix = 0;
  while (amount >= 1000 && prefix < 4)
    amount /= 1000, ++prefix;
  os << llvm::format("%.3g %s", amount, prefixes[prefix]);
}

static const KernelStatistics *findStatistics(const GpuCode &code,
                                              StringRef name) {
  if (code.cubin)
    for (const KernelStatistics &kernel : code.cubin->kernels)
      if (kernel.name == name)
        return &kernel;
  return nullptr;
}

static void explain(gpu::LaunchFuncOp launch, const GpuCode &code,
                    llvm::raw_ostream &os) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<gpu::GPUFuncOp>(
      launch, launch.getKernelAttr());
  os << code.chip->name << ' ' << launch.getKernelName().getValue() << ": ";
  Work work;
  if (kernel)
    work = Counter(launch, kernel).count();
  double threads = 1;
  bool known = kernel != nullptr;
  for (Value size : {launch.getGridSizeX(), launch.getGridSizeY(),
                     launch.getGridSizeZ(), launch.getBlockSizeX(),
                     launch.getBlockSizeY(), launch.getBlockSizeZ()}) {
    APInt constant;
    known &= matchPattern(size, m_ConstantInt(&constant));
    if (known)
      threads *= constant.getSExtValue();
  }
  if (known) {
    work.bytes = countBytes(launch);
    work.tensor *= threads;
    work.other *= threads;
    work.issued *= threads;
    const Product *product = nullptr;
    for (const Product &candidate : products)
      if (candidate.arch == code.chip->arch)
        product = &candidate;
    if (work.isLeast)
      os << "at least ";
    printAmount(os, work.bytes);
    os << "B of arrays, ";
    printAmount(os, work.tensor);
    os << "op of tensor cores (as on bf16), ";
    printAmount(os, work.other);
    os << "op of threads, ";
    printAmount(os, work.issued);
    os << "instructions of threads; ";
    if (product) {
      double memory = work.bytes / product->bytes;
      double tensor = work.tensor / product->tensor;
      double other = work.other / product->other;
      double issued = work.issued / product->getIssued();
      const std::pair<double, StringRef> bounds[] = {{memory, "memory"},
                                                     {tensor, "tensor cores"},
                                                     {other, "arithmetic"},
                                                     {issued, "issue slots"}};
      auto isLess = [](auto &a, auto &b) { return a.first < b.first; };
      os << "bound by "
         << std::max_element(std::begin(bounds), std::end(bounds), isLess)
                ->second
         << llvm::format(" on %s: %.3g us of memory, %.3g us of tensor cores, "
                         "%.3g us of arithmetic, %.3g us of issue slots",
                         product->name.data(), memory * 1e6, tensor * 1e6,
                         other * 1e6, issued * 1e6);
    }
  } else {
    os << "sizes are known at run time only";
  }
  os << '\n';
  if (const KernelStatistics *statistics =
          findStatistics(code, launch.getKernelName().getValue())) {
    APInt blockX, blockY, blockZ, shared(64, 0);
    os << "  " << statistics->registers << " registers, "
       << statistics->spillStores + statistics->spillLoads << " bytes spilled, "
       << statistics->sharedMemory << " bytes of static shared memory";
    if (Value dynamic = launch.getDynamicSharedMemorySize())
      if (matchPattern(dynamic, m_ConstantInt(&shared)))
        os << " and " << shared.getSExtValue() << " of dynamic";
    if (matchPattern(launch.getBlockSizeX(), m_ConstantInt(&blockX)) &&
        matchPattern(launch.getBlockSizeY(), m_ConstantInt(&blockY)) &&
        matchPattern(launch.getBlockSizeZ(), m_ConstantInt(&blockZ))) {
      int64_t block =
          blockX.getSExtValue() * blockY.getSExtValue() * blockZ.getSExtValue();
      os << "; " << block << " threads, "
         << code.chip->getBlocksPerSM(block, statistics->registers,
                                      statistics->sharedMemory +
                                          shared.getSExtValue())
         << " blocks on an SM";
    }
    os << '\n';
  }
}

LogicalResult mlir::zq::compile::explainKernels(ModuleOp module,
                                                const GpuCode &code,
                                                double accuracy,
                                                llvm::raw_ostream &os) {
  // Loops are loops still.
  OwningOpRef<ModuleOp> copy = module.clone();
  PassManager pm(module->getName());
  LowerToNVVMOptions options;
  options.chip = code.chip->name.str();
  options.accuracy = accuracy;
  buildLowerToKernelsPipeline(pm, options);
  pm.addPass(createMergeKernels());
  ScopedDiagnosticHandler remarks(
      module.getContext(), [](Diagnostic &diagnostic) {
        return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark);
      });
  if (failed(pm.run(*copy)))
    return failure();
  copy->walk([&](gpu::LaunchFuncOp launch) { explain(launch, code, os); });
  return success();
}
