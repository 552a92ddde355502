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
  std::string_view host;
  std::string_view started;
  std::string_view process;
  NameClaim claim;
  const bool is_whole = object["host"].get(host) == simdjson::SUCCESS &&
                        object["pid"].get(claim.pid) == simdjson::SUCCESS &&
                        object["started"].get(started) == simdjson::SUCCESS &&
                        object["process"].get(process) == simdjson::SUCCESS;
  if (!is_whole) return {};
  claim.host = host;
  claim.started = started;
  claim.process = process;
  return claim;
}

std::string NameClaim::Describe() const {
  return "host " + host + ", pid " + std::to_string(pid) + ", since " + started;
}

}  // namespace sparktail
