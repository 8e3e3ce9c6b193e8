//===- Passes.td - Passes that check passes ---------------*- tablegen -*-===//
#ifndef ZQ_VERIFICATION_PASSES_TD
#define ZQ_VERIFICATION_PASSES_TD

include "mlir/Pass/PassBase.td"

def VerifyRewrites : Pass<"zq-verify-rewrites", "::mlir::ModuleOp"> {
  let summary = "Check that the algebra leaves the meaning of each function";
  let description = [{
    Evaluates every function by the reference evaluator, in double with bounds
    on what rounding may do, before and after each pass of the pipeline between
    import and tiling, and checks that results agree within the sum of both
    bounds. Run it on a module as it is after import. The module stays as it is.

    Dense arguments are Gaussian, and in further cases cancel, have one element
    other than zero, or none. A compressed argument holds what the reference
    codec encodes of such values, then streams of random bits as far as the codec
    takes them, and its codes, of up to 16 bits, are exhausted, for each of three
    sizes of scales: in as many cases as there are codes, at most 256, every
    element takes each of them once; where that is too much, a case has as many
    codes as there are places, so that each is in some place. A `zq.decoder` is taken for a
    function of its streams of which nothing is known. Dynamic sizes are chosen.

    A remark at the function says what was done, and the largest difference as a
    fraction of the bound. Errors at the function name the pass, the input and
    the numbers; an op that the evaluator has no rule for is an error at that op.
    Tested in `test/Dialect/ZQ/verify-rewrites.mlir`.

    ```mlir
    func.func @linear(%x: tensor<2x16xf32>, %w: !zq.tensor<8x16xf32, #codec>) ...
    // remark: zq-verify-rewrites: @linear agrees in 67 cases: argument 1: all 16
    // codes in every place, with 3 sizes of scales; ... the largest difference is
    // 1.4e-09 of the bound, after zq-move-rotations
    ```
  }];
  let options = [
    ListOption<"passes", "passes", "std::string",
               "Passes to check, in order, instead of those of the pipeline">,
    Option<"lanes", "lanes", "int64_t", "16",
           "Lanes of a vector of f32, which the passes are told">,
    Option<"seed", "seed", "uint64_t", "1", "Seed of all random inputs">,
    Option<"randomCases", "random-cases", "unsigned", "4",
           "Cases of random streams">,
    Option<"exhaustLimit", "exhaust-limit", "uint64_t", "1 << 20",
           "Codes are exhausted where the number of codes times that of the "
           "arguments' elements does not exceed this">,
  ];
}

#endif // ZQ_VERIFICATION_PASSES_TD
