//===- LaneForm.cpp - Codecs whose contractions have rows in their lanes --===//
#include "zq/Dialect/ZQ/IR/LaneForm.h"
#include "zq/Dialect/ZQ/IR/Tiles.h"

#include "zq/Codec/Stage.h"

#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::ElementType;

/// Groups without a factor of their own end here at the latest: activations are
/// scaled once for each.
static constexpr int64_t longestGroup = 128;

/// Columns that share a scale where a weight is rounded once more: with half as
/// many contractions take 3 % longer.
static constexpr int64_t roundedGroup = 256;

/// Whether a stage maps each value, or code, to a code and does nothing else.
static bool isElementwise(StageAttrInterface stage, Type input, int64_t rank) {
  SmallVector<Part> parts;
  return succeeded(stage.getParts(rank, input, /*scope=*/nullptr, parts)) &&
         parts.empty() && stage.getMainRatios(rank).empty() &&
         stage.getGranule(input, nullptr) == 1 && !stage.getChunk(nullptr) &&
         !isa<TensorStageAttrInterface>(stage) &&
         isa<IntegerType>(stage.getOutput(input));
}

SmallVector<float> mlir::zq::getCodeValues(ArrayRef<StageAttrInterface> stages,
                                           ArrayRef<Type> inputs,
                                           int64_t rank) {
  std::vector<std::shared_ptr<const ::zq::codec::Stage>> references;
  if (stages.empty() || !isa<FloatType>(inputs.front()))
    return {};
  for (auto [stage, input] : llvm::zip(stages, inputs)) {
    if (!isElementwise(stage, input, rank) ||
        stage.getOutput(input).getIntOrFloatBitWidth() > 8)
      return {};
    references.push_back(stage.getReference(input));
    if (!references.back())
      return {};
  }
  Type codes = stages.back().getOutput(inputs.back());
  SmallVector<float> values;
  for (int64_t code = 0; code < int64_t(1) << codes.getIntOrFloatBitWidth();
       ++code) {
    Array read(ElementType::I8, {1});
    read.bytes[0] = static_cast<uint8_t>(code);
    ::zq::codec::Result<Array> value = std::move(read);
    for (auto &reference : llvm::reverse(references))
      if (value)
        value = reference->decode(*value, {}, {1});
    // A code that stands for nothing; what decodes it is up to us.
    values.push_back(value && value->type == ElementType::F32
                         ? value->getFloat(0)
                     : values.empty() ? 0.0f
                                      : values.back());
  }
  return values;
}

/// Whether a `LaneBuilder` decodes a column of a tensor with `codec`.
static bool isInLanes(CodecAttr codec, ArrayRef<int64_t> shape, Type element,
                      int64_t lanes) {
  SmallVector<Type> inputs = codec.getInputs(element);
  StageAttrInterface last = codec.getStages().back();
  auto source = dyn_cast<CodeSourceAttrInterface>(last);
  if (!source || last.getChunk(/*scope=*/nullptr) ||
      !source.getLaneColumns(inputs.back(), lanes, columnDepth))
    return false;
  return llvm::all_of(llvm::zip(codec.getStages().drop_back(), inputs),
                      [&](auto pair) {
                        auto [stage, input] = pair;
                        return isElementwise(stage, input, shape.size()) ||
                               stage.decodesInLanes(shape, lanes);
                      });
}

bool mlir::zq::isInLanes(const Part &part, ArrayRef<int64_t> shape,
                         ArrayRef<int64_t> group, int64_t lanes) {
  if (shape.size() != 2)
    return false;
  SmallVector<int64_t> own(part.array.getType(shape).getShape());
  Type element = part.array.getElementType();
  if (group[0] == 1)
    return part.codec ? ::isInLanes(part.codec, own, element, lanes)
                      : part.rows == lanes;
  return !part.rows && group[0] % lanes == 0 &&
         (!part.codec || part.codec.isInline(own, element, /*scope=*/nullptr));
}

/// The columns of a tensor of `shape` after which the codes of factors or
/// offsets of `stage`, one for each `block`, begin a tile that is stored
/// together; 1 where they have none.
static int64_t getCodedColumns(StageAttrInterface stage, Type input,
                               ArrayRef<int64_t> shape, ArrayRef<int64_t> block,
                               int64_t lanes) {
  int64_t columns = 1;
  SmallVector<Part> parts;
  if (block[0] != 1 || !block[1] || block[1] >= shape[1] ||
      failed(stage.getParts(2, input, /*scope=*/nullptr, parts)))
    return columns;
  for (const Part &part : parts) {
    if (!part.codec)
      continue;
    Type codes = part.codec.getInputs(part.array.getElementType()).back();
    auto source = cast<CodeSourceAttrInterface>(part.codec.getStages().back());
    columns = std::lcm(
        columns, block[1] * source.getLaneColumns(codes, lanes, columnDepth));
  }
  return columns;
}

/// Blocks of a row whose factors of `stage` are read together: as many as fill
/// a register, where each is a byte, and takes more than a shift to widen.
static int64_t getTogether(FactorAttrInterface factor, Type input,
                           ArrayRef<int64_t> shape, ArrayRef<int64_t> block) {
  SmallVector<Part> parts;
  auto stage = cast<StageAttrInterface>(factor);
  if (block[0] != 1 || !block[1] || block[1] >= shape[1] ||
      factor.hasZeroPoint() || factor.getFactorDigits() == 1 ||
      failed(stage.getParts(2, input, /*scope=*/nullptr, parts)) ||
      parts.size() != 1 || parts[0].codec)
    return 1;
  Type element = parts[0].array.getElementType();
  return element.getIntOrFloatBitWidth() == 8 ? laneDepth : 1;
}

/// The codes that stand for no finite value, whose magnitudes are the largest:
/// below a sign, or above all others. Nothing where they lie elsewhere.
static std::optional<LaneForm::Infinite> getInfinite(ArrayRef<float> values) {
  for (size_t count : {values.size(), values.size() / 2}) {
    uint8_t mask = count - 1;
    size_t least = 0;
    while (least < count && std::isfinite(values[least]))
      ++least;
    auto isAsSaid = [&](size_t code) {
      return std::isfinite(values[code]) == ((code & mask) < least);
    };
    if (least < count &&
        llvm::all_of(llvm::seq<size_t>(0, values.size()), isAsSaid))
      return LaneForm::Infinite{mask, static_cast<uint8_t>(least)};
  }
  return std::nullopt;
}

/// The columns that share every factor and offset, at most `longestGroup`, of a
/// tensor of `columns`.
static int64_t getGroup(const LaneForm &form, int64_t columns) {
  int64_t group = 0;
  auto share = [&](ArrayRef<int64_t> block) {
    if (block[1] && block[1] < columns)
      group = std::gcd(group, block[1]);
  };
  for (const LaneForm::Factor &factor : form.factors)
    share(factor.block);
  for (const LaneForm::Offset &offset : form.offsets)
    share(offset.block);
  if (group == 0)
    return longestGroup;
  for (int64_t divisor = std::min(group, longestGroup); divisor; --divisor)
    if (group % divisor == 0 && divisor % laneDepth == 0)
      return divisor;
  return 0;
}

std::optional<LaneForm> mlir::zq::getLaneForm(CompressedTensorType type,
                                              int64_t lanes, std::string &why) {
  auto refuse = [&](const Twine &reason) {
    why = reason.str();
    return std::nullopt;
  };
  ArrayRef<int64_t> shape = type.getShape();
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1)
    return refuse("it is not a matrix");
  ArrayRef<StageAttrInterface> stages = type.getCodec().getStages();
  SmallVector<Type> inputs = type.getCodec().getInputs(type.getElementType());
  if (!type.getElementType().isF32())
    return refuse("its elements are not f32");

  LaneForm form;
  unsigned i = 0;
  for (; i < stages.size(); ++i) {
    auto factor = dyn_cast<FactorAttrInterface>(stages[i]);
    auto offset = dyn_cast<OffsetAttrInterface>(stages[i]);
    if (!factor && !offset)
      break;
    if (form.hasZeroPoint)
      return refuse("a stage above another factor has zero points");
    SmallVector<int64_t> block =
        factor ? factor.getFactorBlock(2) : offset.getOffsetBlock(2);
    if (factor ? !factor.hasFactorInLanes(shape, lanes)
               : !stages[i].decodesInLanes(shape, lanes))
      return refuse(Twine("a stage's ") + (factor ? "factors" : "offsets") +
                    " are not laid out for lanes");
    form.factorColumns =
        std::lcm(form.factorColumns,
                 getCodedColumns(stages[i], inputs[i], shape, block, lanes));
    if (offset) {
      form.offsets.push_back({i, std::move(block)});
      continue;
    }
    form.hasZeroPoint = factor.hasZeroPoint();
    // Below an offset a factor is none of what a row decodes to.
    bool isOfRows =
        form.offsets.empty() && (block[1] == 0 || block[1] >= shape[1]);
    int64_t together = getTogether(factor, inputs[i], shape, block);
    if (together > 1)
      form.factorColumns = std::lcm(form.factorColumns, together * block[1]);
    form.factors.push_back(
        {i, std::move(block), isOfRows, factor.getFactorDigits(), together});
    if (isa<ChoiceAttrInterface>(stages[i]))
      break;
  }
  form.map = i;
  form.source = stages.size() - 1;
  if (i + 2 == stages.size() && isa<ChoiceAttrInterface>(stages[i])) {
    form.values = cast<ChoiceAttrInterface>(stages[i]).getChoiceValues();
    form.choiceBits = llvm::Log2_64(form.values.size()) -
                      inputs[i + 1].getIntOrFloatBitWidth();
  } else if (i < form.source) {
    form.values = getCodeValues(stages.slice(i, form.source - i),
                                ArrayRef(inputs).slice(i, form.source - i), 2);
  }
  if (form.values.empty())
    return refuse("its stages are not factors and offsets, maps to codes, and "
                  "their layout");
  auto source = dyn_cast<CodeSourceAttrInterface>(stages.back());
  form.bits = inputs.back().getIntOrFloatBitWidth();
  if (source)
    form.columns = source.getLaneColumns(inputs.back(), lanes, laneDepth);
  if (!form.columns)
    return refuse("its codes are not laid out for lanes");
  int64_t chunk = stages.back().getChunk(/*scope=*/nullptr);
  if (chunk && chunk < shape[1])
    return refuse("a panel of its codes is more than one chunk");
  form.isSequential = chunk != 0;
  if (!llvm::all_of(form.values, [](float v) { return std::isfinite(v); })) {
    form.infinite = getInfinite(form.values);
    if (!form.infinite)
      return refuse("codes that stand for no finite value are not its last");
    for (float &value : form.values)
      value = std::isfinite(value) ? value : 0;
  }
  form.group = getGroup(form, shape[1]);
  if (!form.group)
    return refuse("its groups are no multiples of 4 columns");
  return form;
}

CompressedTensorType mlir::zq::getBelowRowFactor(CompressedTensorType type,
                                                 int64_t lanes) {
  CodecAttr codec = type.getCodec();
  ArrayRef<int64_t> shape = type.getShape();
  StageAttrInterface stage = codec.getStages().front();
  auto factor = dyn_cast<FactorAttrInterface>(stage);
  auto split = dyn_cast<TensorStageAttrInterface>(stage);
  if (!factor || !split || shape.size() != 2 || factor.hasZeroPoint() ||
      factor.isDivisor() || !type.getElementType().isF32() ||
      !split.canSplit(shape) || factor.hasFactorInLanes(shape, lanes))
    return {};
  int64_t shared = factor.getFactorBlock(2)[1];
  if (shared && shared < shape[1])
    return {};
  auto below = CompressedTensorType::get(
      type.getContext(), codec.getShapes(shape)[1],
      codec.getInputs(type.getElementType())[1], codec.dropOutermost());
  std::string why;
  return getLaneForm(below, lanes, why) ? below : CompressedTensorType();
}

CodecAttr mlir::zq::withLanes(CodecAttr codec, Type element, int64_t rank,
                              int64_t lanes, int64_t depth) {
  SmallVector<StageAttrInterface> stages;
  for (auto [stage, input] :
       llvm::zip(codec.getStages(), codec.getInputs(element)))
    stages.push_back(stage.withLanes(input, rank, lanes, depth));
  return CodecAttr::get(codec.getContext(), stages, codec.getRecords());
}

CompressedTensorType mlir::zq::withLanes(CompressedTensorType type,
                                         int64_t lanes) {
  return CompressedTensorType::get(
      type.getContext(), type.getShape(), type.getElementType(),
      withLanes(type.getCodec(), type.getElementType(), type.getShape().size(),
                lanes, laneDepth));
}

int64_t mlir::zq::getDigits(const LaneForm &form) {
  int64_t digits = 1;
  for (float value : form.values) {
    int exponent;
    auto integer = static_cast<int64_t>(
        std::ldexp(std::frexp(std::fabs(value), &exponent), 24));
    if (integer)
      digits =
          std::max<int64_t>(digits, 24 - llvm::countr_zero<uint64_t>(integer));
  }
  // The difference to a zero point is rounded to f32, and so is a sum.
  if (form.hasZeroPoint || !form.offsets.empty())
    digits = 24;
  // A power of two adds none.
  for (const LaneForm::Factor &factor : form.factors)
    if (!factor.isOfRows && factor.digits > 1)
      digits += factor.digits;
  return digits;
}

/// The largest power of two that all values are multiples of; 0 where all are
/// zero.
static float getUnit(ArrayRef<float> values) {
  int least = INT_MAX;
  for (float value : values) {
    if (value == 0)
      continue;
    int exponent;
    float mantissa = std::frexp(value, &exponent);
    int64_t integer = static_cast<int64_t>(std::ldexp(mantissa, 24));
    least = std::min(least, exponent - 24 +
                                llvm::countr_zero<uint64_t>(std::abs(integer)));
  }
  return least == INT_MAX ? 0 : std::ldexp(1.0f, least);
}

/// What is left of the magnitude of `values` by `table`, over the largest.
static double getError(ArrayRef<float> values, const ByteTable &table,
                       float largest) {
  double error = 0;
  for (auto [i, value] : llvm::enumerate(values)) {
    double read = double(table.bytes[i]) - double(table.offset);
    if (!table.low.empty())
      read = 256 * read + table.low[i];
    error = std::max(error, std::fabs(read * table.unit - value));
  }
  return largest > 0 ? error / largest : 0;
}

/// Values as bytes from `low` on, exact where they are integers times a power
/// of two and at most 255 of these apart.
static ByteTable getSingleTable(ArrayRef<float> values, float low, float high) {
  ByteTable table;
  float largest = std::max(std::fabs(low), std::fabs(high));
  table.unit = getUnit(values);
  bool isExact = table.unit > 0 && (double(high) - low) / table.unit <= 255;
  // A step less than there are, since the offset is rounded.
  if (!isExact)
    table.unit = (high - low) / 254;
  if (table.unit == 0 || !std::isnormal(table.unit))
    table.unit = 1;
  table.offset = -std::llround(double(low) / table.unit);
  // Values far from zero: from zero on, or as far below it as above.
  if (table.offset < 0 || table.offset > 255) {
    table.unit = largest / (low < 0 && high > 0 ? 127 : 255);
    table.offset = low < 0 ? -std::llround(double(low) / table.unit) : 0;
  }
  for (float value : values) {
    int64_t byte = std::llround(double(value) / table.unit) + table.offset;
    table.bytes.push_back(std::clamp<int64_t>(byte, 0, 255));
  }
  table.error = getError(values, table, largest);
  return table;
}

/// Values as pairs of bytes, whose offset is one of the upper byte alone.
static ByteTable getPairTable(ArrayRef<float> values, float low, float high) {
  ByteTable table;
  float largest = std::max(std::fabs(low), std::fabs(high));
  low = std::min(low, 0.0f), high = std::max(high, 0.0f);
  table.unit = (high - low) / 65024;
  if (!std::isnormal(table.unit))
    table.unit = 1;
  table.offset = std::llround(std::ceil(-double(low) / table.unit / 256));
  for (float value : values) {
    int64_t word =
        std::llround(double(value) / table.unit) + 256 * table.offset;
    word = std::clamp<int64_t>(word, 0, 65535);
    table.bytes.push_back(word / 256);
    table.low.push_back(word % 256);
  }
  table.error = getError(values, table, largest);
  return table;
}

ByteTable mlir::zq::getByteTable(ArrayRef<float> values, int64_t planes) {
  float low = *std::min_element(values.begin(), values.end());
  float high = *std::max_element(values.begin(), values.end());
  ByteTable table = getSingleTable(values, low, high);
  return planes == 2 && table.error > 0 ? getPairTable(values, low, high)
                                        : table;
}

/// Values as integers times `unit`; where that is 0, as integers that leave the
/// activations as many digits as they have.
static WordTable getWords(ArrayRef<float> values, float unit, int64_t group) {
  constexpr int64_t mostOfWord = std::numeric_limits<int16_t>::max();
  constexpr int64_t mostOfSum = std::numeric_limits<int32_t>::max();
  double largest = 0;
  for (double value : values)
    largest = std::max(largest, std::fabs(value));
  auto side = static_cast<int64_t>(std::sqrt(double(mostOfSum) / group));
  WordTable table;
  table.unit = unit > 0 ? unit : largest / std::min(side, mostOfWord);
  if (!std::isnormal(table.unit))
    table.unit = 1;
  int64_t most = 1;
  for (float value : values) {
    int64_t word = std::llround(double(value) / table.unit);
    word = std::clamp(word, -mostOfWord, mostOfWord);
    most = std::max(most, std::abs(word));
    table.words.push_back(word);
    double deviation = std::fabs(double(word) * table.unit - value);
    if (deviation > 0)
      table.error = std::max(table.error, deviation / largest);
  }
  table.limit = std::min(mostOfSum / group / most, mostOfWord);
  return table;
}

WordTable mlir::zq::getWordTable(ArrayRef<float> values, int64_t group) {
  WordTable rounded = getWords(values, /*unit=*/0, group);
  WordTable exact = getWords(values, getUnit(values), group);
  return exact.limit && getWordsError(exact) <= getWordsError(rounded)
             ? exact
             : rounded;
}

double mlir::zq::getWordsError(const WordTable &table) {
  double step = 0.5 / table.limit;
  return step + table.error + step * table.error;
}

int64_t mlir::zq::getRoundedGroup(const LaneForm &form, int64_t columns) {
  int64_t chunk = std::lcm(form.columns, tileDepth);
  if (form.isSequential || chunk > roundedGroup)
    return 0;
  return std::min<int64_t>(roundedGroup / chunk * chunk,
                           llvm::alignTo(columns, chunk));
}

double mlir::zq::getPlanesError(int64_t planes, const ByteTable &table) {
  double step = planes == 1 ? 0.5 / 127 : 0.5 / 32512;
  return step + table.error + step * table.error;
}
