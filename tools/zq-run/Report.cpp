//===- Report.cpp - What a run found out, as text or JSON -----------------===//
#include "Report.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

#include <cmath>

using namespace mlir::zq::run;

/// A time in the unit that suits it.
static std::string formatSeconds(double seconds) {
  char text[32];
  if (seconds < 1e-3)
    std::snprintf(text, sizeof(text), "%.1f us", seconds * 1e6);
  else if (seconds < 1)
    std::snprintf(text, sizeof(text), "%.3f ms", seconds * 1e3);
  else
    std::snprintf(text, sizeof(text), "%.3f s", seconds);
  return text;
}

void mlir::zq::run::printText(const Report &report, llvm::raw_ostream &os) {
  for (auto [i, input] : llvm::enumerate(report.inputs))
    if (!input.codec.empty())
      os << "input " << i << ": " << input.codec << ", "
         << llvm::format("%.3f", input.bitsPerWeight) << " bits per weight, "
         << input.bytes << " bytes\n";
  if (report.times && !report.device.empty())
    os << "time: median " << formatSeconds(report.times->median) << ", least "
       << formatSeconds(report.times->least) << " of " << report.times->calls
       << " calls on " << report.device << "; "
       << llvm::format("%.1f", report.times->bytesPerSecond / 1e9)
       << " GB/s of inputs, "
       << llvm::format("%.1f%%", 100 * report.times->bytesPerSecond /
                                     report.times->copyBytesPerSecond)
       << " of a copy's "
       << llvm::format("%.1f", report.times->copyBytesPerSecond / 1e9)
       << " GB/s\n"
       << "arrays: " << report.times->sets << " sets in turn, "
       << llvm::format("%.1f", report.times->setsBytes / 1e6) << " MB, "
       << (report.times->setsBytes > report.times->cacheBytes ? "beyond"
                                                              : "within")
       << " the cache of "
       << llvm::format("%.1f", report.times->cacheBytes / 1e6) << " MB\n";
  else if (report.times)
    os << "time: median " << formatSeconds(report.times->median) << ", least "
       << formatSeconds(report.times->least) << " of " << report.times->calls
       << " calls on " << report.threads
       << (report.threads == 1 ? " thread" : " threads") << "; "
       << llvm::format("%.2f", report.times->bytesPerSecond / 1e9)
       << " GB/s of inputs\n";
  if (report.comparison) {
    os << "reference: largest difference "
       << llvm::format("%.2g", report.comparison->largestDifference)
       << ", bound there "
       << llvm::format("%.2g", report.comparison->boundThere)
       << ", worst ratio difference/bound "
       << llvm::format("%.2g", report.comparison->worstRatio) << '\n';
    if (report.comparison->unbounded)
      os << "reference: nothing is promised of " << report.comparison->unbounded
         << " elements\n";
  }
}

/// JSON knows no infinity; the largest double stands for it.
static double toFinite(double value) {
  return std::isfinite(value) ? value : std::numeric_limits<double>::max();
}

static void printTensors(llvm::json::OStream &json, llvm::StringRef key,
                         const std::vector<TensorReport> &tensors) {
  json.attributeArray(key, [&] {
    for (const TensorReport &tensor : tensors)
      json.object([&] {
        json.attribute("type", tensor.type);
        json.attribute("bytes", tensor.bytes);
        if (tensor.codec.empty())
          return;
        json.attribute("codec", tensor.codec);
        json.attribute("bits_per_weight", tensor.bitsPerWeight);
      });
  });
}

void mlir::zq::run::printJson(const Report &report, llvm::raw_ostream &os) {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("entry", report.entry);
    json.attribute("threads", report.threads);
    if (!report.device.empty())
      json.attribute("device", report.device);
    json.attribute("compile_seconds", report.compileSeconds);
    printTensors(json, "inputs", report.inputs);
    printTensors(json, "results", report.results);
    if (report.times)
      json.attributeObject("bench", [&] {
        json.attribute("calls", report.times->calls);
        json.attribute("median_seconds", report.times->median);
        json.attribute("min_seconds", report.times->least);
        json.attribute("input_bytes_per_second", report.times->bytesPerSecond);
        if (!report.device.empty()) {
          json.attribute("copy_bytes_per_second",
                         report.times->copyBytesPerSecond);
          json.attribute("array_sets", report.times->sets);
          json.attribute("array_bytes", report.times->setsBytes);
          json.attribute("cache_bytes", report.times->cacheBytes);
        }
      });
    if (report.comparison)
      json.attributeObject("reference", [&] {
        const Comparison &comparison = *report.comparison;
        json.attribute("largest_difference",
                       toFinite(comparison.largestDifference));
        json.attribute("bound_there", toFinite(comparison.boundThere));
        json.attribute("worst_ratio", toFinite(comparison.worstRatio));
        json.attribute("unbounded_elements", comparison.unbounded);
        json.attribute("within_bound", comparison.violation.empty());
      });
    json.attributeArray("remarks", [&] {
      for (const std::string &remark : report.remarks)
        json.value(remark);
    });
  });
  os << '\n';
}
