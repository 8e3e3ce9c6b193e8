//===- Storage.cpp - How much room a compressed tensor takes --------------===//
#include "zq/Dialect/ZQ/IR/Storage.h"

#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::zq;

double Storage::getKnownRate() const {
  double sum = 0;
  for (const StreamStorage &stream : streams)
    sum += stream.rate.value_or(0);
  return sum;
}

bool Storage::isKnown() const {
  return llvm::all_of(streams, [](const StreamStorage &stream) {
    return stream.rate.has_value();
  });
}

FailureOr<Storage> mlir::zq::getStorage(CompressedTensorType type,
                                        Operation *scope, TypeRange types) {
  auto streams =
      type.getCodec().getStreams(type.getRank(), type.getElementType(), scope);
  if (failed(streams))
    return failure();
  int64_t elements = ShapedType::getNumElements(type.getShape());
  Storage storage;
  for (auto [i, stream] : llvm::enumerate(*streams)) {
    auto stored = types.empty() ? stream.getType(type.getShape())
                                : cast<RankedTensorType>(types[i]);
    std::optional<double> rate;
    if (elements == 0)
      rate = 0;
    else if (stored.hasStaticShape())
      rate = double(stored.getNumElements()) * stored.getElementTypeBitWidth() /
             double(elements);
    storage.streams.push_back({stream.getName(), stored, rate});
  }
  return storage;
}

void mlir::zq::printStorage(raw_ostream &os, const Storage &storage) {
  auto printRate = [&](double rate) { os << llvm::format("%.5f", rate); };
  os << "| stream | stored as | bits per weight |\n|---|---|---|\n";
  for (const StreamStorage &stream : storage.streams) {
    os << "| `" << stream.name.getValue() << "` | `" << stream.type << "` | ";
    if (stream.rate)
      printRate(*stream.rate);
    else
      os << '?';
    os << " |\n";
  }
  os << "| together | | ";
  printRate(storage.getKnownRate());
  os << (storage.isKnown() ? "" : " and the data's") << " |\n";
}
