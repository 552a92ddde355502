#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingest/sources/file/file_source.h"
#include "ingest/sources/file/log_tails.h"
#include "ingest/streams/first_start.h"
#include "ingest/streams/source.h"

namespace sparktail {

// The source of kind `file`: a FileSource, which knows files, with LogTails, which know records.
class FileLogSource : public Source {
 public:
  // The configuration's options are FileSourceOptions.
  explicit FileLogSource(SourceParts parts);

  absl::Status Open() override;
  absl::Time Turn() override;
  int wake_fd() const override { return files_.wake_fd(); }
  void LookAgain() override { files_.LookAgain(); }
  bool AtEnd() const override { return files_.AtEnd(); }
  bool HasExited() const override;
  void EndAll() override { files_.EndAll(); }
  void HandOnAll() override;
  std::vector<StreamKey> Streams() const override { return tails_.Streams(); }
  ParserStats parsed() const override { return tails_.stats(); }
  SourceStatus status() const override { return files_.status(); }

 private:
  absl::StatusOr<StartAt> BeginFirstStart();
  absl::Time LookAtFirstStart();

  Os* const os_;
  const std::string name_;
  const StartAt start_at_;
  FirstStart first_start_;
  const std::unique_ptr<Output> output_;
  LogTails tails_;
  FileSource files_;  // has tails of tails_
};

}  // namespace sparktail
