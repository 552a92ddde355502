#include "ingest/sources/kafka/kafka_position.h"

#include <absl/strings/str_cat.h>
#include <simdjson.h>

#include <charconv>

#include "ingest/sources/file/file_position.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_member.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

constexpr size_t kLongestKey = 400;
constexpr int32_t kMostPartitions = 1'000'000;

std::string Escaped(std::string_view key) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (const char c : key) {
    if (c > ' ' && c < 0x7F && c != '%' && c != '#') {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
    if (text.size() > kLongestKey) {
      return text.substr(0, kLongestKey) + "%~" + std::to_string(Fingerprint::Of(key).hash);
    }
  }
  return text;
}

}  // namespace

std::string KafkaPosition::ToJson() const {
  ByteBuffer out;
  JsonWriter json(&out);
  json.Open();
  json.Text("kind", "kafka");
  json.KnownText("group", group);
  json.KnownText("topic", partition.topic);
  json.Integer("partition", partition.number);
  json.Integer("offset", offset);
  if (group.empty()) json.Count("content", content);
  if (first >= 0) json.Integer("first", first);
  if (since_ms != INT64_MIN) json.Integer("since", since_ms);
  json.KnownText("path", origin.path);
  json.KnownText("host", origin.host);
  json.KnownText("namespace", origin.kubernetes_namespace);
  json.KnownText("pod", origin.pod);
  json.KnownText("container", origin.container);
  json.KnownText("containerId", origin.container_id);
  json.Close();
  return std::string(out.view());
}

std::optional<KafkaPosition> KafkaPosition::FromJson(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  KafkaPosition position;
  ReadMember(object, "topic", &position.partition.topic);
  if (position.partition.topic.empty()) return std::nullopt;
  int64_t number = -1;
  ReadMember(object, "partition", &number);
  if (number < 0 || number > kMostPartitions) return std::nullopt;
  position.partition.number = static_cast<int32_t>(number);
  position.offset = -1;
  ReadMember(object, "offset", &position.offset);
  if (position.offset < 0) return std::nullopt;
  ReadMember(object, "group", &position.group);
  ReadMember(object, "first", &position.first);
  ReadMember(object, "content", &position.content);
  ReadMember(object, "since", &position.since_ms);
  ReadMember(object, "path", &position.origin.path);
  ReadMember(object, "host", &position.origin.host);
  ReadMember(object, "namespace", &position.origin.kubernetes_namespace);
  ReadMember(object, "pod", &position.origin.pod);
  ReadMember(object, "container", &position.origin.container);
  ReadMember(object, "containerId", &position.origin.container_id);
  return position;
}

absl::Status MoveKafkaCursor(uint64_t /*offset*/, Os* /*os*/, Cursor* /*cursor*/) {
  return absl::FailedPreconditionError(
      "is read on where its consumer group's offset is, which Kafka keeps. To read messages again: "
      "stop all processes of the group, drop the cursors of the source's streams with `sparktail "
      "offsets forget`, and set the group's offsets with Kafka's kafka-consumer-groups.sh "
      "--reset-offsets");
}

StreamKey KafkaStreamKey(std::string_view source, const KafkaPartition& partition) {
  return {source, partition.ToText()};
}

StreamKey KafkaStreamKey(std::string_view source, const KafkaPartition& partition,
                         std::string_view key, std::string_view std_stream) {
  std::string name = absl::StrCat(partition.ToText(), "/", Escaped(key));
  if (!std_stream.empty()) name.append("#").append(std_stream);
  return {source, name};
}

std::optional<KafkaPartition> PartitionOfStream(const StreamKey& stream) {
  std::string_view name = stream.name();
  const size_t slash = name.find('/');
  if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
  KafkaPartition partition;
  partition.topic = name.substr(0, slash);
  name.remove_prefix(slash + 1);
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), partition.number);
  const auto size = static_cast<size_t>(end - name.data());
  if (error != std::errc() || partition.number < 0) return std::nullopt;
  if (size < name.size() && name[size] != '/') return std::nullopt;
  return partition;
}

}  // namespace sparktail
