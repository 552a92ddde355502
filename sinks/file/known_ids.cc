#include "sinks/file/known_ids.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "sinks/output_file.h"

namespace sparktail {
namespace {

constexpr size_t kChunk = size_t{1} << 20;
// `@timestamp` and `kind` come before `id` (docs/documents.md) and take less than 100 bytes.
constexpr size_t kMaxBegin = 256;

std::optional<uint64_t> FromHex(std::string_view digits) {
  uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [read, error] = std::from_chars(digits.data(), end, value, 16);
  if (error != std::errc() || read != end) return std::nullopt;
  return value;
}

std::optional<std::pair<uint64_t, uint64_t>> BitsOf(std::string_view id) {
  if (id.size() != EventId().size()) return std::nullopt;
  const auto high = FromHex(id.substr(0, 16));
  const auto low = FromHex(id.substr(16));
  if (!high || !low) return std::nullopt;
  return std::pair(*high, *low);
}

}  // namespace

absl::Status KnownIds::Collect(Os* os, int fd) {
  std::vector<char> chunk(kChunk);
  begin_.clear();
  uint64_t offset = 0;
  while (true) {
    const absl::StatusOr<size_t> count = os->ReadAt(fd, offset, chunk.data(), chunk.size());
    if (!count.ok()) return count.status();
    if (*count == 0) return absl::OkStatus();
    Feed({chunk.data(), *count});
    offset += *count;
  }
}

absl::Status KnownIds::Collect(Os* os, const std::string& path) {
  const absl::StatusOr<int> fd = os->OpenToFollow(path);
  if (!fd.ok()) return Because(fd.status(), "read " + path);
  const absl::Status status = Collect(os, *fd);
  os->Close(*fd);
  return Because(status, "read " + path);
}

void KnownIds::Feed(std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view part = text.substr(0, end);
    begin_.append(part.substr(0, kMaxBegin - std::min(kMaxBegin, begin_.size())));
    if (end == std::string_view::npos) return;
    AddLine(begin_);
    begin_.clear();
    text.remove_prefix(end + 1);
  }
}

void KnownIds::AddLine(std::string_view line) {
  static constexpr std::string_view kId = "\"id\":\"";
  const size_t kind = line.find("\"kind\":\"");
  if (kind == std::string_view::npos) return;
  const size_t id = line.find(kId, kind);
  if (id == std::string_view::npos) return;
  if (const auto bits = BitsOf(line.substr(id + kId.size(), EventId().size()))) ids_.insert(*bits);
}

bool KnownIds::Has(const EventId& id) const {
  const auto bits = BitsOf(View(id));
  return bits && ids_.contains(*bits);
}

}  // namespace sparktail
