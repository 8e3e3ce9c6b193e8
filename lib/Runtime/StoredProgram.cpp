//===- StoredProgram.cpp - Programs as bytes ------------------------------===//
//
// A magic word, a checksum of what follows, the length of a JSON object, that
// object, and an object file. Integers have 64 bits, in the machine's order.
//
//===----------------------------------------------------------------------===//
#include "zq/Runtime/Program.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/xxhash.h"

#include <cstring>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::ElementType;
using ::zq::codec::Error;
using ::zq::codec::Result;

static constexpr StringRef magic = "zq-prog1";

static llvm::json::Array toJson(ArrayRef<Parameter> parameters) {
  llvm::json::Array list;
  for (const Parameter &parameter : parameters) {
    llvm::json::Array arrays;
    for (const Parameter::Stored &stored : parameter.arrays)
      arrays.push_back(
          llvm::json::Object{{"element", static_cast<int64_t>(stored.type)},
                             {"shape", llvm::json::Array(stored.shape)}});
    list.push_back(llvm::json::Object{{"declared", parameter.declared},
                                      {"type", parameter.type},
                                      {"arrays", std::move(arrays)}});
  }
  return list;
}

static bool fromJson(const llvm::json::Value &json, Parameter::Stored &stored,
                     llvm::json::Path path) {
  llvm::json::ObjectMapper mapper(json, path);
  int64_t element = 0;
  if (!mapper || !mapper.map("element", element) ||
      !mapper.map("shape", stored.shape))
    return false;
  stored.type = static_cast<ElementType>(element);
  return element >= 0 && stored.type <= ElementType::I64;
}

static bool fromJson(const llvm::json::Value &json, Parameter &parameter,
                     llvm::json::Path path) {
  llvm::json::ObjectMapper mapper(json, path);
  return mapper && mapper.map("declared", parameter.declared) &&
         mapper.map("type", parameter.type);
}

/// Everything of a parameter; `fromJson` of a vector knows LLVM's own types
/// and those of this namespace by argument, so that both are spelled out here.
static bool readParameters(const llvm::json::Array *list,
                           std::vector<Parameter> &parameters) {
  if (!list)
    return false;
  for (const llvm::json::Value &entry : *list) {
    llvm::json::Path::Root root;
    Parameter parameter;
    const llvm::json::Object *object = entry.getAsObject();
    const llvm::json::Array *arrays =
        object ? object->getArray("arrays") : nullptr;
    if (!arrays || !fromJson(entry, parameter, root))
      return false;
    for (const llvm::json::Value &array : *arrays) {
      Parameter::Stored stored;
      if (!fromJson(array, stored, root))
        return false;
      parameter.arrays.push_back(std::move(stored));
    }
    parameters.push_back(std::move(parameter));
  }
  return true;
}

static void appendWord(std::string &bytes, uint64_t word) {
  bytes.append(reinterpret_cast<const char *>(&word), sizeof(word));
}

static uint64_t takeWord(StringRef &bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof(word));
  bytes = bytes.drop_front(sizeof(word));
  return word;
}

std::string Program::store() const {
  llvm::json::Value json =
      llvm::json::Object{{"compiler", getCompilerVersion()},
                         {"entry", entry},
                         {"features", features},
                         {"inputs", toJson(inputs)},
                         {"results", toJson(results)},
                         {"remarks", llvm::json::Array(remarks)}};
  std::string text;
  llvm::raw_string_ostream(text) << json;
  std::string rest;
  appendWord(rest, text.size());
  rest += text + object;
  std::string bytes = magic.str();
  appendWord(bytes, llvm::xxh3_64bits(rest));
  return bytes + rest;
}

Result<std::unique_ptr<Program>> Program::load(StringRef stored) {
  StringRef rest = stored;
  if (!rest.consume_front(magic) || rest.size() < 2 * sizeof(uint64_t))
    return Error{"no stored program"};
  uint64_t checksum = takeWord(rest);
  if (checksum != llvm::xxh3_64bits(rest))
    return Error{"the stored program is damaged"};
  uint64_t length = takeWord(rest);
  if (length > rest.size())
    return Error{"the stored program is damaged"};
  auto json = llvm::json::parse(rest.take_front(length));
  if (!json) {
    llvm::consumeError(json.takeError());
    return Error{"the stored program is damaged"};
  }
  const llvm::json::Object *object = json->getAsObject();
  std::unique_ptr<Program> program(new Program);
  auto getString = [&](StringRef key) {
    return object->getString(key).value_or("").str();
  };
  if (!object || !readParameters(object->getArray("inputs"), program->inputs) ||
      !readParameters(object->getArray("results"), program->results))
    return Error{"the stored program is of another version"};
  if (getString("compiler") != getCompilerVersion())
    return Error{"the stored program was compiled by or for " +
                 getString("compiler")};
  program->entry = getString("entry");
  program->features = getString("features");
  if (const llvm::json::Array *remarks = object->getArray("remarks"))
    for (const llvm::json::Value &remark : *remarks)
      program->remarks.push_back(remark.getAsString().value_or("").str());
  program->object = rest.drop_front(length).str();
  if (auto linked = program->link(); !linked)
    return Error{linked.message()};
  return program;
}
