#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>

// A test program holds the tests of one box. Its first argument may be the name of a source file:
// then only the tests that are written in that file run, and it is an error if there is none.
namespace {

std::string_view FileName(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

std::string FilterOf(std::string_view file) {
  std::string filter;
  const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const ::testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      const ::testing::TestInfo& test = *suite.GetTestInfo(j);
      if (FileName(test.file()) != file) continue;
      filter += std::string(suite.name()) + "." + test.name() + ":";
    }
  }
  return filter;
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  if (argc < 2) return RUN_ALL_TESTS();
  const std::string filter = FilterOf(argv[1]);
  if (filter.empty()) {
    std::fprintf(stderr, "%s: no test is written in %s\n", argv[0], argv[1]);
    return 2;
  }
  GTEST_FLAG_SET(filter, filter);
  return RUN_ALL_TESTS();
}
