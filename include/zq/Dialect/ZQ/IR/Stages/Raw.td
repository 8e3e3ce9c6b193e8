//===- Raw.td - Values as they are ------------------------*- tablegen -*-===//
#ifndef ZQ_STAGES_RAW_TD
#define ZQ_STAGES_RAW_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_RawAttr : ZQ_Stage<"Raw", "raw"> {
  let summary = "Values, stored as they are";
  let description = [{
    Ends a chain with the values themselves, in f32, f16 or bf16. What another
    type cannot hold is rounded to nearest even.

    ```mlir
    #zq.codec<scale<1x?, f32>, raw<bf16>>
    ```

    Takes in values and ends the chain. Stream: `values`, of the tensor's shape.

    Constraints:
    * (raw 1) values are stored as f32, f16 or bf16.
  }];
  let parameters = (ins "::mlir::Type":$type);
  let assemblyFormat = "`<` $type `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_RAW_TD
