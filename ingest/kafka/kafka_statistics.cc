#include "ingest/kafka/kafka_statistics.h"

#include <simdjson.h>

#include <algorithm>

namespace sparktail {

bool ReadKafkaStatistics(std::string_view json, KafkaStatistics* out) {
  simdjson::dom::parser parser;
  simdjson::dom::object all;
  if (parser.parse(simdjson::padded_string(json)).get(all) != simdjson::SUCCESS) return false;
  const auto number = [](simdjson::dom::object object, std::string_view name) {
    int64_t value = 0;
    return object[name].get(value) == simdjson::SUCCESS && value > 0 ? static_cast<uint64_t>(value)
                                                                     : 0;
  };
  *out = {};
  out->queued_messages = number(all, "msg_cnt");
  out->queued_bytes = number(all, "msg_size");
  out->requests = number(all, "tx");
  simdjson::dom::object brokers;
  if (all["brokers"].get(brokers) != simdjson::SUCCESS) return true;
  for (const auto& field : brokers) {
    simdjson::dom::object broker;
    if (field.value.get(broker) != simdjson::SUCCESS) continue;
    out->retries += number(broker, "txretries");
    out->errors +=
        number(broker, "txerrs") + number(broker, "rxerrs") + number(broker, "req_timeouts");
    simdjson::dom::object rtt;
    if (broker["rtt"].get(rtt) != simdjson::SUCCESS) continue;
    out->rtt_seconds = std::max(out->rtt_seconds, static_cast<double>(number(rtt, "avg")) / 1e6);
  }
  return true;
}

}  // namespace sparktail
