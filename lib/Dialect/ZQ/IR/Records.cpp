//===- Records.cpp - Streams of panels side by side -----------------------===//
#include "zq/Dialect/ZQ/IR/Records.h"
#include "zq/Dialect/ZQ/IR/ReferenceTypes.h"

#include <numeric>

using namespace mlir;
using namespace mlir::zq;

static constexpr int64_t lineBytes = 64;
/// Columns of a record at most: a kernel's step reads whole ones.
static constexpr int64_t longestRecord = 128;

/// Whether the padding of the last record is an eighth of `columns` at most.
static bool fillRecords(int64_t columns, int64_t size) {
  return 8 * static_cast<int64_t>(llvm::divideCeil(columns, size)) * size <=
         9 * columns;
}

int64_t RecordLayout::Component::getBytes() const {
  return items * size * array.getElementType().getIntOrFloatBitWidth() / 8;
}

/// Rows of a panel of a stream [rows / lanes, columns / ..., size]; 0 where it
/// has none.
static int64_t getLanes(StreamAttr stream) {
  AffineMap shape = stream.getShape();
  // What all columns of a row share is read once, and lies elsewhere.
  if (shape.getNumDims() != 2 || shape.getNumSymbols() ||
      shape.getNumResults() != 3 ||
      isa<AffineConstantExpr>(shape.getResult(1)) ||
      !isa<AffineConstantExpr>(shape.getResult(2)))
    return 0;
  auto panels = dyn_cast<AffineBinaryOpExpr>(shape.getResult(0));
  if (!panels || panels.getKind() != AffineExprKind::CeilDiv ||
      panels.getLHS() != getAffineDimExpr(0, stream.getContext()))
    return 0;
  auto lanes = dyn_cast<AffineConstantExpr>(panels.getRHS());
  return lanes ? lanes.getValue() : 0;
}

/// Columns of the tensor for each of `items`: the constant that these are the
/// tensor's columns divided by, rounded up. 0 where they are something else.
static int64_t getItemColumns(AffineExpr items) {
  if (items == getAffineDimExpr(1, items.getContext()))
    return 1;
  auto division = dyn_cast<AffineBinaryOpExpr>(items);
  if (!division || division.getKind() != AffineExprKind::CeilDiv)
    return 0;
  auto divisor = dyn_cast<AffineConstantExpr>(division.getRHS());
  if (!divisor || divisor.getValue() <= 0)
    return 0;
  AffineExpr dividend = division.getLHS();
  int64_t each = divisor.getValue();
  // Several codes for each of some groups: whole groups have an item in common.
  if (auto product = dyn_cast<AffineBinaryOpExpr>(dividend);
      product && product.getKind() == AffineExprKind::Mul) {
    auto factor = dyn_cast<AffineConstantExpr>(product.getRHS());
    if (!factor || factor.getValue() <= 0 || each % factor.getValue())
      return 0;
    each /= factor.getValue();
    dividend = product.getLHS();
  }
  int64_t columns;
  return llvm::MulOverflow(getItemColumns(dividend), each, columns) ? 0
                                                                    : columns;
}

std::optional<RecordLayout>
mlir::zq::getRecordLayout(ArrayRef<StreamAttr> streams, int64_t columns,
                          std::string &why) {
  auto refuse = [&](const Twine &reason) {
    why = reason.str();
    return std::nullopt;
  };
  if (streams.empty())
    return refuse("there are no streams");
  RecordLayout layout;
  layout.lanes = getLanes(streams.back());
  layout.columns = columns;
  if (!layout.lanes)
    return refuse("the last stream holds no panels of rows");
  for (auto [i, stream] : llvm::enumerate(streams)) {
    if (getLanes(stream) != layout.lanes)
      continue;
    int64_t own = getItemColumns(stream.getShape().getResult(1));
    if (!own || columns % own)
      return refuse("part of stream '" + stream.getName().getValue() +
                    "' would lie in two of them");
    auto size = cast<AffineConstantExpr>(stream.getShape().getResult(2));
    layout.components.push_back({static_cast<unsigned>(i), stream, own,
                                 size.getValue(), columns / own, layout.bytes});
    layout.bytes += layout.components.back().getBytes();
  }
  return layout;
}

SmallVector<StreamAttr> RecordLayout::join(ArrayRef<StreamAttr> streams) const {
  SmallVector<StreamAttr> joined;
  ArrayRef<Component> left = components;
  for (auto [i, stream] : llvm::enumerate(streams)) {
    if (!left.empty() && left.front().stream == i)
      left = left.drop_front();
    else
      joined.push_back(stream);
  }
  MLIRContext *context = streams.front().getContext();
  AffineExpr row, column;
  bindDims(context, row, column);
  auto shape = AffineMap::get(2, 0,
                              {row.ceilDiv(lanes), column.ceilDiv(columns),
                               getAffineConstantExpr(bytes, context)},
                              context);
  joined.push_back(StreamAttr::get(context, StringAttr::get(context, "records"),
                                   IntegerType::get(context, 8), shape));
  return joined;
}

std::shared_ptr<const ::zq::codec::Records> RecordLayout::getReference() const {
  std::vector<::zq::codec::Records::Component> own;
  for (const Component &component : components)
    own.push_back({component.stream,
                   *toReferenceType(component.array.getElementType()),
                   component.columns, component.size});
  return std::make_shared<::zq::codec::Records>(lanes, columns, std::move(own));
}

CompressedTensorType mlir::zq::withRecords(CompressedTensorType type,
                                           int64_t columns, double share) {
  CodecAttr codec = type.getCodec();
  auto streams = codec.getStreams(type.getRank(), type.getElementType(),
                                  /*scope=*/nullptr);
  if (type.getRank() != 2 || codec.getRecords() || failed(streams))
    return type;
  for (int64_t size = columns; size <= longestRecord; size += columns) {
    std::string why;
    auto layout = getRecordLayout(*streams, size, why);
    if (!layout)
      continue;
    bool isWhole = llvm::all_of(layout->components, [](const auto &component) {
      return component.getBytes() % lineBytes == 0;
    });
    int64_t codes = layout->components.back().getBytes();
    if (isWhole)
      return layout->bytes - codes >= share * codes &&
                     layout->components.size() > 1 &&
                     fillRecords(type.getShape().back(), size)
                 ? CompressedTensorType::get(type.getContext(), type.getShape(),
                                             type.getElementType(),
                                             codec.withRecords(size))
                 : type;
  }
  return type;
}

CompressedTensorType mlir::zq::withoutRecords(CompressedTensorType type) {
  return CompressedTensorType::get(type.getContext(), type.getShape(),
                                   type.getElementType(),
                                   type.getCodec().withRecords(0));
}
