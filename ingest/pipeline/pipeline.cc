#include "ingest/pipeline/pipeline.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <map>
#include <string_view>
#include <utility>

#include "ingest/base/time_zone.h"
#include "sinks/file/file_sink.h"
#include "sinks/sqlite/sqlite_sink.h"
#include "sinks/stdout/stdout_sink.h"

namespace sparktail {
namespace {

// Writes that come in quick succession are read together: a wake-up costs more than a line.
constexpr absl::Duration kGatherTime = absl::Milliseconds(20);
constexpr absl::Duration kLongestWait = absl::Seconds(5);
constexpr absl::Duration kJoinInterval = absl::Milliseconds(100);
constexpr absl::Duration kStuck = absl::Minutes(1);
constexpr absl::Duration kStatsInterval = absl::Seconds(1);
constexpr absl::Duration kTouchInterval = absl::Hours(1);
constexpr absl::Duration kKeepCursors = absl::Hours(30 * 24);
// Of a driver's log, in which its last words are.
constexpr size_t kLastWords = size_t{64} << 10;
constexpr rlim_t kKeptDescriptors = 64;
constexpr std::string_view kContextStopped = "Successfully stopped SparkContext";
constexpr absl::Duration kQuietAfterStop = absl::Seconds(3);

// Each followed file needs a descriptor. Returns the first of those that are kept back for sinks,
// scans and connections.
int RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return INT_MAX;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  const rlim_t kept = std::min(kKeptDescriptors, limit.rlim_cur / 2);
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur - kept, INT_MAX));
}

// What the sinks remember of each file: the place that is farthest, for it proves most.
std::vector<FileSource::Remembered> FilesOf(const Distributor& output) {
  std::map<std::string, FileSource::Remembered> files;
  for (const StreamKey& stream : output.Streams()) {
    const Cursor* newest = output.NewestOf(stream);
    const Cursor* first = output.StartOf(stream);
    std::optional<FilePosition> place = FilePosition::FromJson(newest->position);
    if (!place) continue;
    if (place->seek) {
      place->raw = 0;
      place->marker = Fingerprint();
    }
    const bool ended = first != nullptr && first->ended && newest->ended;
    const auto [file, is_new] = files.try_emplace(place->file);
    file->second.ended = ended && (is_new || file->second.ended);
    if (is_new || place->raw > file->second.place.raw) file->second.place = *std::move(place);
  }
  std::vector<FileSource::Remembered> remembered;
  remembered.reserve(files.size());
  for (auto& [name, file] : files) remembered.push_back(std::move(file));
  return remembered;
}

}  // namespace

struct Pipeline::Source {
  std::string name;
  std::unique_ptr<Distributor> output;
  std::unique_ptr<LogTails> tails;
  std::unique_ptr<FileSource> source;
};

Pipeline::Pipeline(Parts parts)
    : parts_(std::move(parts)),
      os_(parts_.os),
      log_(parts_.log),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      started_(os_->Now()) {
  if (parts_.observe_queries) gauges_ = std::make_unique<QueryGauges>(os_);
}

// Tails give their last stand to sinks, sinks theirs to the store.
Pipeline::~Pipeline() {
  sources_.clear();
  sinks_.clear();
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

absl::Status Pipeline::Open() {
  most_descriptors_ = RaiseFileLimit();
  if (wake_fd_ < 0) return absl::UnavailableError("eventfd failed: no descriptors are left");
  const Configuration& configuration = *parts_.configuration;
  absl::StatusOr<std::unique_ptr<CursorStore>> store = CursorStore::Open(
      os_, log_, configuration.state_dir, CursorStore::Access::kOwn, parts_.recover);
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  next_touch_ = os_->Now();
  for (const SinkConfiguration& sink : configuration.sinks) {
    if (absl::Status status = OpenSink(sink); !status.ok()) {
      return absl::Status(status.code(),
                          "sink " + sink.name + ": " + std::string(status.message()));
    }
  }
  for (const SourceConfiguration& source : configuration.sources) {
    if (absl::Status status = OpenSource(source); !status.ok()) return status;
  }
  cursors_.clear();
  for (const auto& sink : sinks_) sink->Start();
  turned_ns_ = absl::ToUnixNanos(os_->Now());
  ready_ = true;
  return absl::OkStatus();
}

absl::Status Pipeline::OpenSink(const SinkConfiguration& configuration) {
  SinkWorker::Parts parts;
  parts.os = os_;
  parts.log = log_;
  parts.name = configuration.name;
  parts.options = configuration.delivery;
  if (const auto* file = std::get_if<FileSinkOptions>(&configuration.options)) {
    auto sink = std::make_unique<FileSink>(os_, log_, store_.get(), configuration.name, *file,
                                           parts_.recover);
    parts.kind = "file";
    parts.lost_bytes = [sink = sink.get()] { return sink->lost_bytes(); };
    parts.sink = std::move(sink);
  } else if (const auto* sqlite = std::get_if<SqliteSinkOptions>(&configuration.options)) {
    dead_letters_.push_back(std::make_unique<DeadLetters>(
        os_, log_, parts_.configuration->state_dir + "/dead-letter", configuration.name,
        configuration.delivery.dead_letter_bytes));
    DeadLetters* letters = dead_letters_.back().get();
    parts.kind = "sqlite";
    parts.sink = std::make_unique<SqliteSink>(os_, log_, letters, configuration.name, *sqlite);
    parts.mirror = store_.get();
    parts.dead_letters = [letters] { return letters->count(); };
  } else {
    parts.kind = "stdout";
    parts.sink = std::make_unique<StdoutSink>(os_, store_.get(), configuration.name, STDOUT_FILENO,
                                              ::isatty(STDOUT_FILENO) == 1);
  }
  sinks_.push_back(std::make_unique<SinkWorker>(std::move(parts), [this] { Wake(); }));
  absl::StatusOr<std::vector<StreamCursor>> cursors = sinks_.back()->Open();
  if (!cursors.ok()) return cursors.status();
  cursors_.push_back(*std::move(cursors));
  return absl::OkStatus();
}

absl::Status Pipeline::OpenSource(const SourceConfiguration& configuration) {
  auto source = std::make_unique<Source>();
  source->name = configuration.name;
  std::vector<SinkWorker*> sinks;
  std::vector<std::vector<StreamCursor>> cursors;
  for (size_t i = 0; i < sinks_.size(); ++i) {
    const auto& names = configuration.sinks;
    const bool is_fed =
        names.empty() || std::find(names.begin(), names.end(), sinks_[i]->name()) != names.end();
    if (!is_fed) continue;
    sinks.push_back(sinks_[i].get());
    cursors.emplace_back();
    for (const StreamCursor& cursor : cursors_[i]) {
      if (cursor.stream.starts_with(configuration.name + "/")) cursors.back().push_back(cursor);
    }
  }
  source->output = std::make_unique<Distributor>(std::move(sinks), std::move(cursors));

  const auto& options = std::get<FileSourceOptions>(configuration.options);
  if (options.start_at.kind != StartAt::Kind::kBeginning) source->output->StartNewSinksAtOthers();

  LogTails::Parts tails;
  tails.os = os_;
  tails.log = log_;
  tails.source = configuration.name;
  tails.environment = configuration.environment;
  tails.host = parts_.host;
  tails.record_timeout = options.record_timeout;
  tails.output = source->output.get();
  tails.parser.max_event_bytes = parts_.configuration->max_event_bytes;
  const std::optional<absl::TimeZone> zone = FindTimeZone(configuration.timezone);
  if (!zone) return absl::InvalidArgumentError("unknown time zone " + configuration.timezone);
  tails.parser.zone = *zone;
  if (gauges_) {
    tails.observe = [this](const EventBuffer& events) { gauges_->Observe(events); };
  }
  source->tails = std::make_unique<LogTails>(std::move(tails));
  source->source = std::make_unique<FileSource>(FileSource::Parts{
      os_, log_, configuration.name, options, source->tails.get(), most_descriptors_});
  std::vector<FileSource::Remembered> remembered = FilesOf(*source->output);
  sources_.push_back(std::move(source));
  const absl::MutexLock lock(&mutex_);
  parsed_.emplace_back();
  return sources_.back()->source->Open(std::move(remembered));
}

absl::Status Pipeline::Run() {
  absl::Status failure;
  while (!stopping_) {
    const absl::Time began = os_->Now();
    absl::Time next = began + kLongestWait;
    for (const auto& source : sources_) next = std::min(next, source->source->Turn());
    turned_ns_ = absl::ToUnixNanos(os_->Now());
    if (began >= next_stats_) {
      next_stats_ = began + kStatsInterval;
      CopyStats();
    }
    for (const auto& sink : sinks_) {
      if (failure.ok()) failure = sink->failure();
    }
    if (!failure.ok() || IsComplete()) break;
    if (began >= next_touch_) Touch(began);
    Wait(next);
    // Not at once after the last turn.
    const absl::Duration since = os_->Now() - began;
    if (next > began && since < kGatherTime && !stopping_) {
      ::usleep(static_cast<useconds_t>(absl::ToInt64Microseconds(kGatherTime - since)));
    }
  }
  if (!failure.ok()) stopping_ = true;
  const absl::Status finished = Finish();
  // Where something hangs, nothing can be taken down: that is to be told first.
  if (absl::IsDeadlineExceeded(finished) && !failure.ok()) {
    return absl::DeadlineExceededError(std::string(failure.message()) + "; " +
                                       std::string(finished.message()));
  }
  return failure.ok() ? finished : failure;
}

// The driver has exited, and all of its log was read.
bool Pipeline::IsComplete() {
  if (!parts_.until_exit.enabled) return false;
  const absl::Time now = os_->Now();
  const std::string& marker = parts_.until_exit.marker;
  // What was written before the marker may not have been seen in the turn before it.
  if (!marked_ && !marker.empty()) {
    if (!os_->StatPath(marker, /*follow_links=*/true).ok()) return false;
    marked_ = true;
    for (const auto& source : sources_) source->source->LookAgain();
    Wake();
    return false;
  }
  for (const auto& source : sources_) {
    if (!source->source->AtEnd()) return false;
    if (marked_) continue;
    if (now - source->source->grown() < kQuietAfterStop) return false;
    if (source->source->LastBytes(kLastWords).find(kContextStopped) == std::string::npos) {
      return false;
    }
    if (source->source->IsWrittenTo()) return false;
  }
  for (const auto& source : sources_) source->source->EndAll();
  log_->Info("complete", "the driver's log is complete; delivering what is left");
  return true;
}

absl::Status Pipeline::Finish() {
  for (const auto& source : sources_) source->tails->HandOnAll();
  for (const auto& sink : sinks_) sink->Finish();
  absl::Time deadline = absl::InfiniteFuture();
  std::string undelivered;
  for (const auto& sink : sinks_) {
    bool joined = false;
    while (!joined && os_->Now() < deadline) {
      joined = sink->Join(os_->Now() + kJoinInterval);
      turned_ns_ = absl::ToUnixNanos(os_->Now());
      if (stopping_ && deadline == absl::InfiniteFuture()) {
        deadline = os_->Now() + parts_.configuration->shutdown_timeout;
      }
    }
    if (joined || sink->Join(os_->Now())) continue;
    undelivered += (undelivered.empty() ? "" : ", ") + sink->name();
  }
  CopyStats();
  if (undelivered.empty()) return absl::OkStatus();
  return absl::DeadlineExceededError("not all was delivered within shutdown_timeout, by sink " +
                                     undelivered + "; it will be read and delivered again");
}

void Pipeline::CopyStats() {
  std::vector<ParserStats> parsed;
  for (const auto& source : sources_) parsed.push_back(source->tails->stats());
  const absl::MutexLock lock(&mutex_);
  parsed_ = std::move(parsed);
}

void Pipeline::Stop() {
  stopping_ = true;
  Wake();
}

void Pipeline::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof(one));
}

void Pipeline::Wait(absl::Time until) {
  std::vector<pollfd> fds = {{wake_fd_, POLLIN, 0}};
  for (const auto& source : sources_) {
    if (source->source->wake_fd() >= 0) fds.push_back({source->source->wake_fd(), POLLIN, 0});
  }
  const absl::Duration wait = std::clamp(until - os_->Now(), absl::ZeroDuration(), kLongestWait);
  ::poll(fds.data(), fds.size(),
         static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)))));
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t read = ::read(wake_fd_, &count, sizeof(count));
}

// Cursors of streams that are still there must not expire, however idle they are.
void Pipeline::Touch(absl::Time now) {
  next_touch_ = now + kTouchInterval;
  std::vector<StreamKey> streams;
  for (const auto& source : sources_) {
    for (StreamKey& stream : source->tails->Streams()) streams.push_back(std::move(stream));
  }
  absl::Status status = store_->Touch(streams);
  if (status.ok()) status = store_->Expire(now - kKeepCursors).status();
  if (!status.ok()) {
    log_->Warn("expire",
               "offsets.db: old cursors can't be dropped: " + std::string(status.message()));
  }
}

bool Pipeline::healthy() const {
  return !ready_ || os_->Now() - absl::FromUnixNanos(turned_ns_) < kStuck;
}

PipelineStatus Pipeline::status() const {
  PipelineStatus status;
  status.started = started_;
  status.healthy = healthy();
  status.ready = ready_;
  if (!ready_) {
    status.not_ready = "starting";
    return status;
  }
  for (const auto& sink : sinks_) {
    status.sinks.push_back(sink->status());
    if (status.sinks.back().state == SinkStatus::State::kStopped) {
      status.ready = false;
      status.not_ready = "sink " + sink->name() + " is stopped: " + status.sinks.back().why;
    }
  }
  std::vector<ParserStats> parsed;
  {
    const absl::MutexLock lock(&mutex_);
    parsed = parsed_;
  }
  for (size_t i = 0; i < sources_.size(); ++i) {
    const FileSource::Counts counts = sources_[i]->source->counts();
    SourceStatus source;
    source.name = sources_[i]->name;
    source.kind = "file";
    source.read_bytes = counts.read_bytes;
    source.behind_bytes = counts.behind_bytes;
    source.open_files = counts.open_files;
    source.streams = counts.files;
    source.lost_bytes = counts.lost_bytes;
    source.rotations = counts.rotations;
    source.truncations = counts.truncations;
    source.errors = counts.errors;
    source.parsed = parsed[i];
    for (const auto& [file, bytes] : counts.behind) {
      source.behind.push_back({source.name + "/" + file, bytes});
    }
    status.sources.push_back(std::move(source));
  }
  if (gauges_) status.queries = gauges_->Read();
  return status;
}

uint64_t Pipeline::dead_letters() const {
  uint64_t count = 0;
  for (const auto& letters : dead_letters_) count += letters->count();
  return count;
}

ParserStats Pipeline::parsed() const {
  ParserStats sum;
  const absl::MutexLock lock(&mutex_);
  for (const ParserStats& stats : parsed_) sum.Add(stats);
  return sum;
}

}  // namespace sparktail
