#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ingest/sources/yarn/application_health.h"
#include "ingest/sources/yarn/container_log_reader.h"
#include "ingest/sources/yarn/yarn_shared.h"
#include "ingest/sources/yarn/yarn_tail.h"

namespace sparktail {

// Reads one log until no more bytes can come:
//
//   the attempt runs           read from its NodeManager
//   the attempt is over        read until the NodeManager reports the end of the container, and
//                              nothing new comes
//   the NodeManager has        read from the history server once it has the log, for end_wait at
//   deleted the log            most; a warning names what cannot be read
//
// Reader thread only. Must not be destroyed while it is_asking().
class FollowedLog {
 public:
  // `shared` and `health` must outlive this object.
  FollowedLog(YarnShared* shared, ApplicationHealth* health, YarnLog log,
              std::unique_ptr<YarnLogTail> tail);

  const LogName& name() const { return log_.name; }
  // Sets the node of aggregated logs, unless it is known.
  void AddNode(const std::string& node_id);

  // Its attempt is over, and perhaps the application has ended; last words may still come.
  void MarkOver(bool has_application_ended);
  // Its attempt runs, although it was marked.
  void MarkRunning() { is_over_ = at_history_ = false; }

  // Called as time passes. False if nothing of the log waits for that.
  bool Tick(absl::Time now);
  // When a request is due; infinite if there is none to send.
  absl::Time next() const { return has_ended_ || is_asking_ ? absl::InfiniteFuture() : next_; }
  void Request(absl::Time now);
  // Ends the log: nothing is read afterwards.
  void End();

  bool is_asking() const { return is_asking_; }
  bool has_ended() const { return has_ended_; }
  // True if everything that is known to exist now has been read.
  bool is_at_end() const;
  uint64_t lag_bytes() const;

 private:
  using Outcome = ContainerLogReader::Outcome;

  void OnResponse(absl::Time asked, const HttpResponse& response);
  void OnRead(absl::Time asked, const Outcome& outcome);
  bool IsComplete(const Outcome& outcome);
  void OnShrunk(const std::string& why);
  void OnGone(const std::string& why);
  void OnWrong(const std::string& why);
  void GiveUp(const std::string& why);
  bool IsTooLate() const;

  YarnShared* const shared_;
  ApplicationHealth* const health_;
  YarnLog log_;
  const std::unique_ptr<YarnLogTail> tail_;
  ContainerLogReader reader_;
  bool is_asking_ = false;
  absl::Time next_ = absl::InfinitePast();
  absl::Time read_at_ = absl::InfinitePast();  // when the last read to the log's end was requested
  bool is_inexact_ = false;
  bool is_gone_ = false;  // the server did not have the log at the last request
  bool is_over_ = false;  // its attempt has ended
  absl::Time over_;
  bool has_application_ended_ = false;
  int quiet_ = 0;  // consecutive reads since then without new bytes
  bool at_history_ = false;
  bool has_ended_ = false;
  ApplicationHealth::Part errors_;
};

}  // namespace sparktail
