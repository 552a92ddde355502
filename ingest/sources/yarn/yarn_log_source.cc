#include "ingest/sources/yarn/yarn_log_source.h"

#include <algorithm>
#include <utility>

#include "ingest/streams/stream_parts.h"

namespace sparktail {
namespace {

const YarnSourceOptions& OptionsOf(const SourceParts& parts) {
  return parts.configuration->options.Get<YarnSourceOptions>();
}

}  // namespace

class YarnLogSource::ClientWeb : public Web {
 public:
  explicit ClientWeb(std::unique_ptr<HttpClient> client) : client_(std::move(client)) {}
  void Start(HttpRequest request, Done done) override {
    client_->Start(std::move(request), std::move(done));
  }
  void Poll() override {
    if (client_->in_flight() > 0) client_->Poll(absl::ZeroDuration());
  }

 private:
  const std::unique_ptr<HttpClient> client_;
};

YarnLogSource::YarnLogSource(SourceParts parts)
    : os_(parts.os),
      log_(parts.log),
      name_(parts.configuration->name),
      options_(OptionsOf(parts)),
      first_start_(parts.store, parts.log, name_),
      output_(std::move(parts.output)),
      streams_(PartsOfStreams(parts, output_.get(), options_.record_timeout)) {}

YarnLogSource::~YarnLogSource() = default;

absl::Status YarnLogSource::Open() {
  if (absl::Status status = CheckYarnSourceOptions(options_); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<HttpClient>> client =
      HttpClient::Make(log_, "source " + name_, options_.http);
  if (!client.ok()) return client.status();
  web_ = std::make_unique<ClientWeb>(*std::move(client));
  source_ = std::make_unique<YarnSource>(
      YarnSource::Parts{os_, log_, name_, options_, web_.get(), &streams_});
  int64_t since_ms = INT64_MIN;
  if (options_.start_at.kind != StartAt::Kind::kBeginning) {
    const absl::StatusOr<std::optional<absl::Time>> began =
        first_start_.Begin(os_->Now(), output_.get());
    if (!began.ok()) return began.status();
    // An earlier process may have begun it and was killed: the past ends there.
    const absl::Duration age = options_.start_at.kind == StartAt::Kind::kAge ? options_.start_at.age
                                                                             : absl::ZeroDuration();
    if (*began) since_ms = absl::ToUnixMillis(**began - age);
  }
  source_->Open(streams_.Remembered(), streams_.Reported(), since_ms);
  return absl::OkStatus();
}

absl::Time YarnLogSource::Turn() {
  const absl::Time next = source_->Turn();
  return std::min(next,
                  first_start_.Look(os_->Now(), *output_, [this] { return source_->HasLooked(); }));
}

}  // namespace sparktail
