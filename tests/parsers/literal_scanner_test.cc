#include "parsers/literal_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "parsers/markers.h"
#include "tests/support/corpus.h"

namespace sparktail {
namespace {

std::vector<std::string> MarkerLiterals() {
  std::vector<std::string> literals;
  for (const MarkerRule& rule : MarkerRules()) literals.emplace_back(rule.literal);
  return literals;
}

LiteralScanner MakeScanner(const std::vector<std::string>& texts) {
  std::vector<LiteralScanner::Literal> literals;
  for (const std::string& text : texts) {
    literals.push_back({text, text.size() / 2 - 1});
  }
  return LiteralScanner(literals);
}

// Finds all places of all literals byte by byte.
std::vector<std::pair<size_t, size_t>> NaiveHits(const std::vector<std::string>& literals,
                                                 std::string_view text) {
  std::vector<std::pair<size_t, size_t>> hits;
  for (size_t literal = 0; literal < literals.size(); ++literal) {
    for (size_t at = text.find(literals[literal]); at != std::string_view::npos;
         at = text.find(literals[literal], at + 1)) {
      hits.emplace_back(at, literal);
    }
  }
  return hits;
}

std::vector<std::pair<size_t, size_t>> ScannedHits(const LiteralScanner& scanner, PaddedView text) {
  std::vector<std::pair<size_t, size_t>> hits;
  for (auto hit = scanner.Find(text, 0); hit; hit = scanner.Find(text, hit->anchor + 1)) {
    hits.emplace_back(hit->begin, hit->literal);
  }
  return hits;
}

// Runs a test with each instruction set that this machine has.
class EachTarget : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

INSTANTIATE_TEST_SUITE_P(Targets, EachTarget,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const ::testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

TEST_P(EachTarget, FindsWhatANaiveSearchFindsInRealLogs) {
  const LiteralScanner scanner = MakeScanner(MarkerLiterals());
  for (const std::string& name : testing::PlainLogs()) {
    ByteBuffer text;
    text.Append(testing::ReadFile(testing::DataPath(name + ".log")));
    EXPECT_THAT(ScannedHits(scanner, text.padded()),
                ::testing::UnorderedElementsAreArray(NaiveHits(MarkerLiterals(), text.view())))
        << name;
  }
}

TEST_P(EachTarget, FindsALiteralAtEveryPlaceInTextsOfEverySize) {
  const std::vector<std::string> literals = {"needle", "xyz", "[pin]"};
  const LiteralScanner scanner = MakeScanner(literals);
  for (size_t size = 0; size <= 300; ++size) {
    for (const std::string& literal : literals) {
      for (size_t at = 0; at + literal.size() <= size; at += 1 + size / 40) {
        std::string raw(size, 'n');
        raw.replace(at, literal.size(), literal);
        ByteBuffer text;
        text.Append(raw);
        text.Reserve(1);
        const auto hit = scanner.Find(text.padded(), 0);
        ASSERT_TRUE(hit) << size << " " << at;
        EXPECT_EQ(hit->begin, at);
        EXPECT_EQ(literals[hit->literal], literal);
      }
    }
  }
}

TEST_P(EachTarget, TakesNothingFromThePaddingForText) {
  const LiteralScanner scanner = MakeScanner({"needle"});
  const std::string raw = std::string(64, ' ') + "needle" + std::string(kPadding, ' ');
  EXPECT_FALSE(scanner.Find(PaddedView::Promise(raw.data(), 69), 0));
  EXPECT_TRUE(scanner.Find(PaddedView::Promise(raw.data(), 70), 0));
}

TEST_P(EachTarget, AgreesWithANaiveSearchOnRandomTexts) {
  std::mt19937_64 random(testing::Seed());
  const std::vector<std::string> literals = {"aab", "abab", "bbbaa", "babbab"};
  const LiteralScanner scanner = MakeScanner(literals);
  for (int i = 0; i < 300 * testing::Scale(); ++i) {
    std::string raw(random() % 700, ' ');
    for (char& c : raw) c = static_cast<char>('a' + random() % 2);
    ByteBuffer text;
    text.Append(raw);
    text.Reserve(1);
    // Overlapping literals may share an anchor; then one of them is enough.
    const auto naive = NaiveHits(literals, raw);
    for (const auto& hit : ScannedHits(scanner, text.padded())) {
      EXPECT_THAT(naive, ::testing::Contains(hit));
    }
    EXPECT_EQ(scanner.Find(text.padded(), 0).has_value(), !naive.empty());
  }
}

TEST_P(EachTarget, UnindentedLineIsFoundAtEveryPlace) {
  for (size_t size = 2; size <= 200; ++size) {
    for (size_t at = 0; at + 1 < size; ++at) {
      std::string raw;
      for (size_t i = 0; i < size; ++i) raw += i % 2 == 0 ? '\n' : ' ';
      raw[at] = '\n';
      raw[at + 1] = '}';
      ByteBuffer text;
      text.Append(raw);
      text.Reserve(1);
      size_t expected = 0;
      while (raw[expected] != '\n' || raw[expected + 1] == ' ') ++expected;
      ASSERT_EQ(FindUnindentedLine(text.padded(), 0), expected) << size << " " << at;
    }
  }
}

TEST(LiteralScanner, UnindentedLineNeedsTheByteAfterTheNewline) {
  const std::string raw = "{\n  \"a\" : 1\n}" + std::string(kPadding, 'x');
  EXPECT_EQ(FindUnindentedLine(PaddedView::Promise(raw.data(), 12), 0), 12U);
  EXPECT_EQ(FindUnindentedLine(PaddedView::Promise(raw.data(), 13), 0), 11U);
  EXPECT_EQ(FindUnindentedLine(PaddedView::Promise(raw.data(), 13), 12), 13U);
  EXPECT_EQ(FindUnindentedLine(PaddedView::Promise(raw.data(), 0), 0), 0U);
}

TEST(LiteralScanner, NoMarkerIsPartOfAnother) {
  for (const MarkerRule& a : MarkerRules()) {
    for (const MarkerRule& b : MarkerRules()) {
      EXPECT_NE(a.literal.find(a.anchor), std::string_view::npos) << a.literal;
      if (&a == &b) continue;
      EXPECT_EQ(a.literal.find(b.literal), std::string_view::npos);
    }
  }
}

}  // namespace
}  // namespace sparktail
