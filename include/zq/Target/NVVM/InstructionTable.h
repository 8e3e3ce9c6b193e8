//===- InstructionTable.h - Which chip has which instruction --------------===//
//
// LLVM ends the process at an instruction that the chip lacks. So a table says
// beforehand, for each op of the nvvm dialect and each intrinsic of NVPTX that
// kernels are made of, which chips have it, and from which version of PTX on.
// From the manual's "PTX ISA Notes" and "Target ISA Notes", and each row tried
// with LLVM and ptxas (unittests/NVVM/InstructionTableTest.cpp).
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_TARGET_NVVM_INSTRUCTIONTABLE_H
#define ZQ_TARGET_NVVM_INSTRUCTIONTABLE_H

#include "mlir/IR/Operation.h"
#include "zq/Target/NVVM/Chip.h"

namespace mlir::zq {

/// One instruction, or the forms of it that the same chips have.
struct Instruction {
  /// Of an op ("nvvm.ldmatrix") or an intrinsic ("llvm.nvvm.ex2.approx"); a
  /// last `*` stands for any ending.
  llvm::StringLiteral name;
  /// Which of the op's forms this row is for, in a message's words; empty where
  /// it has but one, or where this is the rest.
  llvm::StringLiteral form;
  /// The chips that have it.
  bool (*hasIt)(const Chip &chip);
  /// The least version of PTX, times 10.
  unsigned ptx;
  /// Whether an op is of this form; null where every one is.
  bool (*isForm)(Operation *op) = nullptr;

  bool isOn(const Chip &chip) const { return hasIt(chip) && chip.ptx >= ptx; }
};

/// All rows. Of those with one name, the first that matches counts.
llvm::ArrayRef<Instruction> getInstructions();

/// The row for `op`, of the nvvm dialect or a call of an intrinsic; null where
/// there is none.
const Instruction *lookUpInstruction(Operation *op);

/// The names of the chips that are compiled for and have `instruction`.
std::string getChipsWith(const Instruction &instruction);

} // namespace mlir::zq

#endif // ZQ_TARGET_NVVM_INSTRUCTIONTABLE_H
