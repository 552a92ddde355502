#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/functional/function_ref.h>
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

// Puts events into a producer: chooses topic, key, headers and timestamp, collects the delivery
// reports, and handles rejected events. Both Kafka sinks share it. It knows neither transactions
// nor cursors. Not thread safe.
//
//   key        the query's id, for progress and query events that have one; otherwise the
//              application's
//   headers    id, kind, schema: sparktail/1, content-type: application/json
//   timestamp  the event's; none if it has none
//
// Payloads are not copied: an event must stay valid and in place until in_flight() is 0 and it is
// forgotten (until then it may be sent again), or until the client is destroyed.
//
// A broker rejects whole batches of messages, and does not report which message is at fault. So the
// events of a rejected batch are suspects, which are sent again one by one. An event that is
// rejected alone goes to the dead letters.
class KafkaWriter {
 public:
  struct Parts {
    Log* log = nullptr;
    DeadLetters* dead_letters = nullptr;
    std::string name;  // of the sink
    KafkaSinkOptions options;
    // Longest time for one response of the brokers before the sink reports that it waits for them.
    absl::Duration patience = absl::Seconds(5);
  };
  explicit KafkaWriter(Parts parts);
  ~KafkaWriter() { DropProducer(); }
  KafkaWriter(const KafkaWriter&) = delete;
  KafkaWriter& operator=(const KafkaWriter&) = delete;

  // Creates the producer to which events go from now on, in place of the previous one. Messages put
  // into that one are forgotten; rejected events stay known.
  absl::Status CreateProducer(const KafkaProperties& required);
  void DropProducer();
  KafkaClient* producer() const { return client_.get(); }  // null: none

  // Puts events[first …] into the producer's queue; waits while the queue is full. Events in the
  // dead letters are skipped; suspects are sent alone. kUnavailable: a message failed or was
  // rejected, and no more are accepted for now; Flush() returns the reason.
  absl::Status Put(const EventBuffer& events, size_t first);
  // Puts a record that is not an event. Copies key and value. Its rejection is an error.
  absl::Status PutRecord(rd_kafka_topic_t* topic, std::string_view key,
                         const std::string* value_or_null);

  // Put()s, and remembers the events until ForgetDelivered() or Rollback().
  absl::Status Write(const EventBuffer& events, size_t first);
  // If `status` is due to rejected events, puts all others that were written again, in order, until
  // none is rejected. Otherwise returns `status`. Each time `restart` makes the producer ready
  // before, with Restart() or a new one.
  absl::Status RepeatWithoutRejected(absl::Status status, absl::Duration silence,
                                     absl::FunctionRef<absl::Status()> restart);
  // Forgets the events that were written, and removes from the dead letters what is not durable.
  absl::Status Rollback();

  // Waits until all messages are reported, or a message of a transaction is rejected. kUnavailable:
  // some were not delivered, or none was reported for `silence`; the message says why. If
  // must_repeat() is true then, events were rejected: put all again, and Put() will skip those
  // events or send them alone.
  absl::Status Flush(absl::Duration silence);
  bool must_repeat() const { return must_repeat_; }
  // True if the reports so far show a rejected event. Flush() handles it.
  bool has_rejections() const { return is_newly_untimed_ || !rejected_.empty(); }
  size_t in_flight() const { return in_flight_; }
  // Thread-safe.
  KafkaStatistics statistics() const { return statistics_.Get(); }

  // Serves reports until nothing is in flight. Returns false if none comes for `silence`.
  bool Drain(absl::Duration silence);

  // Forgets all messages and their reports: they are put again, or were delivered.
  void Restart();
  // The events that were put and are in the dead letters.
  RefusedEvents* refused_events() { return &refused_events_; }
  // Call it when all events that were put are delivered. Forgets them.
  void ForgetDelivered();
  // True if batches were rejected but none of their events alone, so smaller batches are needed.
  // CreateProducer() sets them.
  bool wants_smaller_batches() const { return wants_smaller_batches_; }

  // Returns the handle of a topic. Creates the topic if it is missing and create_topics is true.
  absl::StatusOr<rd_kafka_topic_t*> TopicNamed(const std::string& name);

 private:
  struct Written {
    const EventBuffer* events;
    size_t first;
  };
  struct Sent {
    const EventBuffer* events = nullptr;  // null: a record that is not an event
    size_t index = 0;
    bool alone = false;
  };

  void OnReport(const rd_kafka_message_t& message);
  absl::Status PutAlone(const EventBuffer& events, size_t index);
  absl::Status Produce(const EventBuffer& events, size_t index, bool alone);
  absl::Status Enqueue(std::span<const rd_kafka_vu_t> parts);
  bool DrainOrRejection(absl::Duration silence);
  bool DrainUntil(absl::Duration silence, absl::FunctionRef<bool()> is_enough);
  absl::Status RequestRepeat();
  absl::Status HandleRejected();
  absl::Status Bury(const EventBuffer& events, size_t index, std::string_view cause);
  absl::Status EnsureTopic(const std::string& name);

  const Parts parts_;
  NamePattern pattern_;
  EventFieldsReader reader_;
  Guarded<KafkaStatistics> statistics_;
  std::unique_ptr<KafkaClient> client_;  // reports to this writer until it is destroyed
  bool is_transactional_ = false;        // client_ is a transactional producer
  std::map<std::string, KafkaTopic, std::less<>> topics_;  // they belong to client_
  size_t batch_bytes_;

  std::vector<Sent> sent_;  // since Restart(); the opaque of a message is its index here + 1
  size_t in_flight_ = 0;
  absl::Status failure_;  // of the first message that failed other than by rejection
  bool must_repeat_ = false;
  bool is_newly_untimed_ = false;  // is_untimed_ was set since Restart()
  std::vector<size_t> rejected_;   // indices into sent_
  std::string rejection_;          // reason of the last rejection

  // The members below are about the events since ForgetDelivered().
  std::vector<Written> written_;
  absl::flat_hash_set<EventId> suspects_;
  RefusedEvents refused_events_;
  bool is_untimed_ = false;  // the broker rejects their timestamps
  bool had_culprit_ = false;
  bool wants_smaller_batches_ = false;
};

}  // namespace sparktail
