#pragma once

#include "ingest/base/check_report.h"
#include "ingest/streams/source_kind.h"

namespace sparktail {

// Asks the brokers whether the topics of a source exist. Joins no group.
void CheckKafkaSource(const SourceConfiguration& source, const CheckParts& parts,
                      CheckReport* report);

}  // namespace sparktail
