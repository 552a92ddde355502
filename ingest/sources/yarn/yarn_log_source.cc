#include "ingest/sources/yarn/yarn_log_source.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace sparktail {
namespace {

constexpr absl::Duration kFirstStartLook = absl::Seconds(1);

const YarnSourceOptions& OptionsOf(const SourceParts& parts) {
  return parts.configuration->options.Get<YarnSourceOptions>();
}

YarnStreams::Parts PartsOfStreams(const SourceParts& parts, Output* output) {
  YarnStreams::Parts streams;
  streams.os = parts.os;
  streams.log = parts.log;
  streams.source = parts.configuration->name;
  streams.environment = parts.configuration->environment;
  streams.parser = parts.parser;
  streams.output = output;
  streams.observe = parts.observe;
  streams.record_timeout = OptionsOf(parts).record_timeout;
  return streams;
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
      streams_(PartsOfStreams(parts, output_.get())) {}

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
        first_start_.Begin(os_->Now(), !output_->Streams().empty());
    if (!began.ok()) return began.status();
    is_starting_ = began->has_value();
    // In a first start that is not over a sink that has nothing may have got nothing yet.
    if (!is_starting_) output_->StartNewSinksAtOthers();
    // A process that was killed has begun it: what was written since is not the past.
    const absl::Duration age = options_.start_at.kind == StartAt::Kind::kAge ? options_.start_at.age
                                                                             : absl::ZeroDuration();
    if (is_starting_) since_ms = absl::ToUnixMillis(**began - age);
  }
  source_->Open(streams_.Remembered(), streams_.Reported(), since_ms);
  return absl::OkStatus();
}

absl::Time YarnLogSource::Turn() {
  const absl::Time next = source_->Turn();
  if (!is_starting_) return next;
  LookWhetherStarted();
  return std::min(next, os_->Now() + kFirstStartLook);
}

// The sinks are told of a log at once: what they know of is found again. A kill before that must
// not deliver the past.
void YarnLogSource::LookWhetherStarted() {
  if (!first_given_ && source_->HasLooked()) first_given_ = output_->Given();
  if (!first_given_ || !output_->HaveDelivered(*first_given_)) return;
  is_starting_ = !first_start_.End();
}

SourceStatus YarnLogSource::status() const {
  const YarnSource::Counts counts = source_->counts();
  SourceStatus status;
  status.name = name_;
  status.kind = "yarn";
  status.read_bytes = counts.read_bytes;
  status.errors = counts.errors;
  status.streams = counts.logs;
  status.truncations = counts.shrunk;
  status.lag_bytes = counts.lag_bytes;
  status.trouble = counts.trouble;
  return status;
}

}  // namespace sparktail
