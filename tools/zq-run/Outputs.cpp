//===- Outputs.cpp - Results of a function as files or a summary ----------===//
#include "Outputs.h"
#include "common/OutputPath.h"

#include "zq/Runtime/ArrayTypes.h"
#include "zq/Runtime/Npy.h"
#include "zq/Runtime/Safetensors.h"
#include "llvm/Support/Format.h"

#include <cmath>

using namespace mlir::zq;
using namespace mlir::zq::run;
using ::zq::codec::Array;
using ::zq::codec::ElementType;
using ::zq::codec::Error;
using ::zq::codec::Status;

Status mlir::zq::run::checkOutput(const std::string &path, size_t numResults) {
  llvm::StringRef text = path;
  if (text.empty())
    return {};
  if (!text.ends_with(".npy") && !text.ends_with(".safetensors"))
    return Error{"output " + path + ": neither .npy nor .safetensors"};
  if (text.ends_with(".npy") && numResults != 1)
    return Error{"output " + path +
                 ": a .npy file holds one array, but there "
                 "are " +
                 std::to_string(numResults) + " results; use .safetensors"};
  return checkOutputPath(path);
}

Status mlir::zq::run::writeOutput(const std::string &path,
                                  const std::vector<Array> &results) {
  if (llvm::StringRef(path).ends_with(".npy"))
    return ::zq::runtime::writeNpy(path, results.front());
  ::zq::runtime::SafetensorsFile file;
  for (size_t i = 0; i < results.size(); ++i)
    file.tensors.push_back({"result" + std::to_string(i), results[i]});
  return ::zq::runtime::writeSafetensors(path, file);
}

static bool isInteger(ElementType type) {
  return type == ElementType::I8 || type == ElementType::I16 ||
         type == ElementType::I32 || type == ElementType::I64;
}

void mlir::zq::run::printSummary(const std::vector<Array> &results,
                                 llvm::raw_ostream &os) {
  for (size_t i = 0; i < results.size(); ++i) {
    const Array &result = results[i];
    os << "result " << i << ": " << describe(result);
    int64_t count = result.size();
    if (count > 0 && !isInteger(result.type)) {
      double least = INFINITY, largest = -INFINITY, sum = 0;
      for (int64_t j = 0; j < count; ++j) {
        double value = result.getFloat(j);
        least = std::fmin(least, value);
        largest = std::fmax(largest, value);
        sum += value;
      }
      os << ", from " << llvm::format("%.6g", least) << " to "
         << llvm::format("%.6g", largest) << ", mean "
         << llvm::format("%.6g", sum / double(count));
    }
    os << '\n';
  }
}
