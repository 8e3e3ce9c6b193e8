//===- Stages.h - The built-in stages as attributes -----------------------===//
//
// For those who build codecs and for the stages themselves. Passes ask a stage
// by its interfaces and need nothing of this.
//
//===----------------------------------------------------------------------===//
#ifndef ZQ_DIALECT_ZQ_IR_STAGES_H
#define ZQ_DIALECT_ZQ_IR_STAGES_H

#include "zq/Codec/LowRank.h"
#include "zq/Codec/Offset.h"
#include "zq/Codec/Pack.h"
#include "zq/Codec/Scale.h"
#include "zq/Dialect/ZQ/IR/QuantizeFormat.h"
#include "zq/Dialect/ZQ/IR/ZQ.h"

#define GET_ATTRDEF_CLASSES
#include "zq/Dialect/ZQ/IR/ZQStages.h.inc"

#endif // ZQ_DIALECT_ZQ_IR_STAGES_H
