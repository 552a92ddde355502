#include "ingest/sources/kafka/kafka_source_options.h"

#include <algorithm>
#include <string_view>

namespace sparktail {
namespace {

constexpr std::string_view kRegex = "regex:";
constexpr size_t kLongestTopic = 249;
constexpr size_t kLongestGroup = 200;

bool IsTopicChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool IsTopic(std::string_view text) {
  if (text.starts_with(kRegex)) return text.substr(kRegex.size()).starts_with('^');
  return !text.empty() && text.size() <= kLongestTopic && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), IsTopicChar);
}
constexpr TextForm kTopicForm = {"a topic's name, or regex: and a pattern that begins with ^",
                                 "^(regex:\\^.*|[A-Za-z0-9._-]{1,249})$", IsTopic};

bool IsGroup(std::string_view text) { return !text.empty() && text.size() <= kLongestGroup; }
constexpr TextForm kGroupForm = {"a name (at most 200)", "^.{1,200}$", IsGroup};

}  // namespace

std::string KafkaSourceOptions::Subscription(const std::string& topic) {
  return topic.starts_with(kRegex) ? topic.substr(kRegex.size()) : topic;
}

OptionTable<KafkaSourceOptions> KafkaSourceOptionTable() {
  using O = KafkaSourceOptions;
  OptionTable<O> own = {
      Declare("topics", &O::topics)
          .Form(kTopicForm)
          .Required()
          .Says("Topics to read: names, or patterns such as regex:^logs-.*"),
      Declare("group", &O::group)
          .Form(kGroupForm)
          .Default("sparktail")
          .Says("Consumer group that shares the partitions of the topics. All its members must use "
                "the same names for the source and for each sink."),
      Declare("envelope", &O::envelope)
          .Word("auto", Envelope::kAuto)
          .Word("none", Envelope::kNone)
          .Word("json", Envelope::kJson)
          .Word("cri", Envelope::kCri)
          .Word("docker", Envelope::kDocker)
          .Default("auto")
          .Says(
              "Format around the text of a message: none, JSON as Filebeat, Fluent Bit and Vector "
              "write it, or lines of a container runtime. With auto each message is recognized."),
      Declare("message_field", &O::message_field)
          .Otherwise("log, message or msg")
          .Says("JSON field that contains the text; dots name a field of an inner object."),
      DeclareStartAt(&O::start_at)
          .Says(
              "Where to start if the group has committed no offsets: with a duration, older events "
              "are skipped."),
      Declare("record_timeout", &O::record_timeout)
          .Default("5s")
          .From(absl::Milliseconds(10))
          .To(absl::Hours(1))
          .Says("A stack trace is complete when nothing has followed it for this long."),
      Declare("open_record_wait", &O::open_record_wait)
          .Default("10m")
          .From(absl::Seconds(1))
          .To(absl::Hours(24))
          .Says("How long to wait for the rest of an incomplete event before it is given up. The "
                "group's offset stays before the event meanwhile."),
      Declare("open_record_bytes", &O::open_record_bytes)
          .Bytes()
          .Default("64MiB")
          .From(uint64_t{64} << 10)
          .Says("An incomplete event is given up after this many further bytes of its partition."),
  };
  return Joined(std::move(own),
                Within<O>(KafkaClientOptionTable(), [](O* options) { return &options->client; }));
}

}  // namespace sparktail
