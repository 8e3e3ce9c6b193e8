//===- Header.cpp - A C header for compiled functions ---------------------===//
#include "Header.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"
#include "zq/Runtime/ArrayTypes.h"
#include "zq/Runtime/CallSizes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ScopedPrinter.h"

#include <set>

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::compile;

/// Whatever C does not take in an identifier becomes an underscore.
static std::string toIdentifier(StringRef text) {
  std::string identifier = text.str();
  for (char &c : identifier)
    if (!llvm::isAlnum(c))
      c = '_';
  if (identifier.empty() || llvm::isDigit(identifier.front()))
    identifier.insert(identifier.begin(), '_');
  return identifier;
}

static LogicalResult appendParameters(func::FuncOp function, StringRef name,
                                      Type type,
                                      std::vector<Parameter> &parameters) {
  FailureOr<SmallVector<RankedTensorType>> stored =
      getStoredTypes(type, function);
  if (failed(stored))
    return function.emitError("cannot be called from C: ")
           << name << " is " << type << ", and not a tensor";
  auto compressed = dyn_cast<CompressedTensorType>(type);
  if (!compressed) {
    parameters.push_back({name.str(), stored->front(), ""});
    return success();
  }
  auto streams = *compressed.getCodec().getStreams(
      compressed.getRank(), compressed.getElementType(), function);
  for (auto [stream, tensor] : llvm::zip(streams, *stored)) {
    std::string streamName = stream.getName().getValue().str();
    parameters.push_back(
        {name.str() + "_" + toIdentifier(streamName), tensor,
         "stream '" + streamName + "' of " + llvm::to_string(type)});
  }
  return success();
}

/// Says in comments what the sizes are that each call chooses.
static void addSizes(const CallSizes &sizes, size_t numInputs,
                     std::vector<Parameter> &parameters) {
  auto add = [&](size_t parameter, size_t dim, const Twine &what) {
    std::string &comment = parameters[parameter].comment;
    comment +=
        ((comment.empty() ? "size " : ", size ") + Twine(dim) + " is " + what)
            .str();
  };
  auto nameOf = [&](CallSizes::Place place) {
    return "size " + std::to_string(place.dim) + " of " +
           parameters[place.array].name;
  };
  for (const CallSizes::Rule &rule : sizes.inputs) {
    if (rule.same)
      add(rule.place.array, rule.place.dim, nameOf(*rule.same));
    else if (rule.most != INT64_MAX)
      add(rule.place.array, rule.place.dim,
          (rule.least == rule.most ? "" : "at most ") + Twine(rule.most));
  }
  for (auto [place, input] : sizes.results)
    add(numInputs + place.array, place.dim, nameOf(input));
}

FailureOr<std::vector<EntryPoint>>
mlir::zq::compile::getEntryPoints(ModuleOp module) {
  std::vector<EntryPoint> entryPoints;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isDeclaration() || !function.isPublic())
      continue;
    EntryPoint entry{function.getName().str(), {}};
    for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
      if (failed(appendParameters(function, "arg" + std::to_string(i), type,
                                  entry.parameters)))
        return failure();
    size_t numInputs = entry.parameters.size();
    for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
      std::string name = "result" + std::to_string(i);
      if (isa<CompressedTensorType>(type))
        return function.emitError("cannot be called from C: ")
               << name << " is a compressed tensor";
      if (failed(appendParameters(function, name, type, entry.parameters)))
        return failure();
    }
    FailureOr<CallSizes> sizes = getCallSizes(function);
    if (failed(sizes))
      return failure();
    addSizes(*sizes, numInputs, entry.parameters);
    entryPoints.push_back(std::move(entry));
  }
  return entryPoints;
}

/// The struct of a descriptor of `rank`, and a function that makes one.
static void printDescriptor(int64_t rank, llvm::raw_ostream &os) {
  os << "\n#ifndef ZQ_MEMREF_" << rank << "D\n#define ZQ_MEMREF_" << rank
     << "D\ntypedef struct {\n  void *allocated;\n  void *aligned;\n"
     << "  int64_t offset;\n";
  if (rank)
    os << "  int64_t sizes[" << rank << "];\n  int64_t strides[" << rank
       << "];\n";
  os << "} zq_memref_" << rank << "d;\n\nstatic inline zq_memref_" << rank
     << "d zq_dense_" << rank << "d(const void *data";
  for (int64_t i = 0; i < rank; ++i)
    os << ", int64_t size" << i;
  os << ") {\n  zq_memref_" << rank
     << "d m;\n  m.allocated = m.aligned = (void *)data;\n  m.offset = 0;\n";
  for (int64_t i = 0; i < rank; ++i)
    os << "  m.sizes[" << i << "] = size" << i << ";\n";
  for (int64_t i = rank; i-- > 0;) {
    os << "  m.strides[" << i << "] = ";
    if (i + 1 == rank)
      os << "1;\n";
    else
      os << "m.strides[" << i + 1 << "] * size" << i + 1 << ";\n";
  }
  os << "  return m;\n}\n#endif\n";
}

std::string
mlir::zq::compile::printHeader(const std::vector<EntryPoint> &entryPoints,
                               StringRef title, StringRef guard) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string macro = "ZQ_" + StringRef(toIdentifier(guard)).upper();
  os << "/* " << title << ": its entry points, as zq-compile made them.\n *\n"
     << " * Every parameter points to a memref descriptor; zq_dense_Nd makes "
        "one of\n * dense data in row-major order. The caller owns all memory, "
        "that of the\n * results too. An input may be overwritten. Compressed "
        "streams are not\n * checked: hand over only what was checked or "
        "encoded by zq itself.\n * A function NAME aborts, with a message, on "
        "a CPU "
        "that lacks what it was compiled\n * for. zq_missing_NAME says what "
        "that "
        "is, or null where it runs.\n */\n"
     << "#ifndef " << macro << "\n#define " << macro
     << "\n\n#include <stdint.h>\n";

  std::set<int64_t> ranks;
  for (const EntryPoint &entry : entryPoints)
    for (const Parameter &parameter : entry.parameters)
      ranks.insert(parameter.type.getRank());
  for (int64_t rank : ranks)
    printDescriptor(rank, os);

  os << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  for (const EntryPoint &entry : entryPoints) {
    os << "\n/* @" << entry.name << '\n';
    for (const Parameter &parameter : entry.parameters) {
      os << " *   " << parameter.name << ": ";
      for (int64_t size : parameter.type.getShape()) {
        if (ShapedType::isDynamic(size))
          os << "?x";
        else
          os << size << 'x';
      }
      os << parameter.type.getElementType();
      if (!parameter.comment.empty())
        os << ", " << parameter.comment;
      os << '\n';
    }
    std::string missing = "zq_missing_" + entry.name;
    os << " */\nconst char *" << toIdentifier(missing) << "(void)";
    // A symbol that C cannot spell.
    if (toIdentifier(missing) != missing)
      os << " __asm__(\"" << missing << "\")";
    std::string symbol = "_mlir_ciface_" + entry.name;
    std::string identifier = toIdentifier(symbol);
    os << ";\nvoid " << identifier << '(';
    llvm::interleave(
        entry.parameters, os,
        [&](const Parameter &parameter) {
          os << "\n    zq_memref_" << parameter.type.getRank() << "d *"
             << parameter.name;
        },
        ",");
    if (entry.parameters.empty())
      os << "void";
    os << ')';
    if (identifier != symbol)
      os << " __asm__(\"" << symbol << "\")";
    os << ";\n";
  }
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << macro << " */\n";
  return text;
}
