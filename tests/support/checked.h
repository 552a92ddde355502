#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "ingest/base/check_report.h"
#include "sinks/sink_kind.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail::testing {

// Checks what is in a folder, and that this changes nothing there.
class CheckedTest : public ::testing::Test {
 protected:
  // Returns the report of check(&report), and keeps its number of broken things.
  template <typename Check>
  std::string Checked(Check check) {
    const std::set<std::string> before = Files();
    CheckReport report;
    check(&report);
    EXPECT_EQ(Files(), before) << "nothing is changed";
    broken_ = report.broken();
    return report.Text();
  }
  // The check of a sink "one" of that kind.
  template <typename Options>
  std::string CheckedSink(const SinkKind& kind, Options options) {
    SinkConfiguration sink;
    sink.name = "one";
    sink.kind = &kind;
    sink.options = AnyOptions::Of(std::move(options));
    return Checked([&](CheckReport* report) { kind.check(sink, {&os_, &log_}, report); });
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  size_t broken_ = 0;

 private:
  // The paths, with the contents of files.
  std::set<std::string> Files() const {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      files.insert(entry.path().string() + (entry.is_regular_file() ? BytesOf(entry.path()) : ""));
    }
    return files;
  }
};

}  // namespace sparktail::testing
