//===- TensorFile.cpp - A tensor of a file that a tool reads --------------===//
#include "common/TensorFile.h"

#include "zq/Runtime/CompressedFiles.h"
#include "zq/Runtime/Npy.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::Array;
using ::zq::codec::Error;
using ::zq::codec::Result;
using ::zq::runtime::SafetensorsReader;

Result<TensorPath> mlir::zq::parseTensorPath(StringRef text) {
  if (text.ends_with(".npy") || text.ends_with(".safetensors"))
    return TensorPath{text.str(), ""};
  constexpr StringLiteral ending = ".safetensors:";
  size_t place = text.find(ending);
  if (place == StringRef::npos)
    return Error{"neither FILE.npy nor FILE.safetensors[:TENSOR]"};
  size_t end = place + ending.size();
  return TensorPath{text.take_front(end - 1).str(), text.drop_front(end).str()};
}

/// Some of the names, and how many there are more: a checkpoint has thousands.
static std::string list(ArrayRef<std::string> names) {
  constexpr size_t most = 24;
  std::string text = llvm::join(names.take_front(most), ", ");
  if (names.size() > most)
    text += " and " + std::to_string(names.size() - most) + " more";
  return text.empty() ? "none" : text;
}

Result<std::string> mlir::zq::findTensor(const SafetensorsReader &file,
                                         const TensorPath &path) {
  std::vector<std::string> names = getTensorNames(file);
  if (path.tensor.empty()) {
    if (names.size() != 1)
      return Error{"say which tensor, as " + path.file + ":TENSOR, of " +
                   list(names)};
    return names.front();
  }
  if (!file.find(path.tensor) && !isCompressed(file, path.tensor))
    return Error{"no tensor '" + path.tensor + "' in the file, which has " +
                 list(names)};
  return path.tensor;
}

Result<Array> mlir::zq::readDense(const TensorPath &path) {
  if (path.isNpy())
    return ::zq::runtime::readNpy(path.file);
  Result<SafetensorsReader> file = SafetensorsReader::open(path.file);
  if (!file)
    return file.error();
  Result<std::string> tensor = findTensor(*file, path);
  if (!tensor)
    return Error{path.file + ": " + tensor.message()};
  if (isCompressed(*file, *tensor))
    return Error{path.file + ": '" + *tensor + "' is compressed already"};
  return file->read(*tensor);
}
