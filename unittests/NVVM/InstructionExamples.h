//===- InstructionExamples.h - A use of each instruction ------------------===//
#ifndef ZQ_UNITTESTS_NVVM_INSTRUCTIONEXAMPLES_H
#define ZQ_UNITTESTS_NVVM_INSTRUCTIONEXAMPLES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

/// A use of an instruction in a kernel that has pointers to global (%g), any
/// (%q) and shared memory (%s), numbers (%i: i32, %l: i64, %h: i16, %f: f32)
/// and a truth value (%p).
struct Example {
  /// Of the row in the table.
  llvm::StringLiteral name, form;
  llvm::StringLiteral body;
  /// The type of %r in it, which is stored; empty where there is none.
  llvm::StringLiteral result;
  /// What the PTX has then.
  llvm::StringLiteral ptx;
};

llvm::ArrayRef<Example> getExamples();

#endif // ZQ_UNITTESTS_NVVM_INSTRUCTIONEXAMPLES_H
