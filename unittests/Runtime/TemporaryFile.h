//===- TemporaryFile.h - Files that last as long as a test ----------------===//
#ifndef ZQ_UNITTESTS_RUNTIME_TEMPORARYFILE_H
#define ZQ_UNITTESTS_RUNTIME_TEMPORARYFILE_H

#include "gtest/gtest.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

/// A directory of its own for each test, removed afterwards.
class TemporaryFileTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "zq-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  std::string path(const std::string &name) const {
    return directory + "/" + name;
  }
  /// Writes `contents` to the file `name` and returns its path.
  std::string put(const std::string &name, const std::string &contents) const {
    // Truncating a file makes some file systems write it out at once, which
    // takes milliseconds; a new file stays in memory.
    std::filesystem::remove(path(name));
    std::ofstream(path(name), std::ios::binary) << contents;
    return path(name);
  }
  std::string get(const std::string &name) const {
    std::ifstream stream(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  /// The number of files there are.
  size_t numFiles() const {
    std::filesystem::directory_iterator begin(directory), end;
    return static_cast<size_t>(std::distance(begin, end));
  }

  std::string directory;
};

#endif // ZQ_UNITTESTS_RUNTIME_TEMPORARYFILE_H
