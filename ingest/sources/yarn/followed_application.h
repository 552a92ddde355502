#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/sources/yarn/container_log_reader.h"
#include "ingest/sources/yarn/driver_watch.h"
#include "ingest/sources/yarn/host_queue.h"
#include "ingest/sources/yarn/resource_manager.h"
#include "ingest/sources/yarn/yarn_source_options.h"
#include "ingest/sources/yarn/yarn_tail.h"

namespace sparktail {

// State that the applications of one source share.
struct YarnShared {
  Os* os = nullptr;
  Log* log = nullptr;
  std::string source;  // name
  const YarnSourceOptions* options = nullptr;
  HostQueue* queue = nullptr;
  YarnTailMaker* tails = nullptr;
  std::string rm;  // URL of the active ResourceManager; empty: not known yet
  // Uniform between 0 and 1.
  double (*random)() = nullptr;

  uint64_t read_bytes = 0;
  uint64_t errors = 0;
  uint64_t shrunk = 0;
};

// Follows one running or ended application: the logs of its ApplicationMasters, and what its driver
// reports. In cluster mode these are the driver's logs. Each attempt has its own logs, and each log
// is read until no more bytes can come:
//
//   the attempt runs           read from its NodeManager
//   the attempt has ended      read until the NodeManager reports the end of the container, and
//                              nothing new comes
//   the NodeManager has        read from the history server once it has the log, for end_wait at
//   deleted the log            most; a warning names what cannot be read
//
// Reader thread only. Must not be destroyed while it is_asking().
class FollowedApplication {
 public:
  // `shared` must outlive this object.
  FollowedApplication(YarnShared* shared, std::string id, int64_t since_ms);
  FollowedApplication(const FollowedApplication&) = delete;
  FollowedApplication& operator=(const FollowedApplication&) = delete;
  ~FollowedApplication();

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
  bool has_ended() const { return has_ended_; }
  // True if the application has ended, and everything readable has been read.
  bool is_done() const;
  // True if everything that is known to exist now has been read.
  bool is_at_end() const;
  bool is_asking() const { return asking_ > 0; }
  // Logs that have not ended.
  size_t logs() const;
  uint64_t lag_bytes() const;

 private:
  enum class Mode : uint8_t { kUnknown, kCluster, kClient };
  // The errors of one kind of request: for a log, for the attempts, or to the driver.
  struct Health {
    uint64_t errors = 0;  // consecutive
    std::string trouble;  // kind of the last error; empty: none
  };
  struct Reading;

  void OnEnded();
  void OpenCurrent();
  void WarnOfStrangeLogs();
  void Open(const ContainerAddress& address, const std::string& node_id, bool is_over);
  Reading* Find(const ContainerAddress& address, const std::string& file);
  void MarkOver(Reading* reading);
  void RequestMode(absl::Time now);
  void SetMode(Mode mode, std::string_view name);
  void RequestAttempts();
  void RequestDriver();
  void RequestLog(Reading* reading, absl::Time now);
  void OnResponse(Reading* reading, absl::Time asked, const HttpResponse& response);
  void OnRead(Reading* reading, absl::Time asked, const ContainerLogReader::Outcome& outcome);
  bool IsComplete(Reading* reading, const ContainerLogReader::Outcome& outcome);
  void OnGone(Reading* reading, const std::string& why);
  void OnWrong(Reading* reading, const std::string& why);
  void GiveUp(Reading* reading, const std::string& why);
  void EndReading(Reading* reading);
  absl::Duration Jittered(absl::Duration duration) const;
  void OnError(Health* health, std::string_view kind, const std::string& what);
  void OnSuccess(Health* health);
  absl::Duration RestOf(const Health& health) const;
  bool HasTrouble(std::string_view kind) const;
  std::string Title() const;

  YarnShared* const shared_;
  YarnOrigin origin_;  // without an attempt
  YarnApplication application_;
  std::string container_;  // of the current attempt; empty: not known
  Mode mode_ = Mode::kUnknown;
  bool mode_asked_ = false;  // a response is to come
  int mode_tries_ = 0;
  absl::Time next_mode_ = absl::InfinitePast();
  std::string attempts_of_;  // the container for which the attempts were requested
  bool has_ended_ = false;
  bool has_strange_logs_ = false;
  std::vector<std::unique_ptr<Reading>> readings_;
  std::unique_ptr<DriverWatch> driver_;
  std::string driver_attempt_;
  absl::Time next_driver_ = absl::InfinitePast();
  int asking_ = 0;
  Health attempts_health_;
  Health health_;  // requests to the driver
};

}  // namespace sparktail
