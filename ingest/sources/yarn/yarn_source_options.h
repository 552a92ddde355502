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

// The options of a YARN source. yarn_source_options.cc has each option's text for users.
struct YarnSourceOptions {
  std::vector<std::string> resource_managers;  // http://rm1:8088
  // An application is read if each list that is not empty matches it.
  std::vector<std::string> applications;  // names, or regex:… for patterns of whole names
  std::vector<std::string> users;
  std::vector<std::string> queues;  // "root.etl", or its last part
  std::vector<std::string> tags;
  StartAt start_at;
  absl::Duration poll_interval = absl::Seconds(30);  // ResourceManager
  absl::Duration read_interval = absl::Seconds(5);   // logs and drivers
  absl::Duration heartbeat_interval = absl::Minutes(1);
  absl::Duration record_timeout = absl::Seconds(5);
  absl::Duration end_wait = absl::Minutes(10);  // for the log of an ended application
  std::string history_server;                   // http://history:19888; empty: none
  std::string url_prefix;                       // "/gateway/default/yarn"; empty: none
  uint64_t requests_per_host = 4;               // at the same time
  // After error_min_count consecutive errors an application rests for error_min_sleep, after
  // error_max_count for error_max_sleep.
  absl::Duration error_min_sleep = absl::Seconds(5);
  absl::Duration error_max_sleep = absl::Seconds(10);
  uint64_t error_min_count = 5;
  uint64_t error_max_count = 10;
  HttpOptions http;
};
OptionTable<YarnSourceOptions> YarnSourceOptionTable();

// Checks that the options fit together. kInvalidArgument: the option's name, a colon, and a
// sentence that names a valid value.
absl::Status CheckYarnSourceOptions(const YarnSourceOptions& options);

// URLs of the ResourceManagers with the gateway's path and without a trailing slash.
std::vector<std::string> ServersOf(const YarnSourceOptions& options);

// How long an application rests after `errors` consecutive errors; may be zero.
absl::Duration RestAfter(uint64_t errors, const YarnSourceOptions& options);

// Why no request may be sent to a NodeManager that the ResourceManager `rm` named; empty if it may.
// Credentials are never sent over plain http if the ResourceManager uses https.
std::string WhyNotAsked(std::string_view rm, const ContainerAddress& address,
                        const YarnSourceOptions& options);

}  // namespace sparktail
