//===- StoredProgram.cpp - Programs as bytes ------------------------------===//
//
// A magic word, a checksum of what follows, the length of a JSON object, that
// object, and an object file. Integers have 64 bits, in the machine's order.
//
//===----------------------------------------------------------------------===//
#include "zq/Runtime/Program.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/xxhash.h"

#include <array>
#include <cstring>

using namespace mlir;
using namespace mlir::zq;
using ::zq::codec::ElementType;
using ::zq::codec::Error;
using ::zq::codec::Result;

static constexpr StringRef magic = "zq-prog2";

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

/// Places as pairs of numbers, -1 for none.
static llvm::json::Value toJson(const CallSizes &sizes) {
  llvm::json::Array inputs, results;
  auto getPlace = [](CallSizes::Place place) {
    return llvm::json::Array{static_cast<int64_t>(place.array),
                             static_cast<int64_t>(place.dim)};
  };
  for (const CallSizes::Rule &rule : sizes.inputs)
    inputs.push_back(llvm::json::Object{
        {"place", getPlace(rule.place)},
        {"same", rule.same ? getPlace(*rule.same) : llvm::json::Array{-1, -1}},
        {"least", rule.least},
        {"most", rule.most}});
  for (auto [result, input] : sizes.results)
    results.push_back(llvm::json::Object{{"place", getPlace(result)},
                                         {"same", getPlace(input)}});
  return llvm::json::Object{{"inputs", std::move(inputs)},
                            {"results", std::move(results)}};
}

/// The two places of a rule: the second is none where it has none.
static bool readPlaces(const llvm::json::Value &json,
                       std::array<std::optional<CallSizes::Place>, 2> &places) {
  llvm::json::Path::Root root;
  llvm::json::ObjectMapper mapper(json, root);
  std::vector<int64_t> place, same;
  if (!mapper || !mapper.map("place", place) || !mapper.map("same", same) ||
      place.size() != 2 || same.size() != 2)
    return false;
  for (auto [into, from] : llvm::zip(places, std::array{place, same}))
    if (from[0] >= 0)
      into = CallSizes::Place{static_cast<size_t>(from[0]),
                              static_cast<size_t>(from[1])};
  return places[0].has_value();
}

static bool readSizes(const llvm::json::Object *json, CallSizes &sizes) {
  const llvm::json::Array *inputs = json ? json->getArray("inputs") : nullptr;
  const llvm::json::Array *results = json ? json->getArray("results") : nullptr;
  if (!inputs || !results)
    return false;
  for (const llvm::json::Value &entry : *inputs) {
    std::array<std::optional<CallSizes::Place>, 2> places;
    llvm::json::Path::Root root;
    llvm::json::ObjectMapper mapper(entry, root);
    CallSizes::Rule rule;
    if (!readPlaces(entry, places) || !mapper.map("least", rule.least) ||
        !mapper.map("most", rule.most))
      return false;
    rule.place = *places[0], rule.same = places[1];
    sizes.inputs.push_back(rule);
  }
  for (const llvm::json::Value &entry : *results) {
    std::array<std::optional<CallSizes::Place>, 2> places;
    if (!readPlaces(entry, places) || !places[1])
      return false;
    sizes.results.push_back({*places[0], *places[1]});
  }
  return true;
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
                         {"sizes", toJson(sizes)},
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
      !readParameters(object->getArray("results"), program->results) ||
      !readSizes(object->getObject("sizes"), program->sizes))
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
