#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "sinks/kafka/kafka_sink_options.h"

namespace sparktail {

// The state of the cluster of a sink of kind kafka.
struct KafkaSurvey {
  struct Topic {
    std::string name;
    int partitions = 0;  // 0: it is missing
    bool was_made = false;
    absl::Status status;  // the reason why it can't be used or created
  };
  int brokers = 0;
  // The topics of KnownTopics(), and offsets_topic.
  std::vector<Topic> topics;
};

// Looks for the topics, and creates missing ones if `create`. Existing topics stay unchanged.
// Returns an error if no broker responds, or none accepts the log-in.
absl::StatusOr<KafkaSurvey> SurveyKafka(Log* log, const KafkaSinkOptions& options, bool create);

// Returns the topics whose names are known before there are events: all names of a pattern without
// {environment} and {appName}, none of other patterns.
std::vector<std::string> KnownTopics(const std::string& pattern);

}  // namespace sparktail
