#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingest/http/http_client.h"
#include "ingest/sources/yarn/yarn_source.h"
#include "ingest/sources/yarn/yarn_streams.h"
#include "ingest/streams/first_start.h"
#include "ingest/streams/source.h"

namespace sparktail {

// The source of kind `yarn`: a YarnSource, which knows a cluster, with YarnStreams, which know
// records.
class YarnLogSource : public Source {
 public:
  // The configuration's options are YarnSourceOptions.
  explicit YarnLogSource(SourceParts parts);
  ~YarnLogSource() override;

  absl::Status Open() override;
  absl::Time Turn() override;
  void LookAgain() override { source_->LookAgain(); }
  bool AtEnd() const override { return source_->AtEnd(); }
  void EndAll() override { source_->EndAll(); }
  void HandOnAll() override { streams_.HandOnAll(); }
  std::vector<StreamKey> Streams() const override { return streams_.Streams(); }
  ParserStats parsed() const override { return streams_.stats(); }
  SourceStatus status() const override { return source_->status(); }

 private:
  class ClientWeb;

  Os* const os_;
  Log* const log_;
  const std::string name_;
  const YarnSourceOptions options_;
  FirstStart first_start_;
  const std::unique_ptr<Output> output_;
  YarnStreams streams_;
  std::unique_ptr<ClientWeb> web_;
  std::unique_ptr<YarnSource> source_;  // has tails of streams_, and asks through web_
};

}  // namespace sparktail
