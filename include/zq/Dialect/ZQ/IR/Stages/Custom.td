//===- Custom.td - A decoder of the module -----------------*- tablegen -*-===//
#ifndef ZQ_STAGES_CUSTOM_TD
#define ZQ_STAGES_CUSTOM_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_CustomAttr
    : ZQ_Stage<"Custom", "custom", ["getChunk", "emitInit", "getGranule"]> {
  let summary = "The rest of a codec, as a `zq.decoder` of the module";
  let description = [{
    In a codec it is written as the symbol alone. Streams, block and chunk are
    those that the decoder declares.

    ```mlir
    #zq.codec<@lut3>
    ```

    Takes in values and ends the chain. There is no reference stage: the decoder
    is all that is known, so that its tensors are encoded elsewhere and constants
    of its type are not encoded at compile time.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$decoder);
  let assemblyFormat = "`<` $decoder `>`";
}

#endif // ZQ_STAGES_CUSTOM_TD
