//===- Lookup.td - Values to indices of a table ------------*- tablegen -*-===//
#ifndef ZQ_STAGES_LOOKUP_TD
#define ZQ_STAGES_LOOKUP_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_LookupAttr : ZQ_Stage<"Lookup", "lookup"> {
  let summary = "Values to indices of the nearest entry of a table";
  let description = [{
    The table has 2 to 256 finite entries, each larger than the one before, and
    is part of the format. A value halfway between two entries goes to the lower
    one.

    ```mlir
    lookup<[-1.0, -0.5, 0.0, 0.5, 1.0]>
    ```

    Takes in values and hands on codes of as few bits as number the entries,
    which decode to f32; no streams; not lossless. A table that differs from
    tensor to tensor is a stream of a `zq.decoder` instead.

    Constraints:
    * (lookup 1) a table has 2 to 256 entries;
    * (lookup 2) they are finite and increase.
  }];
  let parameters = (ins "::mlir::DenseF32ArrayAttr":$table);
  let assemblyFormat = "`<` custom<Table>($table) `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_LOOKUP_TD
