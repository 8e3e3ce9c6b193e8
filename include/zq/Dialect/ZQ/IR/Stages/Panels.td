//===- Panels.td - Codes with rows side by side ------------*- tablegen -*-===//
#ifndef ZQ_STAGES_PANELS_TD
#define ZQ_STAGES_PANELS_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_PanelsAttr
    : ZQ_Stage<"Panels", "panels", ["getChunk", "emitInit", "getGranule",
                           "getCodesCost"],
               [DeclareAttrInterfaceMethods<CodeSourceAttrInterface>]> {
  let summary = "Codes in another stage's streams, rows side by side";
  let description = [{
    Hands the codes of a matrix to another stage, which ends the chain, in
    panels of rows: each panel is one line of that stage's, and holds
    consecutive codes of one row, then as many of the next. So a line decodes to
    vectors that have a row in each lane, as contractions want them, whatever
    the stage is. To decode a row alone, its panel is decoded.

    ```mlir
    panels<16x4, [register_rans<lanes = 256, rows = 1>]>
    panels<16x4, [window<bits = [3, 3], chunk = 1048576>]>
    ```

    The sizes are the rows of a panel and how many codes of one are neighbours.
    Takes in codes of a matrix and ends the chain; lossless. Streams and state
    are those of the other stage, for a matrix with a row for each panel
    (`zq/Codec/InPanels.h`).

    Constraints:
    * (panels 1) a panel has 4 to 64 rows, a power of two, and 1, 2, 4 or 8
      codes of one are neighbours;
    * (panels 2) the other is one lossless stage that ends the chain and begins
      each line anew, in chunks of a multiple of 64 codes of each row.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$sizes,
                        "::mlir::Attribute":$coder);
  let assemblyFormat = "`<` custom<Block>($sizes) `,` custom<Stored>($coder) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getLanes() const { return getSizes()[0]; }
    int64_t getDepth() const { return getSizes()[1]; }
    /// The stage that has the streams.
    StageAttrInterface getStage() const;
  }];
}

#endif // ZQ_STAGES_PANELS_TD
