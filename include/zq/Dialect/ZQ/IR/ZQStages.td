//===- ZQStages.td - The built-in stages ------------------*- tablegen -*-===//
//
// A line for each stage; everything else about it is in files of its own.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_ZQSTAGES_TD
#define ZQ_DIALECT_ZQ_IR_ZQSTAGES_TD

include "zq/Dialect/ZQ/IR/Stages/Hadamard.td"
include "zq/Dialect/ZQ/IR/Stages/Offset.td"
include "zq/Dialect/ZQ/IR/Stages/Orthogonal.td"
include "zq/Dialect/ZQ/IR/Stages/Sketch.td"
include "zq/Dialect/ZQ/IR/Stages/Permute.td"
include "zq/Dialect/ZQ/IR/Stages/LowRank.td"
include "zq/Dialect/ZQ/IR/Stages/Outliers.td"
include "zq/Dialect/ZQ/IR/Stages/Channels.td"
include "zq/Dialect/ZQ/IR/Stages/Residual.td"
include "zq/Dialect/ZQ/IR/Stages/Scale.td"
include "zq/Dialect/ZQ/IR/Stages/Dyadic.td"
include "zq/Dialect/ZQ/IR/Stages/Quantize.td"
include "zq/Dialect/ZQ/IR/Stages/Lookup.td"
include "zq/Dialect/ZQ/IR/Stages/Tables.td"
include "zq/Dialect/ZQ/IR/Stages/Power.td"
include "zq/Dialect/ZQ/IR/Stages/Nested.td"
include "zq/Dialect/ZQ/IR/Stages/Codebook.td"
include "zq/Dialect/ZQ/IR/Stages/Lattice.td"
include "zq/Dialect/ZQ/IR/Stages/Pvq.td"
include "zq/Dialect/ZQ/IR/Stages/Octahedral.td"
include "zq/Dialect/ZQ/IR/Stages/Fields.td"
include "zq/Dialect/ZQ/IR/Stages/Planes.td"
include "zq/Dialect/ZQ/IR/Stages/Sparse.td"
include "zq/Dialect/ZQ/IR/Stages/Pack.td"
include "zq/Dialect/ZQ/IR/Stages/Bitmap.td"
include "zq/Dialect/ZQ/IR/Stages/Raw.td"
include "zq/Dialect/ZQ/IR/Stages/Huffman.td"
include "zq/Dialect/ZQ/IR/Stages/Window.td"
include "zq/Dialect/ZQ/IR/Stages/Rans.td"
include "zq/Dialect/ZQ/IR/Stages/RegisterRans.td"
include "zq/Dialect/ZQ/IR/Stages/Panels.td"
include "zq/Dialect/ZQ/IR/Stages/Custom.td"

#endif // ZQ_DIALECT_ZQ_IR_ZQSTAGES_TD
