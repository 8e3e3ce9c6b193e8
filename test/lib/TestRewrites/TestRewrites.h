//===- TestRewrites.h - Rewrites that are wrong ---------------------------===//
#ifndef TEST_ZQ_TESTREWRITES_H
#define TEST_ZQ_TESTREWRITES_H

namespace test_zq {

/// Registers passes for `zq-verify-rewrites` to find out.
void registerTestRewrites();

} // namespace test_zq

#endif // TEST_ZQ_TESTREWRITES_H
