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
  layout.threads = tile.getWorkers();
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
  layout.threads = tile.getWorkers();
  return layout;
}

bool mlir::zq::comesInBoxes(const BlockScaledOperand &operand,
                            const BlockScaledMode &mode) {
  // What the driver demands of a tensor map [CUDA driver API,
  // cuTensorMapEncodeTiled].
  if (operand.bits == mode.getContainerBits())
    return operand.getCodePitch() % 16 == 0;
  return operand.getCodePitch() % 32 == 0 && operand.columns % 128 == 0;
}
