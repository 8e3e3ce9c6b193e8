//===- SplitRecords.cpp - Records as the arrays that lie in them ----------===//
#include "zq/Dialect/ZQ/Transforms/Passes.h"

#include "zq/Dialect/ZQ/IR/Records.h"

namespace mlir::zq {
#define GEN_PASS_DEF_SPLITRECORDS
#include "zq/Dialect/ZQ/Transforms/Passes.h.inc"
} // namespace mlir::zq

using namespace mlir;
using namespace mlir::zq;

/// The same tensor with each stream an array of its own; null, with an error,
/// where a decoder symbol is missing.
static Value splitRecords(Value source) {
  auto type = cast<CompressedTensorType>(source.getType());
  CompressedTensorType apart = withoutRecords(type);
  Operation *scope = source.getParentRegion()->getParentOp();
  auto streams = apart.getCodec().getStreams(apart.getRank(),
                                             apart.getElementType(), scope);
  auto stored = type.getStreamTypes(scope);
  std::string why = "a decoder is missing";
  auto layout =
      succeeded(streams)
          ? getRecordLayout(*streams, type.getCodec().getRecords(), why)
          : std::nullopt;
  if (!layout || failed(stored)) {
    emitError(source.getLoc(), "there are no records of its streams: ") << why;
    return {};
  }
  OpBuilder b(source.getContext());
  b.setInsertionPointAfterValue(source);
  Location loc = source.getLoc();
  auto found = DisassembleOp::create(b, loc, *stored, source);
  Value records = found.getStreams().back();
  SmallVector<Value> arrays(found.getStreams().drop_back());
  for (const RecordLayout::Component &component : layout->components) {
    Type array = component.array.getType(type.getShape());
    arrays.insert(arrays.begin() + component.stream,
                  ComponentOp::create(b, loc, array, records, component.offset,
                                      component.items));
  }
  return AssembleOp::create(b, loc, apart, arrays);
}

namespace {
struct SplitRecordsPass : mlir::zq::impl::SplitRecordsBase<SplitRecordsPass> {
  void runOnOperation() override {
    llvm::MapVector<Value, SmallVector<DecodeOp>> decodes;
    getOperation().walk([&](DecodeOp decode) {
      auto type = cast<CompressedTensorType>(decode.getSource().getType());
      if (type.getCodec().getRecords())
        decodes[decode.getSource()].push_back(decode);
    });
    for (auto &[source, users] : decodes) {
      Value apart = splitRecords(source);
      if (!apart)
        return signalPassFailure();
      for (DecodeOp decode : users)
        decode.getSourceMutable().set(apart);
    }
  }
};
} // namespace
