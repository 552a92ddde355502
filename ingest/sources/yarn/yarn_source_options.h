#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/http/http_options.h"
#include "ingest/sources/yarn/yarn_names.h"
#include "ingest/streams/start_at.h"

namespace sparktail {

// What a source of YARN can be told. Each option's text for users stands in
// yarn_source_options.cc.
struct YarnSourceOptions {
  std::vector<std::string> resource_managers;  // http://rm1:8088
  // Which applications: all that are named by one of each list that is not empty.
  std::vector<std::string> applications;  // names; regex:… are patterns of whole names
  std::vector<std::string> users;
  std::vector<std::string> queues;  // "root.etl", or the last part of it
  std::vector<std::string> tags;
  StartAt start_at;
  absl::Duration poll_interval = absl::Seconds(30);  // of the ResourceManager
  absl::Duration read_interval = absl::Seconds(5);   // of logs and drivers
  absl::Duration heartbeat_interval = absl::Minutes(1);
  absl::Duration record_timeout = absl::Seconds(5);
  absl::Duration end_wait = absl::Minutes(10);  // for the log of an application that has ended
  std::string history_server;                   // http://history:19888; empty: none
  std::string url_prefix;                       // "/gateway/default/yarn"; empty: none
  uint64_t requests_per_host = 4;               // at a time
  // Of one application: from min_errors on in a row it rests for min_sleep, from max_errors on for
  // max_sleep.
  absl::Duration error_min_sleep = absl::Seconds(5);
  absl::Duration error_max_sleep = absl::Seconds(10);
  uint64_t error_min_count = 5;
  uint64_t error_max_count = 10;
  HttpOptions http;
};
OptionTable<YarnSourceOptions> YarnSourceOptionTable();

// What is given fits together. kInvalidArgument: the option's name, a colon, and a sentence that
// says what to give.
absl::Status CheckYarnSourceOptions(const YarnSourceOptions& options);

// How long an application rests after so many errors in a row: zero is, not at all.
absl::Duration RestAfter(uint64_t errors, const YarnSourceOptions& options);

// Why a NodeManager that `rm` names must not be asked; empty: it may be. What proves who we are
// goes over no connection that others can read, if the cluster has better.
std::string WhyNotAsked(std::string_view rm, const ContainerAddress& address,
                        const YarnSourceOptions& options);

}  // namespace sparktail
