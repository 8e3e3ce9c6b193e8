//===- Stage.td - What every built-in stage starts from ---*- tablegen -*-===//
#ifndef ZQ_STAGES_STAGE_TD
#define ZQ_STAGES_STAGE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "zq/Dialect/ZQ/IR/ZQDialect.td"
include "zq/Dialect/ZQ/IR/ZQInterfaces.td"

class ZQ_StageAttr<string name, string attrMnemonic, list<Trait> traits>
    : AttrDef<ZQ_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

/// A stage that is part of a decoder. Its interface methods are written out in
/// C++; `overridden` names those that have a default.
class ZQ_Stage<string name, string attrMnemonic,
               list<string> overridden = [], list<Trait> traits = []>
    : ZQ_StageAttr<name, attrMnemonic,
          !listconcat([DeclareAttrInterfaceMethods<StageAttrInterface,
                          !listconcat(["emitDecode"], overridden)>],
                      traits)>;

/// A stage that decodes as ops on tensors only.
class ZQ_TensorStage<string name, string attrMnemonic,
                     list<string> overridden = [], list<Trait> traits = []>
    : ZQ_StageAttr<name, attrMnemonic,
          !listconcat([DeclareAttrInterfaceMethods<StageAttrInterface,
                                                   overridden>,
                       DeclareAttrInterfaceMethods<TensorStageAttrInterface>],
                      traits)>;

/// How a side array is stored: a float type, or in square brackets the stages
/// of a codec of its own. In assembly formats: `custom<Stored>($stored)`.
def ZQ_Stored : AttrParameter<"::mlir::Attribute",
                              "a float type or a codec in brackets">;

#endif // ZQ_STAGES_STAGE_TD
