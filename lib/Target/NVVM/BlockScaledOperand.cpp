//===- BlockScaledOperand.cpp - What tensor cores multiply as it is stored ===//
#include "BlockScaledOperand.h"
#include "zq/Dialect/ZQ/IR/Stages.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Minifloat;
using ::zq::codec::ScaleStatistic;

/// What the instructions call `format`.
static std::optional<NVVM::MMATypes> getElement(const QuantizeFormat &format) {
  if (format.kind != QuantizeFormat::Kind::Float)
    return std::nullopt;
  static const std::pair<Minifloat, NVVM::MMATypes> elements[] = {
      {::zq::codec::E2M1, NVVM::MMATypes::e2m1},
      {::zq::codec::E2M3, NVVM::MMATypes::e2m3},
      {::zq::codec::E3M2, NVVM::MMATypes::e3m2},
      {::zq::codec::E4M3FN, NVVM::MMATypes::e4m3},
      {::zq::codec::E5M2, NVVM::MMATypes::e5m2}};
  for (auto &[minifloat, element] : elements)
    if (format == QuantizeFormat::get(minifloat))
      return element;
  return std::nullopt;
}

/// What the instructions call scales of `type`.
static std::optional<NVVM::BlockScaleFormat> getScaleFormat(Type type) {
  if (isa<Float8E4M3FNType>(type))
    return NVVM::BlockScaleFormat::UE4M3;
  if (isa<Float8E8M0FNUType>(type))
    return NVVM::BlockScaleFormat::UE8M0;
  return std::nullopt;
}

std::optional<BlockScaledOperand>
mlir::zq::getBlockScaledOperand(CompressedTensorType type, std::string &why) {
  auto refuse = [&](const Twine &reason) {
    why = reason.str();
    return std::nullopt;
  };
  BlockScaledOperand operand;
  operand.type = type;
  ArrayRef<int64_t> shape = type.getShape();
  int64_t rank = shape.size();
  operand.rows = 1;
  for (int64_t size : shape.drop_back())
    operand.rows *= size;
  operand.columns = shape.back();
  // A type of fewer bits would be rounded to after the scales.
  if (!type.getElementType().isF32())
    return refuse("its elements are not f32");

  ArrayRef<StageAttrInterface> stages = type.getCodec().getStages();
  unsigned i = 0;
  bool hasScale = false;
  for (; i < stages.size() && !hasScale; ++i) {
    auto scale = dyn_cast<ScaleAttr>(stages[i]);
    auto stored = scale ? dyn_cast<TypeAttr>(scale.getStored()) : TypeAttr();
    if (!scale || scale.hasZeroPoint())
      break;
    if (!stored || scale.getRows() || scale.getDivide())
      return refuse("its scales are not factors stored row by row as they are");
    SmallVector<int64_t> block = scale.getFactorBlock(rank);
    bool isOfLine = llvm::all_of(ArrayRef(block).drop_back(),
                                 [](int64_t size) { return size == 1; });
    bool isOfAll = llvm::all_of(block, [](int64_t size) { return size == 0; });
    if (stored.getValue().isF32() && block.back() == 0 &&
        (isOfLine || isOfAll)) {
      // Each has one stream, its own.
      operand.factors.push_back({i, !isOfAll});
      continue;
    }
    auto format = getScaleFormat(stored.getValue());
    operand.block = block.back();
    if (!isOfLine || !format || (operand.block != 16 && operand.block != 32) ||
        // The instruction takes the magnitude.
        scale.getStatistic() == ScaleStatistic::Peak)
      return refuse("its scales are not of 16 or 32 elements along the last "
                    "dimension, in f8E4M3FN or f8E8M0FNU");
    operand.scale = *format;
    operand.scaleStream = i;
    hasScale = true;
  }
  if (!hasScale || i + 2 != stages.size())
    return refuse("its stages are not scales, small floats and their bits");
  auto quantize = dyn_cast<QuantizeAttr>(stages[i]);
  auto element = quantize ? getElement(quantize.getFormat()) : std::nullopt;
  if (!element)
    return refuse("its codes are not floats that tensor cores multiply");
  if (stages[i + 1] != PackAttr::get(type.getContext()))
    return refuse("its codes are not packed row by row, lowest bits first");
  operand.element = *element;
  operand.bits = quantize.getFormat().getMinifloat().bits();
  operand.codeStream = i;
  return operand;
}

std::optional<BlockScaledMode>
mlir::zq::getBlockScaledMode(const BlockScaledOperand &a,
                             const BlockScaledOperand &b, std::string &why) {
  auto isPair = [&](NVVM::BlockScaleFormat scale, int64_t block) {
    return a.scale == scale && b.scale == scale && a.block == block &&
           b.block == block;
  };
  bool isE2M1 =
      a.element == NVVM::MMATypes::e2m1 && b.element == NVVM::MMATypes::e2m1;
  if (isE2M1 && isPair(NVVM::BlockScaleFormat::UE4M3, 16))
    return BlockScaledMode{NVVM::MMABlockScaleKind::MXF4NVF4,
                           NVVM::BlockScaleFormat::UE4M3, 64, 4};
  if (isPair(NVVM::BlockScaleFormat::UE8M0, 32))
    return isE2M1 ? BlockScaledMode{NVVM::MMABlockScaleKind::MXF4,
                                    NVVM::BlockScaleFormat::UE8M0, 64, 2}
                  : BlockScaledMode{NVVM::MMABlockScaleKind::MXF8F6F4,
                                    NVVM::BlockScaleFormat::UE8M0, 32, 1};
  why = "no instruction has these two kinds of elements and scales";
  return std::nullopt;
}
