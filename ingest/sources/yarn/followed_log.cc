#include "ingest/sources/yarn/followed_log.h"

#include <algorithm>
#include <utility>

namespace sparktail {
namespace {

using Kind = ContainerLogReader::Outcome::Kind;

constexpr absl::Duration kLogTime = absl::Seconds(60);
// The JVM of an ended attempt keeps running for some seconds.
constexpr absl::Duration kLastWords = absl::Seconds(1);
// Reads without news that end a log, if the NodeManager does not report the container's state.
constexpr int kQuietReads = 3;

}  // namespace

FollowedLog::FollowedLog(YarnShared* shared, ApplicationHealth* health, YarnLog log,
                         std::unique_ptr<YarnLogTail> tail)
    : shared_(shared),
      health_(health),
      log_(std::move(log)),
      tail_(std::move(tail)),
      reader_(tail_->begin()) {}

void FollowedLog::AddNode(const std::string& node_id) {
  if (log_.name.node_id.empty()) log_.name.node_id = node_id;
}

void FollowedLog::MarkOver(bool has_application_ended) {
  has_application_ended_ = has_application_ended;
  if (std::exchange(is_over_, true)) return;
  over_ = shared_->os->Now();
  next_ = std::min(next_, over_ + kLastWords);
}

bool FollowedLog::Tick(absl::Time now) {
  return !has_ended_ && tail_->Tick(now, read_at_ >= now - shared_->options->record_timeout);
}

bool FollowedLog::is_at_end() const {
  const bool has_none = is_gone_ && !is_over_;
  return has_ended_ || has_none ||
         (read_at_ > absl::InfinitePast() && reader_.offset() >= reader_.length());
}

uint64_t FollowedLog::lag_bytes() const {
  return has_ended_ ? 0 : reader_.length() - std::min(reader_.length(), reader_.offset());
}

void FollowedLog::Request(absl::Time now) {
  const YarnSourceOptions& options = *shared_->options;
  const ContainerAddress& address = log_.name.address;
  const std::string why_not = at_history_ ? "" : WhyNotAsked(shared_->rm, address, options);
  if (!why_not.empty()) return OnWrong(why_not);
  HttpRequest request = reader_.Next(
      at_history_ ? ContainerLogReader::Server::kHistory : ContainerLogReader::Server::kNode,
      at_history_ ? options.history_server + options.url_prefix
                  : NodeUrl(address, options.url_prefix),
      log_.name);
  request.timeout = kLogTime;
  is_asking_ = true;
  shared_->queue->Start(std::move(request), [this, now](const HttpResponse& response) {
    is_asking_ = false;
    if (!has_ended_) OnResponse(now, response);
  });
}

void FollowedLog::OnResponse(absl::Time asked, const HttpResponse& response) {
  const Outcome outcome = reader_.Take(response);
  is_gone_ = outcome.kind == Kind::kGone;
  switch (outcome.kind) {
    case Kind::kRead:
      return OnRead(asked, outcome);
    case Kind::kGone:
      return OnGone(outcome.why);
    case Kind::kShrunk:
      return OnShrunk(outcome.why);
    case Kind::kWrong:
      return OnWrong(outcome.why);
  }
}

void FollowedLog::OnRead(absl::Time asked, const Outcome& outcome) {
  health_->OnSuccess(&errors_);
  if (reader_.is_inexact() && !std::exchange(is_inexact_, true)) {
    tail_->SetInexact();
    health_->Warn("yarn_inexact", log_.name.file +
                                      " contains bytes that are not UTF-8, and its NodeManager "
                                      "cannot return them: they are replaced");
  }
  if (!outcome.bytes.empty()) {
    shared_->read_bytes += outcome.bytes.size();
    tail_->OnBytes(outcome.bytes);
    tail_->EndTurn();
    quiet_ = 0;
  }
  next_ = asked;
  if (!outcome.at_end) return;
  read_at_ = asked;
  if (!is_over_) {
    next_ = asked + shared_->Jittered(shared_->options->read_interval);
    return;
  }
  if (asked < over_) return;  // a response to an earlier request may not have everything
  if (at_history_ || IsComplete(outcome)) return End();
  next_ = asked + kLastWords;
}

// True if no more bytes can come. Its attempt is over, and it was just read to its end.
bool FollowedLog::IsComplete(const Outcome& outcome) {
  if (outcome.is_running) return !*outcome.is_running || IsTooLate();
  const bool is_complete = outcome.bytes.empty() && ++quiet_ > kQuietReads;
  if (quiet_ >= kQuietReads) reader_.set_complete();
  return is_complete;
}

void FollowedLog::OnShrunk(const std::string& why) {
  // The last lines of a killed container may be missing from the uploaded log.
  if (at_history_) return End();
  ++shared_->shrunk;
  if (is_over_) return OnWrong(why);
  next_ = shared_->os->Now() + shared_->options->poll_interval;
  health_->OnError(&errors_, "shrunk",
                   log_.name.file + ": " + why + "; reading resumes once it is longer again");
}

void FollowedLog::OnGone(const std::string& why) {
  const YarnSourceOptions& options = *shared_->options;
  const absl::Time now = shared_->os->Now();
  if (!is_over_) {
    // A missing stdout is harmless, but a log that was read and then unlinked does not come back.
    next_ = now + std::max(options.poll_interval, options.read_interval);
    if (reader_.offset() == 0 && log_.name.file != "stderr") return;
    return health_->OnError(
        &errors_, "gone",
        log_.name.file + " cannot be read any longer, although the application is running: " + why);
  }
  if (options.history_server.empty()) {
    return GiveUp(why + "; set `history_server`, which keeps such logs");
  }
  if (!std::exchange(at_history_, true)) {
    next_ = now;
    return;
  }
  if (IsTooLate()) return GiveUp("the history server does not have it: " + why);
  next_ = now + shared_->Jittered(options.read_interval);
}

void FollowedLog::OnWrong(const std::string& why) {
  const YarnSourceOptions& options = *shared_->options;
  if (is_over_ && IsTooLate()) return GiveUp(why);
  // The node may be gone for good, but its logs may have been uploaded.
  const bool may_be_uploaded = has_application_ended_ && !options.history_server.empty() &&
                               errors_.errors >= options.error_min_count;
  if (may_be_uploaded) at_history_ = !at_history_;
  const std::string& server = at_history_ ? options.history_server : log_.name.address.node;
  health_->OnError(&errors_, "wrong",
                   log_.name.file + " cannot be read from " + server + ": " + why);
  next_ = shared_->os->Now() + shared_->Jittered(options.read_interval) + health_->RestOf(errors_);
}

void FollowedLog::GiveUp(const std::string& why) {
  health_->Warn("yarn_end",
                log_.name.file + " of attempt " + log_.origin.attempt +
                    " cannot be read after byte " + std::to_string(reader_.offset()) + ": " + why,
                log_.name.file);
  End();
}

bool FollowedLog::IsTooLate() const {
  return shared_->os->Now() - over_ > shared_->options->end_wait;
}

void FollowedLog::End() {
  if (!std::exchange(has_ended_, true)) tail_->End();
}

}  // namespace sparktail
