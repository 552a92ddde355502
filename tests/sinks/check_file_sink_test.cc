#include "sinks/file/check_file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "sinks/file/file_sink_kind.h"
#include "sinks/file/file_sink_options.h"
#include "sinks/stdout/stdout_sink_kind.h"
#include "tests/support/checked.h"

namespace sparktail {
namespace {

using testing::FaultyOs;
using ::testing::HasSubstr;
using ::testing::Not;

class CheckFileSinkTest : public testing::CheckedTest {
 protected:
  std::string Checked(FileSinkOptions options) {
    return CheckedSink(FileSinkKind(), std::move(options));
  }
  std::string CheckedFile(const std::string& path) { return Checked({.path = path}); }
};

TEST_F(CheckFileSinkTest, AFileCanBeMadeOrWrittenTo) {
  const std::string path = folder_ / "events.ndjson";
  EXPECT_THAT(CheckedFile(path), HasSubstr("ok       sink one: " + path + " can be made"));
  testing::WriteBytes(path, "x\n");
  const std::string text = CheckedFile(path);
  EXPECT_THAT(text, HasSubstr("ok       sink one: " + path + " can be written to"));
  EXPECT_THAT(text, HasSubstr(" GiB free"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckFileSinkTest, ReasonsWhyAFileCannotBeWrittenAreReported) {
  EXPECT_THAT(CheckedFile(folder_ / "none/events.ndjson"),
              HasSubstr("FAILED   sink one: the directory " + (folder_ / "none") +
                        " does not exist; make it (mkdir -p "));
  EXPECT_EQ(broken_, 1U);
  std::filesystem::create_symlink("elsewhere", folder_ / "link");
  EXPECT_THAT(CheckedFile(folder_ / "link"), HasSubstr("it is a symbolic link"));
  std::filesystem::create_directory(folder_ / "directory");
  EXPECT_THAT(CheckedFile(folder_ / "directory"), HasSubstr("FAILED   sink one: "));
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .calls = {FaultyOs::Call::kOpenToAppend}});
  EXPECT_THAT(CheckedFile(folder_ / "a"),
              HasSubstr("cannot make a file in " + folder_.path() +
                        ": Permission denied; let sparktail's user write there"));
  os_.Fail({.status = absl::ResourceExhaustedError("No space left on device"),
            .calls = {FaultyOs::Call::kOpenToAppend}});
  EXPECT_THAT(CheckedFile(folder_ / "a"), HasSubstr("No space left on device; make room there"));
}

TEST_F(CheckFileSinkTest, RotationNeedsItsDirectory) {
  FileSinkOptions options;
  options.path = folder_ / "a";
  options.rotate_bytes = 1 << 20;
  testing::WriteBytes(options.path, "");
  EXPECT_THAT(Checked(options), Not(HasSubstr("FAILED")));
  os_.Fail({.n = 2,
            .status = absl::PermissionDeniedError("Permission denied"),
            .calls = {FaultyOs::Call::kOpenToAppend}});
  EXPECT_THAT(Checked(options), HasSubstr("cannot rotate in " + folder_.path()));
}

TEST_F(CheckFileSinkTest, StandardOutputWorks) {
  EXPECT_THAT(CheckedSink(StdoutSinkKind(), StdoutSinkOptions()),
              HasSubstr("ok       sink one: standard output"));
  EXPECT_EQ(broken_, 0U);
}

}  // namespace
}  // namespace sparktail
