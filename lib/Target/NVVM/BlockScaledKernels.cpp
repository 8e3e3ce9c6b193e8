//===- BlockScaledKernels.cpp - What both families of chips share ---------===//
#include "BlockScaledKernels.h"

using namespace mlir;
using namespace mlir::zq;

int64_t mlir::zq::getStretches(const BlockScaledProduct &product,
                               const BlockScaledTile &tile) {
  return llvm::divideCeil(product.a.operand.columns,
                          product.mode.step * (tile.bytes / 32));
}

int64_t mlir::zq::getScaleBytes(const BlockScaledMode &mode,
                                const BlockScaledTile &tile) {
  return tile.bytes / 32 * mode.scales;
}

PanelCopy::Layout mlir::zq::getCodeLayout(const BlockScaledOperand &operand,
                                          const BlockScaledMode &mode,
                                          const BlockScaledTile &tile,
                                          bool isSpread) {
  PanelCopy::Layout layout;
  layout.rows = operand.rows;
  layout.pitch = operand.getCodePitch();
  layout.chunks = tile.bytes / 16;
  layout.bytes = 16 * operand.bits / mode.getContainerBits();
  if (isSpread && layout.bytes < 16)
    layout.form = operand.bits == 4 ? PanelCopy::Form::SpreadFours
                                    : PanelCopy::Form::SpreadSixes;
  layout.threads = tile.getThreads();
  return layout;
}

PanelCopy::Layout mlir::zq::getScaleLayout(const BlockScaledOperand &operand,
                                           const BlockScaledMode &mode,
                                           const BlockScaledTile &tile,
                                           int64_t bytes) {
  PanelCopy::Layout layout;
  layout.rows = operand.rows;
  layout.pitch = operand.getScalePitch();
  layout.chunks = getScaleBytes(mode, tile) / bytes;
  layout.bytes = bytes;
  layout.threads = tile.getThreads();
  return layout;
}
