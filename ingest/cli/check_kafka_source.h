#pragma once

#include "ingest/base/log.h"
#include "ingest/cli/check_report.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// Asks the brokers of a source of Kafka whether its topics are there; joins no group.
void CheckKafkaSource(const SourceConfiguration& source, Log* log, CheckReport* report);

}  // namespace sparktail
