#include "ingest/pipeline/file_limit.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <climits>
#include <utility>

namespace sparktail {
namespace {

constexpr rlim_t kKeptDescriptors = 64;

}  // namespace

int RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return INT_MAX;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  rlim_t kept = std::min(kKeptDescriptors, limit.rlim_cur / 2);
  int first = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, INT_MAX));
  while (kept > 0 && first > 0) {
    --first;
    if (::fcntl(first, F_GETFD) < 0) --kept;
  }
  return first;
}

}  // namespace sparktail
