#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/sources/yarn/driver_watch.h"
#include "ingest/sources/yarn/host_queue.h"
#include "ingest/sources/yarn/log_reader.h"
#include "ingest/sources/yarn/resource_manager.h"
#include "ingest/sources/yarn/yarn_source_options.h"
#include "ingest/sources/yarn/yarn_tail.h"

namespace sparktail {

// What the applications of one source share.
struct YarnShared {
  Os* os = nullptr;
  Log* log = nullptr;
  std::string source;  // name
  const YarnSourceOptions* options = nullptr;
  HostQueue* queue = nullptr;
  YarnTailMaker* tails = nullptr;
  std::string rm;  // the active ResourceManager; empty: not known yet
  // Between 0 and 1, evenly.
  double (*random)() = nullptr;

  uint64_t read_bytes = 0;
  uint64_t errors = 0;
  uint64_t shrunk = 0;
};

// One application, of the past or the present: the logs of its ApplicationMasters, or what its
// driver tells. In cluster mode these are the driver's logs; each attempt has its own, and each is
// read until no more can come.
//
//   the attempt runs       its NodeManager is asked
//   it has ended           until the NodeManager says that its container has, and there is no more
//   the NodeManager has    the history server is asked, until it has the log, for end_wait at most;
//   let it go              what can't be read is told of
//
// Reader thread only. To be kept as long as it is_asking().
class FollowedApplication {
 public:
  // The shared part outlives it.
  FollowedApplication(YarnShared* shared, std::string id, int64_t since_ms);
  FollowedApplication(const FollowedApplication&) = delete;
  FollowedApplication& operator=(const FollowedApplication&) = delete;
  ~FollowedApplication();

  // A log that the sinks know, and have not all of.
  void Remember(const YarnLog& log);
  // What the ResourceManager says of it.
  void Update(const YarnApplication& application);
  // The ResourceManager does not know it any more.
  void Forgotten();

  // Asks what is to be asked, if there is room. Returns when it wants to be called again; when an
  // answer has come, too.
  absl::Time Turn(bool has_room);
  // No more is read: its logs end.
  void EndAll();

  const std::string& id() const { return origin_.application; }
  // What was last said of it; empty but for the id before that.
  const YarnApplication& application() const { return application_; }
  const std::string& deploy_mode() const { return origin_.deploy_mode; }
  std::optional<int64_t> attempts() const;
  bool has_ended() const { return has_ended_; }
  // All of it has been read that can be.
  bool is_done() const;
  // All that there is has been read, as far as is known.
  bool is_at_end() const;
  bool is_asking() const { return asking_ > 0; }
  // Read of it, or not yet.
  size_t logs() const;
  uint64_t lag_bytes() const;

 private:
  enum class Mode : uint8_t { kUnknown, kCluster, kClient };
  // How it goes with what is asked for: a log, the attempts, or the driver.
  struct Health {
    uint64_t errors = 0;  // in a row
    std::string trouble;  // the kind of the last one; empty: none
  };
  struct Reading;

  void HasEnded();
  void OpenCurrent();
  void LookAtStrangeLogs();
  void Open(const ContainerAddress& address, const std::string& node_id, bool is_over);
  Reading* Find(const ContainerAddress& address, const std::string& file);
  void Over(Reading* reading);
  void AskMode(absl::Time now);
  void SetMode(Mode mode, std::string_view name);
  void AskAttempts();
  void AskDriver();
  void Ask(Reading* reading, absl::Time now);
  void Answered(Reading* reading, absl::Time asked, const HttpResponse& response);
  void Read(Reading* reading, absl::Time asked, const LogReader::Outcome& outcome);
  bool IsComplete(Reading* reading, const LogReader::Outcome& outcome);
  void IsGone(Reading* reading, const std::string& why);
  void IsWrong(Reading* reading, const std::string& why);
  void GiveUp(Reading* reading, const std::string& why);
  void End(Reading* reading);
  absl::Duration Jittered(absl::Duration duration) const;
  absl::Duration Error(Health* health, std::string_view kind, const std::string& what);
  void Works(Health* health);
  bool HasTrouble(std::string_view kind) const;
  std::string Title() const;

  YarnShared* const shared_;
  YarnOrigin origin_;  // without an attempt
  YarnApplication application_;
  std::string container_;  // of the current attempt; empty: none is known
  Mode mode_ = Mode::kUnknown;
  bool mode_asked_ = false;  // an answer is to come
  int mode_tries_ = 0;
  absl::Time next_mode_ = absl::InfinitePast();
  std::string attempts_of_;  // the container for which attempts were asked for
  bool has_ended_ = false;
  bool has_strange_logs_ = false;
  std::vector<std::unique_ptr<Reading>> readings_;
  std::unique_ptr<DriverWatch> driver_;
  std::string driver_attempt_;
  absl::Time next_driver_ = absl::InfinitePast();
  int asking_ = 0;
  Health attempts_health_;
  Health health_;  // of the driver
};

}  // namespace sparktail
