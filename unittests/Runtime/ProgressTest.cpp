//===- ProgressTest.cpp - A progress bar for work that takes long ---------===//
#include "zq/Runtime/Progress.h"

#include "gtest/gtest.h"

#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <unistd.h>

using namespace zq::runtime;

namespace {
/// A terminal whose output can be read back.
class ProgressTest : public ::testing::Test {
protected:
  void SetUp() override {
    reader = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (reader < 0 || ::grantpt(reader) != 0 || ::unlockpt(reader) != 0)
      GTEST_SKIP() << "no pseudo-terminal";
    terminal = ::open(::ptsname(reader), O_RDWR | O_NOCTTY);
    if (terminal < 0)
      GTEST_SKIP() << "no pseudo-terminal";
  }
  void TearDown() override {
    ::close(terminal);
    ::close(reader);
  }
  /// What was written so far. The kernel hands it over piece by piece and
  /// later, so that only a pause says that it is all.
  std::string output() const {
    constexpr int pause = 200; // milliseconds
    std::string text;
    pollfd ready{reader, POLLIN, 0};
    while (::poll(&ready, 1, pause) > 0) {
      char buffer[4096];
      ssize_t size = ::read(reader, buffer, sizeof(buffer));
      if (size <= 0)
        break;
      text.append(buffer, static_cast<size_t>(size));
    }
    return text;
  }

  int reader = -1;
  int terminal = -1;
};
} // namespace

TEST_F(ProgressTest, ShortWorkPrintsNothing) {
  {
    Progress progress("encoding", 10, terminal);
    progress.advance(10);
  }
  EXPECT_EQ(output(), "");
}

TEST_F(ProgressTest, LongWorkDrawsABarAndEndsTheLine) {
  {
    Progress progress("encoding", 10, terminal, std::chrono::milliseconds(0));
    progress.advance(5);
    progress.advance(5);
  }
  std::string text = output();
  EXPECT_NE(text.find("\rencoding [###############...............]  50 %"),
            std::string::npos);
  EXPECT_NE(text.find("] 100 %"), std::string::npos);
  EXPECT_EQ(text.back(), '\n');
}

TEST_F(ProgressTest, UnknownAmountIsCounted) {
  {
    Progress progress("reading", 0, terminal, std::chrono::milliseconds(0));
    progress.advance(7);
  }
  EXPECT_NE(output().find("\rreading 7, 0 s"), std::string::npos);
}

TEST(ProgressElsewhereTest, NothingIsPrintedWithoutATerminal) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
  {
    Progress progress("encoding", 10, ends[1], std::chrono::milliseconds(0));
    progress.advance(10);
  }
  char byte;
  EXPECT_EQ(::read(ends[0], &byte, 1), -1);
  ::close(ends[0]);
  ::close(ends[1]);
}
