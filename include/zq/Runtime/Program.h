//===- Program.h - One function, from its text to calls -------------------===//
//
// What an embedder needs of the compiler: MLIR text in, something to call out,
// which can be stored and loaded again. Each call here has an MLIR context of
// its own, so that threads may compile side by side.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_RUNTIME_PROGRAM_H
#define ZQ_RUNTIME_PROGRAM_H

#include "zq/Codec/Array.h"
#include "zq/Codec/Result.h"
#include "zq/Runtime/Jit.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::zq {

/// How a program is compiled.
struct ProgramOptions : JitOptions {
  /// The function to call; empty for `main`, or the only public one.
  std::string entry;
  /// Lay compressed arguments out as contractions on the target are fastest
  /// with.
  bool packWeights = true;
  /// What messages call the text.
  std::string fileName = "input";
};

/// A dense array as a program takes it or fills it: row-major, without gaps.
struct ArrayRefOf {
  ::zq::codec::ElementType type;
  ArrayRef<int64_t> shape;
  void *data;
};

/// An argument or a result.
struct Parameter {
  /// Its type in the text, and as callers hand it over, which differs from it
  /// where weights are packed.
  std::string declared, type;
  /// The arrays that it is handed over as: itself, or its streams. A size that
  /// each call chooses, or that is up to the data, is `ShapedType::kDynamic`.
  struct Stored {
    ::zq::codec::ElementType type;
    std::vector<int64_t> shape;
  };
  std::vector<Stored> arrays;
};

/// A compiled function on tensors. Calls leave its inputs as they are, and may
/// run on several threads at once.
class Program {
public:
  /// Compiles `text`. The error has all that the compiler said, each message
  /// with its place, on a line of its own.
  static ::zq::codec::Result<std::unique_ptr<Program>>
  compile(StringRef text, const ProgramOptions &options);

  /// What `load` takes, in this or another process.
  std::string store() const;

  /// A stored program. Refuses, with the reason, what was not stored by this
  /// version, was damaged, or needs features that this machine lacks. A file
  /// that someone else may write is not to be loaded: it holds machine code.
  static ::zq::codec::Result<std::unique_ptr<Program>> load(StringRef stored);

  const std::string &getEntry() const { return entry; }
  ArrayRef<Parameter> getInputs() const { return inputs; }
  ArrayRef<Parameter> getResults() const { return results; }
  /// What the passes chose and why, each with its place.
  ArrayRef<std::string> getRemarks() const { return remarks; }

  /// The shapes that results have for inputs of such shapes, whose data is not
  /// looked at.
  ::zq::codec::Result<std::vector<std::vector<int64_t>>>
  getResultShapes(ArrayRef<ArrayRefOf> inputs) const;

  /// Calls the function. `inputs` are the arrays of all inputs in order,
  /// `results` those that results are written to. Streams have to be such as
  /// `checkStreams` accepts for their type; number, element types and shapes
  /// are checked here.
  ::zq::codec::Status call(ArrayRef<ArrayRefOf> inputs,
                           ArrayRef<ArrayRefOf> results) const;

private:
  Program() = default;
  ::zq::codec::Status link();

  std::string entry;
  /// What the code needs of a machine, as LLVM writes it.
  std::string features;
  std::vector<Parameter> inputs, results;
  /// Of what has dynamic sizes.
  CallSizes sizes;
  std::vector<std::string> remarks;
  std::string object;
  std::unique_ptr<LoadedObject> loaded;
  void (*function)(void **) = nullptr;
};

/// The forms that `printForm` shows, in order: "input", "imported", "algebra",
/// "vectors", "streams", "buffers", "llvm", "llvm-ir", "asm".
ArrayRef<StringRef> getForms();

/// The module of `text` in a form on its way to machine code, as text.
::zq::codec::Result<std::string>
printForm(StringRef text, const ProgramOptions &options, StringRef form);

/// The kernels that the function of `text` becomes on the GPU `chip` ("sm_80"),
/// as PTX. Its arguments keep the layout that the text gives them.
::zq::codec::Result<std::string>
compilePTX(StringRef text, const ProgramOptions &options, StringRef chip);

/// What tells one compiler from another: versions of zq and LLVM, and this
/// machine's CPU with its features.
std::string getCompilerVersion();

} // namespace mlir::zq

#endif // ZQ_RUNTIME_PROGRAM_H
