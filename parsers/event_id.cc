#include "parsers/event_id.h"

#include <cstddef>
#include <cstdint>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sparktail {
namespace {

EventId ToHex(XXH128_hash_t hash) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  EventId id{};
  for (size_t i = 0; i < sizeof canonical.digest; ++i) {
    id[2 * i] = kHex[canonical.digest[i] >> 4];
    id[2 * i + 1] = kHex[canonical.digest[i] & 15];
  }
  return id;
}

}  // namespace

EventId MakeEventId(std::initializer_list<std::string_view> fields) {
  size_t size = fields.size();
  for (const std::string_view field : fields) size += field.size();
  std::array<char, 512> small{};
  std::string large;
  char* text = small.data();
  if (size > small.size()) {
    large.resize(size);
    text = large.data();
  }
  size_t at = 0;
  for (const std::string_view& field : fields) {
    if (&field != fields.begin()) text[at++] = '\n';
    field.copy(text + at, field.size());
    at += field.size();
  }
  return ToHex(XXH3_128bits(text, at));
}

struct FirstLineHash::State {
  XXH3_state_t xxh3{};
  bool held_return = false;  // the last byte was a '\r' that may belong to the line end
};

FirstLineHash::FirstLineHash() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->xxh3);
}
FirstLineHash::FirstLineHash(std::string_view hex) : hex_(hex) {}
FirstLineHash::FirstLineHash(FirstLineHash&&) noexcept = default;
FirstLineHash& FirstLineHash::operator=(FirstLineHash&&) noexcept = default;
FirstLineHash::~FirstLineHash() = default;

void FirstLineHash::Feed(std::string_view text) {
  if (complete() || text.empty()) return;
  const size_t newline = text.find('\n');
  std::string_view line = text.substr(0, newline);
  if (!line.empty()) {
    if (state_->held_return) XXH3_128bits_update(&state_->xxh3, "\r", 1);
    state_->held_return = line.back() == '\r';
    if (state_->held_return) line.remove_suffix(1);
    XXH3_128bits_update(&state_->xxh3, line.data(), line.size());
  }
  if (newline != std::string_view::npos) Finish();
}

void FirstLineHash::Finish() {
  const EventId id = ToHex(XXH3_128bits_digest(&state_->xxh3));
  hex_ = View(id);
  state_.reset();
}

}  // namespace sparktail
