//===- Window.td - Frequent symbols in a few bits ----------*- tablegen -*-===//
#ifndef ZQ_STAGES_WINDOW_TD
#define ZQ_STAGES_WINDOW_TD

include "zq/Dialect/ZQ/IR/Stages/Stage.td"

def ZQ_WindowAttr
    : ZQ_Stage<"Window", "window", ["getChunk", "emitInit", "getGranule",
                                  "withLanes", "getCodesCost"]> {
  let summary = "Frequent symbols in a few bits, the others apart";
  let description = [{
    A code of k bits (1 to 4) stands for one of the 2^k - 1 most frequent
    symbols; all ones is an escape, whose symbol is stored apart as a byte. With
    several widths what escapes from one window is coded by the next one. With
    `base` the window is an interval of symbols, which needs no table. `chunk`,
    a multiple of 64, is the number of symbols along the last axis after which
    the place among the escapes is stored.

    ```mlir
    window<bits = 3, chunk = 4096>
    window<bits = 4, base, chunk = 4096>
    window<bits = [2, 2, 2], chunk = 1024>
    ```

    Takes in codes of at most 8 bits, no less than a window's, and ends the
    chain; lossless. Streams: `palette`, i8, the symbols of the windows (`base`,
    i8, the first symbol of the interval); `offsets`, i32, of each chunk of each
    row where it begins in each of the streams that follow; `nested`, i8, the
    codes of each window after the first; `escapes`, i8; `codes`, i8, those of
    the first window, packed as by `pack`. `nested` and `escapes` are of a size
    that depends on the data, with 64 bytes of zeros at their end
    (`zq/Codec/Window.h`). The decoder has state, the places in `nested` and
    `escapes`.

    Constraints:
    * (window 1) there are 1 to 4 windows;
    * (window 2) a code has 1 to 4 bits;
    * (window 3) a base is that of a single window;
    * (window 4) a chunk is a multiple of 64 symbols, at most 1048576.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$bits, "bool":$base,
                        "int64_t":$chunk);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// How many symbols the windows hold together.
    int64_t getNumSymbols() const;
  }];
}

#endif // ZQ_STAGES_WINDOW_TD
