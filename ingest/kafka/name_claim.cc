#include "ingest/kafka/name_claim.h"

#include <absl/random/random.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <simdjson.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>

#include "parsers/byte_buffer.h"
#include "parsers/json_member.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

std::string RandomName() {
  absl::BitGen random;
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64,
                absl::Uniform<uint64_t>(random), absl::Uniform<uint64_t>(random));
  return text.data();
}

}  // namespace

NameClaim NameClaim::OfThisProcess() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return {host.data(), ::getpid(),
          absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone()), RandomName()};
}

std::string NameClaim::ToJson() const {
  ByteBuffer out;
  JsonWriter json(&out);
  json.Open();
  json.Integer("version", 1);
  json.Text("host", host);
  json.Integer("pid", pid);
  json.Text("started", started);
  json.Text("process", process);
  json.Close();
  return std::string(out.view());
}

std::optional<NameClaim> NameClaim::FromJson(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(json)).get(object) != simdjson::SUCCESS) return {};
  NameClaim claim;
  const bool is_whole = ReadMember(object, "host", &claim.host) &&
                        ReadMember(object, "pid", &claim.pid) &&
                        ReadMember(object, "started", &claim.started) &&
                        ReadMember(object, "process", &claim.process);
  if (!is_whole) return {};
  return claim;
}

std::string NameClaim::Describe() const {
  return "host " + host + ", pid " + std::to_string(pid) + ", since " + started;
}

}  // namespace sparktail
