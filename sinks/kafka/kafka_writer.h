#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/kafka_error.h"
#include "parsers/event.h"
#include "sinks/dead_letter.h"
#include "sinks/event_fields.h"
#include "sinks/kafka/kafka_sink_options.h"
#include "sinks/name_pattern.h"
#include "sinks/refused_events.h"

namespace sparktail {

// Events on their way into a producer, and what becomes of them: topic, key, headers and timestamp
// of each, delivery reports, and what to do with those that are refused. What both sinks of Kafka
// share; it knows no transactions and no cursors. One thread.
//
//   key        the query's id, of progress and query events that have one, else the application's
//   headers    id, kind, schema: sparktail/1, content-type: application/json
//   timestamp  the event's; none if it has none
//
// Payloads are not copied: an event that was put must live, where it is, until in_flight() is 0
// (and then until it is forgotten, for it may have to be sent again), or the client is gone.
//
// A broker refuses whole batches of messages, and does not say which one of them is to blame. So
// events that were refused together are suspects: sent again, each one alone. What is refused
// alone goes to the dead letters.
class KafkaWriter {
 public:
  struct Parts {
    Log* log = nullptr;
    DeadLetters* dead_letters = nullptr;
    std::string name;  // of the sink
    KafkaSinkOptions options;
    absl::Duration patience;  // how long brokers may take for one answer
  };
  explicit KafkaWriter(Parts parts);
  // After all clients that it has made.
  ~KafkaWriter();

  // A producer whose reports come here; from now on events go to it. The one before it must be
  // gone, and what was put into it is forgotten, but not what is known of refused events.
  absl::StatusOr<std::unique_ptr<KafkaClient>> MakeProducer(const KafkaProperties& required);
  // The one that was made is about to go: its handles of topics go before it.
  void ForgetProducer();

  // Puts events[first …] into the producer's queue; waits while that is full. kUnavailable: nothing
  // more goes in for now, for something that was put has failed, or is refused: Flush() says which.
  // Those in the dead letters are left out, suspects are sent alone.
  absl::Status Put(const EventBuffer& events, size_t first);
  // A record of another kind: both are copied. Its refusal is an error.
  absl::Status PutRecord(rd_kafka_topic_t* topic, std::string_view key,
                         const std::string* value_or_null);

  // Waits until all that was put is reported, or some of a transaction is refused. kUnavailable if
  // some was not delivered: it says why. If is_to_be_repeated() then, it was for what is refused,
  // which the next Put() will treat otherwise: all is to be put again.
  absl::Status Flush(absl::Duration timeout);
  bool is_to_be_repeated() const { return is_to_be_repeated_; }
  // Some of what was put is refused, as far as is known now: Flush() does what there is to do.
  bool has_refusals() const { return is_untimed_anew_ || !refused_.empty(); }
  size_t in_flight() const { return in_flight_; }
  // Any thread.
  KafkaStatistics statistics() const { return statistics_.Get(); }

  // Serves reports until nothing is in flight any more; false if that takes too long.
  bool Drain(absl::Duration timeout);

  // All that was put is to be put again, or is delivered: reports of it are forgotten.
  void Restart();
  // Those that were put and are in the dead letters.
  RefusedEvents* refused_events() { return &refused_events_; }
  // What was put is delivered: nothing is known of its events any more.
  void Delivered();
  // Batches of many were refused, none of their events alone: smaller ones are needed. Until the
  // next MakeProducer(), which sees to that.
  bool wants_smaller_batches() const { return wants_smaller_batches_; }

  // The topic's handle; it is made, if it is missing and may be.
  absl::StatusOr<rd_kafka_topic_t*> TopicNamed(const std::string& name);

 private:
  struct Sent {
    const EventBuffer* events = nullptr;  // null: a record of another kind
    size_t index = 0;
    bool alone = false;
  };

  void OnReport(const rd_kafka_message_t& message);
  absl::Status PutAlone(const EventBuffer& events, size_t index);
  absl::Status Produce(const EventBuffer& events, size_t index, bool alone);
  absl::Status Enqueue(std::span<const rd_kafka_vu_t> parts);
  bool DrainOrRefusal(absl::Duration timeout);
  absl::Status RepeatWithoutRefused();
  absl::Status TreatRefused();
  absl::Status Bury(const EventBuffer& events, size_t index, std::string_view cause);
  absl::Status EnsureTopic(const std::string& name);
  absl::Status CreateMissing(rd_kafka_t* admin, const std::string& name);

  const Parts parts_;
  NamePattern pattern_;
  EventFieldsReader reader_;
  LastKafkaStatistics statistics_;
  KafkaClient* client_ = nullptr;
  bool is_transactional_ = false;  // client_ is
  std::map<std::string, KafkaTopic, std::less<>> topics_;
  size_t batch_bytes_;

  std::vector<Sent> sent_;  // since Restart(); a message's opaque is its number, from 1
  size_t in_flight_ = 0;
  absl::Status failure_;  // of the first message that failed without being refused
  bool is_to_be_repeated_ = false;
  bool is_untimed_anew_ = false;  // is_untimed_ is, since Restart()
  std::vector<size_t> refused_;   // of sent_
  std::string refusal_;

  // Of the events since Delivered().
  absl::flat_hash_set<EventId> suspects_;
  RefusedEvents refused_events_;
  bool is_untimed_ = false;               // the broker does not want their timestamps
  bool had_culprit_ = false;
  bool wants_smaller_batches_ = false;
};

}  // namespace sparktail
