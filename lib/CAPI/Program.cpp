//===- Program.cpp - Compiling and calling functions in C -----------------===//
#include "zq-c/Program.h"

#include "Wrap.h"
#include "zq/Runtime/Program.h"

using namespace mlir;
using namespace mlir::zq;
using namespace mlir::zq::capi;
using ::zq::codec::Result;
using ::zq::codec::Status;

struct ZqProgram {
  std::unique_ptr<Program> program;
};

static ProgramOptions unwrap(const ZqProgramOptions &options) {
  ProgramOptions result;
  result.entry = options.entry ? options.entry : "";
  result.features = options.features ? options.features : "host";
  result.fileName = options.fileName ? options.fileName : "input";
  result.accuracy = options.accuracy;
  result.threads = options.threads;
  result.packWeights = options.packWeights;
  result.recodeWeights = options.recodeWeights;
  return result;
}

ZqProgramOptions zqGetDefaultProgramOptions(void) {
  ProgramOptions defaults;
  return {nullptr,
          nullptr,
          nullptr,
          defaults.accuracy,
          defaults.threads,
          defaults.packWeights,
          defaults.recodeWeights};
}

static ZqError *wrap(Result<std::unique_ptr<Program>> made,
                     ZqProgram **program) {
  if (!made)
    return capi::wrap(made.message());
  *program = new ZqProgram{std::move(*made)};
  return nullptr;
}

ZqError *zqProgramCompile(const char *text, size_t length,
                          const ZqProgramOptions *options,
                          ZqProgram **program) {
  return wrap(Program::compile(StringRef(text, length), unwrap(*options)),
              program);
}

void zqProgramDestroy(ZqProgram *program) { delete program; }

void zqProgramStore(const ZqProgram *program, ZqTextCallback callback,
                    void *user) {
  send(program->program->store(), callback, user);
}

ZqError *zqProgramLoad(const char *bytes, size_t length, ZqProgram **program) {
  return wrap(Program::load(StringRef(bytes, length)), program);
}

size_t zqProgramGetNumInputs(const ZqProgram *program) {
  return program->program->getInputs().size();
}

size_t zqProgramGetNumResults(const ZqProgram *program) {
  return program->program->getResults().size();
}

size_t zqProgramGetNumRemarks(const ZqProgram *program) {
  return program->program->getRemarks().size();
}

void zqProgramGetInput(const ZqProgram *program, size_t index,
                       const char **declared, const char **type) {
  const Parameter &input = program->program->getInputs()[index];
  *declared = input.declared.c_str();
  *type = input.type.c_str();
}

const char *zqProgramGetResult(const ZqProgram *program, size_t index) {
  return program->program->getResults()[index].type.c_str();
}

ZqElementType zqProgramGetResultShape(const ZqProgram *program, size_t index,
                                      size_t *rank, const int64_t **shape) {
  const Parameter::Stored &stored =
      program->program->getResults()[index].arrays.front();
  *rank = stored.shape.size();
  *shape = stored.shape.data();
  return capi::wrap(stored.type);
}

const char *zqProgramGetRemark(const ZqProgram *program, size_t index) {
  return program->program->getRemarks()[index].c_str();
}

static ArrayRefOf toArrayRef(const ZqArray &array) {
  return {capi::unwrap(array.type), ArrayRef<int64_t>(array.shape, array.rank),
          array.data};
}

/// Appends the arrays of the arguments of a call.
static ZqError *addArrays(const ZqProgram *program, size_t numArguments,
                          const ZqArgument *arguments,
                          SmallVectorImpl<ArrayRefOf> &arrays) {
  ArrayRef<Parameter> inputs = program->program->getInputs();
  if (numArguments != inputs.size())
    return capi::wrap("the function takes " + std::to_string(inputs.size()) +
                      " arguments, got " + std::to_string(numArguments));
  for (size_t i = 0; i < numArguments; ++i) {
    const ZqTensor *tensor = arguments[i].tensor;
    bool isCompressed = StringRef(inputs[i].type).starts_with("!zq.tensor");
    // The streams of a tensor were checked for its type.
    if (bool(tensor) != isCompressed ||
        (tensor && tensor->type.text != inputs[i].type))
      return capi::wrap("argument " + std::to_string(i) + ": expected " +
                        inputs[i].type + ", got " +
                        (tensor ? tensor->type.text : "an array"));
    if (!tensor) {
      arrays.push_back(toArrayRef(arguments[i].array));
      continue;
    }
    for (const ::zq::codec::Stream &stream : tensor->streams)
      arrays.push_back({stream.array.type, stream.array.shape,
                        const_cast<uint8_t *>(stream.array.bytes.data())});
  }
  return nullptr;
}

ZqError *zqProgramGetShapesOfCall(const ZqProgram *program, size_t numArguments,
                                  const ZqArgument *arguments,
                                  ZqShapeCallback callback, void *user) {
  SmallVector<ArrayRefOf, 8> arrays;
  if (ZqError *error = addArrays(program, numArguments, arguments, arrays))
    return error;
  auto shapes = program->program->getResultShapes(arrays);
  if (!shapes)
    return capi::wrap(shapes.message());
  for (const std::vector<int64_t> &shape : *shapes)
    callback(shape.size(), shape.data(), user);
  return nullptr;
}

ZqError *zqProgramCall(const ZqProgram *program, size_t numArguments,
                       const ZqArgument *arguments, size_t numResults,
                       const ZqArray *results) {
  SmallVector<ArrayRefOf, 8> inputArrays, resultArrays;
  if (ZqError *error = addArrays(program, numArguments, arguments, inputArrays))
    return error;
  for (size_t i = 0; i < numResults; ++i)
    resultArrays.push_back(toArrayRef(results[i]));
  Status called = program->program->call(inputArrays, resultArrays);
  return called ? nullptr : capi::wrap(called.message());
}

static_assert(ZQ_DYNAMIC == ShapedType::kDynamic);

ZqError *zqPrintForm(const char *text, size_t length,
                     const ZqProgramOptions *options, const char *form,
                     ZqTextCallback callback, void *user) {
  Result<std::string> printed =
      printForm(StringRef(text, length), unwrap(*options), form);
  if (!printed)
    return capi::wrap(printed.message());
  send(*printed, callback, user);
  return nullptr;
}

ZqError *zqCompilePTX(const char *text, size_t length,
                      const ZqProgramOptions *options, const char *chip,
                      ZqTextCallback callback, void *user) {
  Result<std::string> ptx =
      compilePTX(StringRef(text, length), unwrap(*options), chip);
  if (!ptx)
    return capi::wrap(ptx.message());
  send(*ptx, callback, user);
  return nullptr;
}

int zqGetNumThreads(void) { return getNumThreads(); }
