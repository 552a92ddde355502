// LiteralScanner and FindUnindentedLine against searches that work byte by byte.

#include <string>
#include <vector>

#include "parsers/literal_scanner.h"
#include "parsers/markers.h"
#include "tests/fuzz/fuzz_input.h"

namespace sparktail::fuzz {
namespace {

constexpr size_t kAlignments = 64;

using Literals = std::vector<LiteralScanner::Literal>;

Literals ChooseLiterals(FuzzInput* input) {
  Literals literals;
  if (input->Flag()) {
    for (const MarkerRule& rule : MarkerRules()) {
      literals.push_back({std::string(rule.literal), rule.literal.find(rule.anchor)});
    }
  }
  // Pieces of the text, so that they are found, or of the front of the input.
  for (size_t left = 1 + input->Number(20); left > 0; --left) {
    const size_t size = 3 + input->Number(24);
    const bool own = input->Flag();
    const size_t begin = input->Number(256);
    const std::string_view text = own ? input->Take(size) : input->rest();
    std::string literal(own || begin > text.size() ? text.substr(0, size)
                                                   : text.substr(begin, size));
    literal.resize(std::max<size_t>(3, literal.size()), 'x');
    const size_t anchor = input->Number(literal.size() - 2);
    literals.push_back({std::move(literal), anchor});
  }
  return literals;
}

// For each place of the text, the literals whose anchor is there.
using Hits = std::vector<std::vector<size_t>>;

Hits NaiveHits(const Literals& literals, std::string_view text) {
  Hits hits(text.size());
  for (size_t i = 0; i < literals.size(); ++i) {
    const auto& [literal, anchor] = literals[i];
    for (size_t at = text.find(literal); at != std::string_view::npos;
         at = text.find(literal, at + 1)) {
      hits[at + anchor].push_back(i);
    }
  }
  return hits;
}

void CheckFind(const Literals& literals, const LiteralScanner& scanner, const Hits& hits,
               PaddedView text, size_t from) {
  for (size_t at = from; at <= text.size(); ++at) {
    const auto hit = scanner.Find(text, at);
    while (at < hits.size() && hits[at].empty()) ++at;
    if (at >= hits.size()) {
      Require(!hit, "nothing is found where nothing is");
      return;
    }
    Require(hit && hit->anchor == at, "the first hit is found");
    const auto& candidates = hits[at];
    const bool known =
        std::find(candidates.begin(), candidates.end(), hit->literal) != candidates.end();
    Require(known, "the hit is one of the literals at that place");
    Require(hit->begin + literals[hit->literal].anchor == at, "begin is the literal's");
  }
}

size_t NaiveUnindentedLine(std::string_view text, size_t from) {
  for (size_t at = from; at + 1 < text.size(); ++at) {
    if (text[at] == '\n' && text[at + 1] != ' ') return at;
  }
  return text.size();
}

void CheckUnindentedLine(PaddedView text, size_t from, size_t step) {
  while (from <= text.size()) {
    const size_t expected = NaiveUnindentedLine(text.text(), from);
    Require(FindUnindentedLine(text, from) == expected, "the first unindented line is found");
    from = step == 0 ? expected + 1 : from + step;
  }
}

void Run(FuzzInput input) {
  const Literals literals = ChooseLiterals(&input);
  const size_t from = input.Number(64);
  const size_t hidden = input.Number(32);
  const char padding = static_cast<char>(input.Number(256));
  const LiteralScanner scanner(literals);
  for (const auto& [literal, anchor] : literals) {
    Require(literal.size() <= scanner.longest(), "no literal is longer than the longest");
  }
  // The end of the text is hidden behind the view's: what lies there must not be found.
  const std::string_view all = input.rest();
  const std::string_view text = all.substr(0, all.size() - std::min(hidden, all.size()));
  const Hits hits = NaiveHits(literals, text);
  const size_t step = text.size() < 1024 ? 1 : 13;
  for (size_t shift = 0; shift < kAlignments; shift += step) {
    const PaddedBytes bytes(all, padding, shift);
    const PaddedView view = bytes.view().Part(0, text.size());
    CheckFind(literals, scanner, hits, view, shift == 0 ? from : 0);
    CheckUnindentedLine(view, 0, /*step=*/0);
    if (shift == 0) CheckUnindentedLine(view, from, /*step=*/1 + text.size() / 256);
  }
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run(sparktail::fuzz::FuzzInput(data, size));
  return 0;
}
