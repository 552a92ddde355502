#include "ingest/cli/progress_bar.h"

#include <algorithm>
#include <cstdio>

#include "ingest/base/os.h"

namespace sparktail {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(200);
constexpr size_t kWidth = 30;

}  // namespace

ProgressBar::ProgressBar(Os* os, int fd, bool enabled, uint64_t total)
    : os_(os), fd_(fd), enabled_(enabled && total >= kLargeInput), total_(total) {}

ProgressBar::~ProgressBar() {
  if (drawn_) WriteAll(os_, fd_, "\r\x1b[K").IgnoreError();
}

void ProgressBar::Update(uint64_t done, uint64_t events, absl::Time now) {
  if (!enabled_) return;
  if (started_ == absl::InfinitePast()) started_ = last_ = now;
  if (now - last_ < kInterval) return;
  last_ = now;
  drawn_ = true;
  WriteAll(os_, fd_, "\r\x1b[K" + Format(done, total_, events, now - started_)).IgnoreError();
}

std::string ProgressBar::Format(uint64_t done, uint64_t total, uint64_t events,
                                absl::Duration elapsed) {
  const double share =
      total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<size_t>(share * kWidth);
  std::string bar = "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "]";
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-3);
  char figures[96];
  std::snprintf(figures, sizeof figures, " %3d %%  %.1f MB/s  %llu events",
                static_cast<int>(share * 100), static_cast<double>(done) / 1e6 / seconds,
                static_cast<unsigned long long>(events));
  return bar + figures;
}

}  // namespace sparktail
