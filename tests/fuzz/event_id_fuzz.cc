// Ids against XXH3 of the joined text; the hash of a first line in pieces against the whole.

#include <xxhash.h>

#include <cstdio>
#include <string>
#include <vector>

#include "parsers/event_id.h"
#include "tests/fuzz/fuzz_input.h"

namespace sparktail::fuzz {
namespace {

std::string NaiveHash(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  char hex[40];
  std::snprintf(hex, sizeof hex, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return hex;
}

EventId MakeId(const std::vector<std::string_view>& f) {
  switch (f.size()) {
    case 1:
      return MakeEventId({f[0]});
    case 2:
      return MakeEventId({f[0], f[1]});
    case 3:
      return MakeEventId({f[0], f[1], f[2]});
    case 4:
      return MakeEventId({f[0], f[1], f[2], f[3]});
    case 5:
      return MakeEventId({f[0], f[1], f[2], f[3], f[4]});
    default:
      return MakeEventId({f[0], f[1], f[2], f[3], f[4], f[5]});
  }
}

void CheckId(FuzzInput input) {
  std::vector<std::string_view> fields(1 + input.Number(6));
  std::string joined;
  for (size_t i = 0; i < fields.size(); ++i) {
    fields[i] = input.Take(input.Number(700));
    if (i > 0) joined += '\n';
    joined += fields[i];
  }
  Require(View(MakeId(fields)) == NaiveHash(joined), "an id is the hash of the joined fields");
}

void CheckFirstLine(FuzzInput input) {
  const bool byte_by_byte = input.Flag();
  FirstLineHash whole;
  FirstLineHash pieces;
  std::string fed;
  while (!input.rest().empty()) {
    const std::string_view piece = input.Take(byte_by_byte ? 1 : input.Number(600));
    fed += piece;
    pieces.Feed(piece);
    const bool ended = fed.find('\n') != std::string::npos;
    Require(pieces.complete() == ended, "complete at the line's end");
    Require(pieces.complete() == !pieces.hex().empty(), "empty until complete");
  }
  whole.Feed(fed);
  const size_t newline = fed.find('\n');
  if (newline != std::string::npos) {
    std::string_view line = std::string_view(fed).substr(0, newline);
    if (line.ends_with('\r')) line.remove_suffix(1);
    Require(whole.hex() == NaiveHash(line), "the hash is that of the line without its end");
  }
  Require(whole.hex() == pieces.hex(), "pieces give the hash of the whole");
  if (!whole.complete()) return;
  FirstLineHash restored(whole.hex());
  restored.Feed("other\n");
  Require(restored.hex() == whole.hex(), "a restored hash stays");
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::CheckId(sparktail::fuzz::FuzzInput(data, size));
  sparktail::fuzz::CheckFirstLine(sparktail::fuzz::FuzzInput(data, size));
  return 0;
}
