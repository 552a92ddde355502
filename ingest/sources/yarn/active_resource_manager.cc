#include "ingest/sources/yarn/active_resource_manager.h"

#include <utility>

#include "ingest/sources/yarn/yarn_answer.h"

namespace sparktail {

ActiveResourceManager::ActiveResourceManager(std::vector<std::string> urls)
    : urls_(std::move(urls)) {}

void ActiveResourceManager::Begin() {
  if (!found_.empty()) previous_ = std::exchange(found_, "");
  trouble_.clear();
  missing_ = urls_.size();
  is_decided_ = urls_.empty();
}

absl::StatusOr<ClusterInfo> ActiveResourceManager::Take(const std::string& url,
                                                        const HttpResponse& response) {
  absl::StatusOr<ClusterInfo> info = ReadJson(response, ParseClusterInfo);
  if (is_decided_) return info;
  --missing_;
  if (!info.ok() || !info->is_active) {
    trouble_ += (trouble_.empty() ? "" : "; ") + url + ": " +
                (info.ok() ? "it is on standby" : std::string(info.status().message()));
  } else if (found_.empty() || url == previous_) {
    found_ = url;
  }
  const bool is_expected = previous_.empty() || found_ == previous_;
  is_decided_ = missing_ == 0 || (!found_.empty() && is_expected);
  return info;
}

absl::StatusOr<std::string> ActiveResourceManager::Found() const {
  if (!found_.empty()) return found_;
  return absl::UnavailableError("no ResourceManager is active: " + trouble_);
}

}  // namespace sparktail
