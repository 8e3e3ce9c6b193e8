//===- ZQ.td - Everything that the dialect defines --------*- tablegen -*-===//
#ifndef ZQ_DIALECT_ZQ_IR_ZQ_TD
#define ZQ_DIALECT_ZQ_IR_ZQ_TD

include "zq/Dialect/ZQ/IR/ZQOps.td"
include "zq/Dialect/ZQ/IR/ZQStages.td"

#endif // ZQ_DIALECT_ZQ_IR_ZQ_TD
