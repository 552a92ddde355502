#include "ingest/sources/file/recent_bytes.h"

#include <algorithm>
#include <cstring>

namespace sparktail {

void RecentBytes::Add(std::string_view bytes) {
  if (bytes.size() >= kMarkerSize) {
    std::memcpy(last_.data(), bytes.data() + bytes.size() - kMarkerSize, kMarkerSize);
    size_ = kMarkerSize;
    return;
  }
  const size_t kept = std::min(size_, kMarkerSize - bytes.size());
  std::memmove(last_.data(), last_.data() + size_ - kept, kept);
  if (!bytes.empty()) std::memcpy(last_.data() + kept, bytes.data(), bytes.size());
  size_ = kept + bytes.size();
}

Fingerprint RecentBytes::MarkerAfter(std::string_view bytes) const {
  if (bytes.size() >= kMarkerSize) {
    return Fingerprint::Of(bytes.substr(bytes.size() - kMarkerSize));
  }
  RecentBytes all = *this;
  all.Add(bytes);
  return Fingerprint::Of(all.view());
}

}  // namespace sparktail
