//===- TestStage.h - A stage of a dialect outside of zq -------------------===//
#ifndef TEST_ZQ_TESTSTAGE_H
#define TEST_ZQ_TESTSTAGE_H

#include "zq/Dialect/ZQ/IR/ZQ.h"

#include "TestStageDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "TestStageAttributes.h.inc"

#endif // TEST_ZQ_TESTSTAGE_H
