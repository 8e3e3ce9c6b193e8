//===- ZQTypes.td - The compressed tensor type ------------*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_IR_ZQTYPES_TD
#define ZQ_DIALECT_ZQ_IR_ZQTYPES_TD

include "mlir/IR/AttrTypeBase.td"
include "zq/Dialect/ZQ/IR/ZQDialect.td"

def ZQ_CompressedTensorType : TypeDef<ZQ_Dialect, "CompressedTensor"> {
  let mnemonic = "tensor";
  let summary = "A logical dense tensor and how it is stored";
  let description = [{
    Exists above bufferization only: `zq-expand-storage` turns it into its
    streams. It is no `ShapedType`, so that nothing takes it for a dense tensor.

    ```mlir
    !zq.tensor<4096x4096xf32, #zq.codec<nvfp4>>
    // Bytes, of which a decode gives bytes.
    !zq.tensor<4096x4096xi8, #zq.codec<huffman<chunk = 64, length = 12>>>
    ```

    Constraints:
    * (T1) the shape is static, of rank 1 or more, and has at most 2^56 elements;
    * (T2) the element type is f32, f16 or bf16, or i8, of codes that the codec
      stores as they are, without making values of them;
    * (T3) each stage accepts what the one above hands it, and the last one ends
      the chain;
    * (T4) a stage whose main array has another shape begins with the chunks of a
      sequential stage below;
    * (T5) records are of a matrix whose last stream holds panels of rows; they
      have every part of such streams whole, and parts have none of their own.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape,
                        "::mlir::Type":$elementType,
                        "::mlir::zq::CodecAttr":$codec);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    /// The dense tensor that this one decodes to.
    ::mlir::RankedTensorType getDenseType() const;
    /// The types of the streams. Fails where a decoder symbol is missing.
    ::llvm::FailureOr<::llvm::SmallVector<::mlir::Type>>
    getStreamTypes(::mlir::Operation *scope) const;
  }];
}

/// As an operand's constraint: the type is printed in full, `!zq.tensor<...>`.
def ZQ_AnyCompressedTensor
    : Type<CPred<"::llvm::isa<::mlir::zq::CompressedTensorType>($_self)">,
           "compressed tensor">;

#endif // ZQ_DIALECT_ZQ_IR_ZQTYPES_TD
