#pragma once

#include <librdkafka/rdkafka.h>

#include "ingest/base/owned.h"

namespace sparktail {

// Owning pointers to librdkafka's objects.
using KafkaAdminOptions = Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using KafkaConf = Owned<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using KafkaConfigResource = Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using KafkaError = Owned<rd_kafka_error_t, rd_kafka_error_destroy>;
using KafkaEvent = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using KafkaGroupMetadata =
    Owned<rd_kafka_consumer_group_metadata_t, rd_kafka_consumer_group_metadata_destroy>;
using KafkaHeaders = Owned<rd_kafka_headers_t, rd_kafka_headers_destroy>;
using KafkaMessage = Owned<rd_kafka_message_t, rd_kafka_message_destroy>;
using KafkaMetadata = Owned<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;
using KafkaNewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using KafkaPartitions =
    Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using KafkaQueue = Owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using KafkaTopic = Owned<rd_kafka_topic_t, rd_kafka_topic_destroy>;

}  // namespace sparktail
