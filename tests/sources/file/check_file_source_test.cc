#include "ingest/sources/file/check_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <sstream>

#include "tests/support/corpus.h"
#include "tests/support/faulty_os.h"
#include "tests/support/of_kind.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CheckFileSourceTest : public ::testing::Test {
 protected:
  CheckFileSourceTest() {
    source_.name = "logs";
    testing::SetOptions(FileSourceOptions(), &source_);
    Options().paths = {folder_ / "*"};
    // After the recorded logs.
    os_.SetNow(absl::FromCivil(absl::CivilDay(2030, 1, 1), absl::UTCTimeZone()));
  }
  FileSourceOptions& Options() { return source_.options.Get<FileSourceOptions>(); }
  std::string Checked() {
    CheckReport report;
    CheckFileSource(source_, {&os_, nullptr}, &report);
    broken_ = report.broken();
    return report.Text();
  }
  void Copy(const std::string& log, const std::string& name) {
    testing::WriteBytes(folder_ / name, testing::ReadFile(testing::DataPath(log)));
  }

  testing::TempDir folder_;
  testing::FaultyOs os_;
  SourceConfiguration source_;
  size_t broken_ = 0;
};

TEST_F(CheckFileSourceTest, AGoodLogIsTold) {
  Copy("3.5.9/basic.default.log", "stderr");
  const std::string text = Checked();
  EXPECT_EQ(broken_, 0U) << text;
  EXPECT_THAT(text, HasSubstr("ok       source logs: 1 file matches " + (folder_ / "*") + ": " +
                              (folder_ / "stderr")));
  EXPECT_THAT(text, HasSubstr("/stderr: plain, Spark 3.5.9, 31 events (23 progress)"));
  EXPECT_THAT(text, HasSubstr("lines begin with '26/11/21 15:33:12 INFO SparkContext: '"));
  EXPECT_THAT(text, HasSubstr("ok       source logs: timezone UTC is that of the headers, as 23"));
  EXPECT_THAT(text, Not(HasSubstr("warning ")));
}

TEST_F(CheckFileSourceTest, WrappedLogsAreUnwrapped) {
  std::istringstream log(testing::ReadFile(testing::DataPath("3.5.9/basic.default.log")));
  std::string cri = "2026-11-21T15:33:11.000000000Z stdout F hello\n";
  for (std::string line; std::getline(log, line);) {
    cri += "2026-11-21T15:33:12.123456789Z stderr F " + line + "\n";
  }
  testing::WriteBytes(folder_ / "a.log", cri);
  EXPECT_THAT(Checked(), AllOf(HasSubstr("wrapped by a Kubernetes container runtime, Spark 3.5.9, "
                                         "31 events (23 progress)"),
                               HasSubstr("timezone UTC is that of the headers")));
}

TEST_F(CheckFileSourceTest, AnotherZoneIsProved) {
  Copy("3.5.9/basic.default.log", "stderr");
  source_.timezone = "Europe/Madrid";
  const std::string text = Checked();
  EXPECT_EQ(broken_, 0U);
  EXPECT_THAT(text, AllOf(HasSubstr("warning  source logs: 23 of 23 progress events prove"),
                          HasSubstr("not in timezone Europe/Madrid"),
                          HasSubstr("they were at UTC+00:00, and that zone at UTC+01:00")));
}

TEST_F(CheckFileSourceTest, AClockThatIsAheadIsTold) {
  Copy("3.5.9/basic.default.log", "stderr");
  os_.SetNow(absl::FromCivil(absl::CivilDay(2020, 1, 1), absl::UTCTimeZone()));
  EXPECT_THAT(Checked(), HasSubstr("progress events come from the future (2026-11-21T"));
}

TEST_F(CheckFileSourceTest, ALogWithoutInfoIsTold) {
  Copy("3.5.9/pymode-default-warn.log", "stderr");
  EXPECT_THAT(Checked(), HasSubstr("warning  source logs: " + (folder_ / "stderr") +
                                   ": no event so far: INFO is off in this log"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckFileSourceTest, FilesThatAreNoLogsAreNamed) {
  std::filesystem::create_directory(folder_ / "directory");
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("nowhere", folder_ / "link");
  testing::WriteBytes(folder_ / "a.log.gz", "x");
  testing::WriteBytes(folder_ / "empty", "");
  testing::WriteBytes(folder_ / "text", "hello\n");
  const std::string text = Checked();
  EXPECT_EQ(broken_, 0U) << text;
  for (const std::string& line :
       {std::string("directory is skipped: a directory; name the files in it"),
        std::string("fifo is skipped: not a regular file"), std::string("link is skipped: a link"),
        std::string("a.log.gz is skipped: compressed"), std::string("empty is empty so far"),
        std::string("text: no event so far: ")}) {
    EXPECT_THAT(text, HasSubstr(folder_ / line));
  }
}

TEST_F(CheckFileSourceTest, AnUnreadableFileIsBroken) {
  Copy("3.5.9/basic.default.log", "stderr");
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .calls = {testing::FaultyOs::Call::kOpenToFollow}});
  EXPECT_THAT(Checked(), HasSubstr("FAILED   source logs: " + (folder_ / "stderr") +
                                   ": cannot read it: Permission denied; let sparktail's user"));
  EXPECT_EQ(broken_, 1U);
  os_.Fail({.calls = {testing::FaultyOs::Call::kReadAt}});
  EXPECT_THAT(Checked(), HasSubstr("cannot read it: Input/output error"));
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .from_then_on = true,
            .calls = {testing::FaultyOs::Call::kList}});
  EXPECT_THAT(Checked(), HasSubstr("FAILED   source logs: " + folder_.path() + ": cannot list it"));
}

TEST_F(CheckFileSourceTest, ExcludedFilesAreNotLookedAt) {
  Copy("3.5.9/basic.default.log", "stderr");
  Options().exclude = {folder_ / "std*"};
  EXPECT_THAT(Checked(), HasSubstr("warning  source logs: no file matches"));
}

TEST_F(CheckFileSourceTest, MissingDirectoriesAreTold) {
  Options().paths = {"/nowhere/x/*.log", "/nowhere"};
  EXPECT_THAT(Checked(),
              AllOf(HasSubstr("the directory /nowhere/x does not exist (yet)"),
                    HasSubstr("no file matches /nowhere/x/*.log now"), HasSubstr("/nowhere now")));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckFileSourceTest, ManyFilesAreCounted) {
  for (int i = 0; i < 60; ++i) testing::WriteBytes(folder_ / ("f" + std::to_string(i)), "");
  const std::string text = Checked();
  EXPECT_THAT(text, AllOf(HasSubstr("60 files match"), HasSubstr(", …\n"),
                          HasSubstr("the other 10 files were not looked at")));
}

TEST_F(CheckFileSourceTest, TextFromALogIsPrintable) {
  testing::WriteBytes(folder_ / "x", "\x1b[31m26/11/21 15:33:12 INFO A: b\n\x1b]0;x\x07\n");
  const std::string text = Checked();
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
}

}  // namespace
}  // namespace sparktail
