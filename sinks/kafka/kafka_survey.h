#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "sinks/kafka/kafka_sink_options.h"

namespace sparktail {

// What a sink of Kafka finds in its cluster.
struct KafkaSurvey {
  struct Topic {
    std::string name;
    int partitions = 0;  // 0: it is missing
    bool was_made = false;
    absl::Status status;  // why it can't be used, or made
  };
  int brokers = 0;
  // Those of the events whose names are known before there are events, and offsets_topic.
  std::vector<Topic> topics;
};

// Asks the brokers, and makes topics that are missing if `create`; what is there already is left as
// it is. An error if no broker answers, or none lets us in.
absl::StatusOr<KafkaSurvey> SurveyKafka(Log* log, const KafkaSinkOptions& options, bool create);

// The topics of the events whose names are known before there are events: all of a pattern without
// {environment} and {appName}.
std::vector<std::string> KnownTopics(const std::string& pattern);

}  // namespace sparktail
