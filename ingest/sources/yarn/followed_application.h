#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/sources/yarn/application_health.h"
#include "ingest/sources/yarn/driver_watch.h"
#include "ingest/sources/yarn/followed_log.h"
#include "ingest/sources/yarn/resource_manager.h"
#include "ingest/sources/yarn/yarn_shared.h"

namespace sparktail {

// Follows one running or ended application: the logs of its ApplicationMasters, and what its driver
// reports. In cluster mode these are the driver's logs. Each attempt has its own logs.
//
// Reader thread only. Must not be destroyed while it is_asking().
class FollowedApplication {
 public:
  // `shared` must outlive this object.
  FollowedApplication(YarnShared* shared, std::string id, int64_t since_ms);
  FollowedApplication(const FollowedApplication&) = delete;
  FollowedApplication& operator=(const FollowedApplication&) = delete;

  // Resumes a log that a sink has a cursor in, and that not all sinks have to its end.
  void Remember(const YarnLog& log);
  // The ResourceManager has returned this description of the application.
  void Update(const YarnApplication& application);
  // The ResourceManager does not know the application any longer.
  void OnForgotten();

  // Sends the requests that are due, if `has_room`. Returns when it wants to be called again; it
  // must also be called after each response.
  absl::Time Turn(bool has_room);
  // Ends its logs. Nothing is read afterwards.
  void EndAll();

  const std::string& id() const { return origin_.application; }
  // The last description by the ResourceManager; before the first one, only the id is set.
  const YarnApplication& application() const { return application_; }
  const std::string& deploy_mode() const { return origin_.deploy_mode; }
  std::optional<int64_t> attempts() const;
  // The content of its event of kind app, as of now.
  AppReport Report() const;
  bool has_ended() const { return has_ended_; }
  // True if the application has ended, and everything readable has been read.
  bool is_done() const;
  // True if everything that is known to exist now has been read.
  bool is_at_end() const;
  bool is_asking() const;
  // Logs that have not ended.
  size_t logs() const;
  uint64_t lag_bytes() const;

 private:
  enum class Mode : uint8_t { kUnknown, kCluster, kClient };

  void OnEnded();
  void OpenCurrent();
  void WarnOfStrangeLogs();
  void Open(const ContainerAddress& address, const std::string& node_id, bool is_over);
  bool Follow(const YarnLog& log);
  FollowedLog* Find(const ContainerAddress& address, std::string_view file);
  void RequestMode(absl::Time now);
  void SetMode(Mode mode, std::string_view name);
  void RequestAttempts();
  void RequestDriver();

  YarnShared* const shared_;
  YarnOrigin origin_;  // without an attempt
  ApplicationHealth health_;
  YarnApplication application_;
  std::string container_;  // of the current attempt; empty: not known
  Mode mode_ = Mode::kUnknown;
  bool mode_asked_ = false;  // a response is to come
  int mode_tries_ = 0;
  absl::Time next_mode_ = absl::InfinitePast();
  std::string attempts_of_;  // the container for which the attempts were requested
  bool has_ended_ = false;
  bool has_strange_logs_ = false;
  std::vector<std::unique_ptr<FollowedLog>> logs_;
  std::unique_ptr<DriverWatch> driver_;
  std::string driver_attempt_;
  absl::Time next_driver_ = absl::InfinitePast();
  int asking_ = 0;  // requests for the mode, the attempts and to the driver
  ApplicationHealth::Part attempts_errors_;
  ApplicationHealth::Part driver_errors_;
};

}  // namespace sparktail
