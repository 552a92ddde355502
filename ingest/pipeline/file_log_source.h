#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingest/pipeline/log_tail.h"
#include "ingest/pipeline/source.h"
#include "ingest/sources/file_source.h"

namespace sparktail {

// The source of kind `file`: a FileSource, which knows files, with LogTails, which know records.
class FileLogSource : public Source {
 public:
  // The configuration's options are FileSourceOptions. Of descriptors see FileSource::Parts.
  FileLogSource(SourceParts parts, int most_descriptors);

  absl::Status Open() override;
  absl::Time Turn() override { return files_.Turn(); }
  int wake_fd() const override { return files_.wake_fd(); }
  void LookAgain() override { files_.LookAgain(); }
  bool AtEnd() const override { return files_.AtEnd(); }
  bool HasExited() const override;
  void EndAll() override { files_.EndAll(); }
  void HandOnAll() override { tails_.HandOnAll(); }
  std::vector<StreamKey> Streams() const override { return tails_.Streams(); }
  ParserStats parsed() const override { return tails_.stats(); }
  SourceStatus status() const override;

 private:
  Os* const os_;
  const std::string name_;
  const bool begins_with_past_;
  const std::unique_ptr<Distributor> output_;
  LogTails tails_;    // gives its last stand to the output
  FileSource files_;  // has tails of tails_
};

}  // namespace sparktail
