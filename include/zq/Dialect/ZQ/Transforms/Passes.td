//===- Passes.td - Passes on the zq dialect ---------------*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_TRANSFORMS_PASSES_TD
#define ZQ_DIALECT_ZQ_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def EncodeConstants : Pass<"zq-encode-constants", "::mlir::ModuleOp"> {
  let summary = "Encode constants at compile time";
  let description = [{
    A `zq.encode` of a constant (`dense` or `dense_resource`) becomes a
    `zq.assemble` of its streams, encoded by the reference codec. Values that
    the codec cannot hold are an error at the op. Tested in
    `test/Dialect/ZQ/encode-constants.mlir`.

    ```mlir
    %x = arith.constant dense<1.5> : tensor<1x16xf32>
    %w = zq.encode %x : tensor<1x16xf32> -> !zq.tensor<1x16xf32, #nvfp4>
    // becomes
    %s = arith.constant dense<5.58035704E-4> : tensor<1x1xf32>
    %s1 = arith.constant dense<4.480000e+02> : tensor<1x1xf8E4M3FN>
    %c = arith.constant dense<119> : tensor<1x8xi8>
    %w = zq.assemble %s, %s1, %c : ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def MaterializeDecoders : Pass<"zq-materialize-decoders", "::mlir::ModuleOp"> {
  let summary = "Make a zq.decoder of every codec that is decoded";
  let description = [{
    The stages of the codec of each `zq.decode` are emitted, innermost first,
    into one `zq.decoder` for blocks of `width` elements, and the op names it.
    Tested in `test/Dialect/ZQ/materialize-decoders.mlir`.

    ```mlir
    %d = zq.decode %w at [0, 0] outs(%e : tensor<4x16xf32>)
        : !zq.tensor<4x16xf32, #zq.codec<quantize<si8>, pack>> -> tensor<4x16xf32>
    // becomes
    %d = zq.decode %w using @decode_4x16xf32_w16 at [0, 0] ...
    zq.decoder private @decode_4x16xf32_w16 block [1, 16] streams [
      #zq.stream<"codes" : i8, (d0, d1) -> (d0, d1)>] decode {
    ^bb0(%codes: tensor<4x16xi8>, %i: index, %j: index):
      %c = vector.transfer_read %codes[%i, %j], ...
      %f = arith.sitofp ...
      zq.yield %f : vector<16xf32>
    }
    ```
  }];
  let options = [
    Option<"width", "width", "int64_t", "16",
           "Elements of a block, along the last axis">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // ZQ_DIALECT_ZQ_TRANSFORMS_PASSES_TD
