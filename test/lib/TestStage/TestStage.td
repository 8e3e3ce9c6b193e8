//===- TestStage.td - A stage of a dialect outside of zq --*- tablegen -*-===//
#ifndef TEST_ZQ_TESTSTAGE_TD
#define TEST_ZQ_TESTSTAGE_TD

include "mlir/IR/AttrTypeBase.td"
include "zq/Dialect/ZQ/IR/ZQInterfaces.td"

def TestZQ_Dialect : Dialect {
  let name = "test_zq";
  let cppNamespace = "::test_zq";
  let summary = "A stage that zq does not know";
  // What `emitDecode` emits ops of, beside the dialects that zq depends on.
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::zq::ZQDialect"];
  let useDefaultAttributePrinterParser = 1;
}

def TestZQ_XorAttr : AttrDef<TestZQ_Dialect, "Xor", [
    DeclareAttrInterfaceMethods<StageAttrInterface, ["emitDecode"]>]> {
  let mnemonic = "xor";
  let summary = "Codes with the bits of a mask flipped";
  let description = [{
    Takes in N-bit codes and hands on N-bit codes. Lossless.

    ```mlir
    #zq.codec<quantize<si8>, #test_zq.xor<mask = 129>, pack>
    ```
  }];
  let parameters = (ins "int64_t":$mask);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // TEST_ZQ_TESTSTAGE_TD
