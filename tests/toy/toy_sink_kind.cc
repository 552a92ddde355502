#include "tests/toy/toy_sink_kind.h"

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "ingest/base/check_report.h"
#include "ingest/base/forms.h"
#include "ingest/base/os.h"
#include "sinks/measure.h"

namespace sparktail::testing {
namespace {

struct ToyOptions {
  std::string path;
};

OptionTable<ToyOptions> ToyOptionTable() {
  return {Declare("path", &ToyOptions::path)
              .Form(kPathForm)
              .Required()
              .Says("Directory of the file toys.ndjson, to which events are appended.")};
}

struct ToyFigures {
  uint64_t toys = 0;
};

constexpr MeasureOf<ToyFigures> kMeasures[] = {
    {{"sparktail_toy_toys_total", Measure::Type::kCounter, "",
      "Events that a toy sink put into its box"},
     &ToyFigures::toys},
};

std::string FileIn(const ToyOptions& options) { return options.path + "/toys.ndjson"; }

class ToySink : public Sink {
 public:
  ToySink(Os* os, CursorStore* store, std::string name, ToyOptions options)
      : os_(os), store_(store), name_(std::move(name)), options_(std::move(options)) {}
  ~ToySink() override {
    if (fd_ >= 0) os_->Close(fd_);
  }

  absl::StatusOr<std::vector<StreamCursor>> Open() override {
    absl::StatusOr<int> fd = os_->OpenToAppend(FileIn(options_), 0600);
    if (!fd.ok()) return fd.status();
    fd_ = *fd;
    return store_->Load(name_);
  }

  absl::Status Write(const EventBuffer& events, size_t first) override {
    for (size_t i = first; i < events.events.size(); ++i) {
      const EventRef& event = events.events[i];
      lines_.append(events.bytes.view().substr(event.begin, event.end - event.begin)).append("\n");
      ++waiting_;
    }
    return absl::OkStatus();
  }

  absl::Status Commit(std::span<const StreamCursor> cursors) override {
    if (absl::Status status = WriteAll(os_, fd_, lines_); !status.ok()) return status;
    if (absl::Status status = store_->Commit(name_, cursors, std::nullopt); !status.ok()) {
      return status;
    }
    const absl::MutexLock lock(&mutex_);
    figures_.toys += std::exchange(waiting_, 0);
    lines_.clear();
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Rollback() override {
    lines_.clear();
    waiting_ = 0;
    return false;
  }

  void AddTo(SinkStatus* status) const override {
    const absl::MutexLock lock(&mutex_);
    AddMeasures(kMeasures, figures_, status);
  }

 private:
  Os* const os_;
  CursorStore* const store_;
  const std::string name_;
  const ToyOptions options_;
  int fd_ = -1;
  std::string lines_;
  uint64_t waiting_ = 0;
  mutable absl::Mutex mutex_;
  ToyFigures figures_ ABSL_GUARDED_BY(mutex_);
};

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return std::make_unique<ToySink>(parts.os, parts.store, parts.configuration->name,
                                   parts.configuration->options.Get<ToyOptions>());
}

std::string Path(const SinkConfiguration& sink) { return FileIn(sink.options.Get<ToyOptions>()); }

absl::Status Problems(const SinkConfiguration& sink) {
  if (!sink.options.Get<ToyOptions>().path.ends_with("/bin")) return absl::OkStatus();
  return absl::InvalidArgumentError("path: toys are not kept in a bin; name another box");
}

void Check(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report) {
  const std::string& box = sink.options.Get<ToyOptions>().path;
  if (parts.os->StatPath(box, /*follow_links=*/true).ok()) {
    return report->Ok("sink " + sink.name, "the box " + box + " is there");
  }
  report->Broken("sink " + sink.name, "the box " + box + " is missing: sparktail setup creates it");
}

void SetUp(const SinkConfiguration& sink, const CheckParts& /*parts*/, CheckReport* report) {
  const std::string& box = sink.options.Get<ToyOptions>().path;
  std::error_code error;
  const bool is_new = std::filesystem::create_directory(box, error);
  if (error) return report->Broken("sink " + sink.name, box + ": " + error.message());
  report->Ok("sink " + sink.name, (is_new ? "created the box " : "found the box ") + box);
}

}  // namespace

const SinkKind& ToySinkKind() {
  static const SinkKind kKind = {
      .name = "toy",
      .sentence = "Puts events into a box.",
      .defaults = AnyOptions::Of(ToyOptions()),
      .options = Joined(Within<SinkConfiguration>(ToyOptionTable(),
                                                  [](SinkConfiguration* sink) {
                                                    return &sink->options.Get<ToyOptions>();
                                                  }),
                        SinkOptionTable()),
      .make = Make,
      .problems = Problems,
      .written_path = Path,
      .check = Check,
      .setup = SetUp,
      .measures = MeasuresIn(kMeasures),
  };
  return kKind;
}

}  // namespace sparktail::testing
