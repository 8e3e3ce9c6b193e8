//===- Bitmap.td - What is not zero, and where it is -------*- tablegen -*-===//
#ifndef ZQ_STAGES_BITMAP_TD
#define ZQ_STAGES_BITMAP_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_BitmapAttr : ZQ_Stage<"Bitmap", "bitmap", ["getGranule"]> {
  let summary = "Elements that are not zero, and one bit for each element";
  let description = [{
    A row (last axis) is cut into tiles of 8 to 512 elements, a multiple of 8;
    what is not zero in a tile is stored, in its order, with a bitmap that says
    which it is, as in Mustafar. Values are stored in the type that is given -
    f32, f16 or bf16 - and rounded to nearest even; without a type the stage
    takes in codes, of which 0 is not stored.

    ```mlir
    bitmap<64, f16>
    quantize<si4>, bitmap<64>
    ```

    Takes in values, or codes of at most 8 bits, and ends the chain; of codes
    lossless. Streams: `bitmap`, i8, the bits of each row's tiles, lowest first;
    `offsets`, i32, the element of `values` at which each tile of each row
    begins; `values`, of the stored type - or i8, the codes of each tile packed -
    and of a size that depends on the data, with a tile of zeros at its end
    (`zq/Codec/Bitmap.h`).

    Constraints:
    * (bitmap 1) a tile is a multiple of 8 elements, from 8 to 512;
    * (bitmap 2) values are stored as f32, f16 or bf16.
  }];
  let parameters = (ins "int64_t":$tile, OptionalParameter<"::mlir::Type">:$type);
  let assemblyFormat = "`<` $tile (`,` $type^)? `>`";
  let genVerifyDecl = 1;
}

#endif // ZQ_STAGES_BITMAP_TD
