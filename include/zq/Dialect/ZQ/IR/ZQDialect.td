//===- ZQDialect.td - The zq dialect ----------------------*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_IR_ZQDIALECT_TD
#define ZQ_DIALECT_ZQ_IR_ZQDIALECT_TD

include "mlir/IR/OpBase.td"

def ZQ_Dialect : Dialect {
  let name = "zq";
  let cppNamespace = "::mlir::zq";
  let summary = "Compressed tensors as types, their decoding as producer ops";
  let description = [{
    A compressed tensor has the type `!zq.tensor<shape x element, codec>`: a
    logical dense tensor and how it is stored. A codec is a chain of stages,
    outermost first as the encoder sees them:

    ```mlir
    // 4-bit floats, one 8-bit float scale per 16 values along the last axis,
    // one f32 scale for the whole tensor.
    #nvfp4 = #zq.codec<scale<tensor, f32>, scale<1x16, f8E4M3FN>,
                       quantize<f4E2M1FN>, pack>
    ```

    `zq.decode` produces a dense window of such a tensor and tiles like any
    other producer, so that upstream's tile-and-fuse pulls the decode of just
    the needed values into the loops of its consumer.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::mlir::vector::VectorDialect",
  ];
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerTypes();
    /// The name under which the table of named codecs holds `codec`; empty
    /// where it does not. May be called from any thread.
    ::llvm::StringRef getTableName(CodecAttr codec);
    /// The stages by which codes of at most 8 bits may be stored so that they
    /// are read fast, whatever stores them: each a `StageAttrInterface` that
    /// offers itself by a static `getRecoding(MLIRContext *)`.
    ::llvm::SmallVector<::mlir::Attribute> getRecodings();

  private:
    std::once_flag namesOnce;
    ::llvm::DenseMap<::mlir::Attribute, ::llvm::StringRef> names;
  public:
  }];
}

#endif // ZQ_DIALECT_ZQ_IR_ZQDIALECT_TD
