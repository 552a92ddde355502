#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "ingest/cli/config_file.h"
#include "ingest/sources/file/file_source_options.h"
#include "tests/support/fake_surroundings.h"

namespace sparktail::testing {

inline constexpr char kSource[] = "sources: [{kind: file, paths: [/logs/a]}]\n";
inline constexpr char kSink[] = "sinks: [{kind: stdout}]\n";

class ConfigFixture : public ::testing::Test {
 protected:
  absl::StatusOr<Configuration> Result(const std::string& text) {
    return ReadConfiguration(text, "f.yaml", surroundings_);
  }
  Configuration Read(const std::string& text) {
    absl::StatusOr<Configuration> configuration = Result(text);
    EXPECT_TRUE(configuration.ok()) << configuration.status();
    return configuration.ok() ? *std::move(configuration) : Configuration();
  }
  std::vector<std::string> ErrorsOf(const std::string& text) {
    const absl::StatusOr<Configuration> configuration = Result(text);
    EXPECT_EQ(configuration.status().code(), absl::StatusCode::kInvalidArgument) << text;
    std::istringstream message{std::string(configuration.status().message())};
    std::vector<std::string> lines;
    for (std::string line; std::getline(message, line);) lines.push_back(line);
    return lines;
  }
  // The error of a configuration with one mistake.
  std::string ErrorOf(const std::string& text) {
    const std::vector<std::string> errors = ErrorsOf(text);
    EXPECT_EQ(errors.size(), 1U) << text << ::testing::PrintToString(errors);
    return errors.empty() ? "" : errors[0];
  }
  static FileSourceOptions Source(const Configuration& configuration, size_t i = 0) {
    return configuration.sources.at(i).options.Get<FileSourceOptions>();
  }

  PosixOs os_;
  Surroundings surroundings_ = MakeSurroundings(
      &os_, {{"ZONE", "Europe/Madrid"}, {"COUNT", "7"}, {"NAME", "x"}, {"EMPTY", ""}});
};

}  // namespace sparktail::testing
