//===- NamedCodecs.cpp - The table of codec names -------------------------===//
#include "zq/Dialect/ZQ/IR/NamedCodecs.h"

using namespace mlir::zq;

// Sources of the definitions: NVIDIA's NVFP4 checkpoint layout; QuaRot-style
// rotated INT4; DFloat11's idea of Huffman-coding the exponents alone, with
// chunks of a fixed number of symbols.
static const NamedCodec table[] = {
    {"nvfp4", "scale<tensor, f32>, scale<1x16, f8E4M3FN>, "
              "quantize<f4E2M1FN>, pack"},
    {"int4_h128", "hadamard<axis = 1, block = 128, seed = 1>, "
                  "scale<1x128, bf16, zero>, quantize<ui4>, pack"},
    {"bf16_huff", "fields<bf16>, huffman<chunk = 1024, length = 10>"},
    {"nf3_e4m3_huff",
     "scale<tensor, f32>, scale<1x64, f8E4M3FN>, "
     "lookup<[-1.0, -0.4786291, -0.21714, 0.0, 0.16093, 0.33791524, "
     "0.562617, 1.0]>, huffman<chunk = 1024, length = 8>"},
};

llvm::ArrayRef<NamedCodec> mlir::zq::getNamedCodecs() { return table; }
