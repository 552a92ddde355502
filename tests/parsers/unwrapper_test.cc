#include "parsers/unwrapper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "tests/support/corpus.h"
#include "tests/support/wrap.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::Scratch;
using ::sparktail::testing::Wrap;
using ::sparktail::testing::WrapOptions;

const std::string kTime = "2016-10-06T00:17:09.669794202Z";
const std::string kDockerEnd = ",\"stream\":\"stderr\",\"time\":\"" + kTime + "\"}\n";

struct Unwrapped {
  std::string standard_output;
  std::string standard_error;
  uint64_t foreign_lines = 0;
  bool operator==(const Unwrapped&) const = default;
};

// `raw` comes in pieces of the sizes that `next_size` gives.
Unwrapped UnwrapInPieces(std::string_view raw, Wrapping wrapping,
                         const std::function<size_t()>& next_size) {
  Unwrapper unwrapper(wrapping, Scratch());
  Unwrapped found;
  size_t read = 0;
  size_t done = 0;
  while (read < raw.size()) {
    read = std::min(raw.size(), read + next_size());
    const bool last = read == raw.size();
    while (const auto line = unwrapper.Next(raw.substr(done, read - done), last)) {
      EXPECT_GT(line->size, 0U);
      EXPECT_TRUE(line->is_wrapped || line->content.empty());
      (line->stream == StdStream::kStderr ? found.standard_error : found.standard_output) +=
          line->content;
      done += line->size;
    }
    EXPECT_TRUE(!last || done == raw.size());
  }
  found.foreign_lines = unwrapper.foreign_lines();
  return found;
}

Unwrapped Unwrap(std::string_view raw, Wrapping wrapping) {
  return UnwrapInPieces(raw, wrapping, [&] { return raw.size(); });
}

std::string OfCri(std::string_view raw) { return Unwrap(raw, Wrapping::kCri).standard_error; }
std::string OfDocker(std::string_view raw) { return Unwrap(raw, Wrapping::kDocker).standard_error; }

TEST(RecognizeWrapping, GoesByTheFirstLine) {
  struct Case {
    std::string text;
    Wrapping wrapping;
  };
  const Case cases[] = {
      {kTime + " stdout F text\n", Wrapping::kCri},
      {kTime + " stderr P text\n", Wrapping::kCri},
      {kTime + " stderr F \n", Wrapping::kCri},
      {kTime + " stderr F\n", Wrapping::kCri},
      {kTime + " stderr P:tag:other text\nplain\n", Wrapping::kCri},
      {"2021-02-16T08:59:44.287589429+00:00 stdout F text\n", Wrapping::kCri},
      {"2021-02-16T08:59:44Z stdout F text\n", Wrapping::kCri},
      {"2021-02-16T08:59:44Z stdout F text", Wrapping::kCri},
      {"{\"log\":\"text\\n\"" + kDockerEnd, Wrapping::kDocker},
      {"{\"log\":\"\"" + kDockerEnd, Wrapping::kDocker},
      {"{\"time\":\"" + kTime + "\",\"stream\":\"stdout\",\"log\":\"x\"}", Wrapping::kDocker},
      {"{ \"log\" : \"a\" , \"stream\" : \"stdout\" , \"time\" : \"" + kTime + "\" } \r\n",
       Wrapping::kDocker},
      {"", Wrapping::kNone},
      {"\n" + kTime + " stdout F text\n", Wrapping::kNone},
      {"26/11/21 15:33:12 INFO A: b\n" + kTime + " stdout F text\n", Wrapping::kNone},
      // Before Kubernetes 1.9, or of another program.
      {kTime + " stdout text\n", Wrapping::kNone},
      {kTime + " stdout Fine\n", Wrapping::kNone},
      {kTime + " stdin F text\n", Wrapping::kNone},
      {kTime + "  stdout F text\n", Wrapping::kNone},
      {kTime + " stdout X text\n", Wrapping::kNone},
      {kTime + " stdout ", Wrapping::kNone},
      {"2021-02-16 08:59:44 stdout F text\n", Wrapping::kNone},
      {"2021-02-16T08:59:44,123 INFO stdout F text\n", Wrapping::kNone},
      {"2021-02-16T08:59:44.28758942900000000000000000000000000 stdout F text\n", Wrapping::kNone},
      {"{\"log\":\"text\\n\",\"stream\":\"stderr\"}\n", Wrapping::kNone},
      {"{\"log\":\"text\\n\",\"stream\":\"stderr\",\"time\":\"now\"}\n", Wrapping::kNone},
      {"{\"log\":\"text\\n\",\"stream\":\"console\",\"time\":\"" + kTime + "\"}\n",
       Wrapping::kNone},
      {"{\"log\":7" + kDockerEnd, Wrapping::kNone},
      {"{\"log\":\"a\",\"log\":\"b\"" + kDockerEnd, Wrapping::kNone},
      {"{\"log\":\"a\"" + kDockerEnd.substr(0, kDockerEnd.size() - 2), Wrapping::kNone},
      {"{\"log\":\"a\"" + kDockerEnd.substr(0, kDockerEnd.size() - 1) + "}\n", Wrapping::kNone},
      {"{\"ts\":\"2026-11-21T16:04:12.478Z\",\"level\":\"INFO\",\"msg\":\"b\"}\n", Wrapping::kNone},
      {"{}\n", Wrapping::kNone},
      {"{\n", Wrapping::kNone},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(RecognizeWrapping(c.text, /*complete=*/true), c.wrapping) << c.text;
    // Byte by byte: once there is a result, it stays the same.
    for (size_t size = 0; size < c.text.size(); ++size) {
      const auto answer = RecognizeWrapping(c.text.substr(0, size), /*complete=*/false);
      EXPECT_TRUE(!answer || answer == c.wrapping) << c.text.substr(0, size);
    }
    if (c.text.find('\n') != std::string::npos) {
      EXPECT_TRUE(RecognizeWrapping(c.text, /*complete=*/false)) << c.text;
    }
  }
}

TEST(RecognizeWrapping, DoesNotWaitForTheEndOfAPlainLine) {
  EXPECT_EQ(RecognizeWrapping("", /*complete=*/false), std::nullopt);
  EXPECT_EQ(RecognizeWrapping("2", /*complete=*/false), std::nullopt);
  EXPECT_EQ(RecognizeWrapping("x", /*complete=*/false), Wrapping::kNone);
  EXPECT_EQ(RecognizeWrapping("26/", /*complete=*/false), Wrapping::kNone);
  EXPECT_EQ(RecognizeWrapping(kTime + " stderr F", /*complete=*/false), std::nullopt);
  EXPECT_EQ(RecognizeWrapping(kTime + " stderr F ", /*complete=*/false), Wrapping::kCri);
}

TEST(RecognizeWrapping, IsBounded) {
  const std::string long_line = "{\"log\":\"" + std::string(300'000, 'x');
  EXPECT_EQ(RecognizeWrapping(long_line, /*complete=*/false), Wrapping::kNone);
  EXPECT_EQ(RecognizeWrapping(long_line + "\"" + kDockerEnd, /*complete=*/true), Wrapping::kNone);
}

TEST(RecognizeWrapping, PlainLogsAreNotWrapped) {
  for (const std::string& name : testing::PlainLogs()) {
    EXPECT_EQ(RecognizeWrapping(testing::ReadFile(DataPath(name + ".log")), /*complete=*/false),
              Wrapping::kNone);
  }
  for (const std::string_view name : {"3.5.9/fail.json_ecs.log", "4.3.0/basic.structured.log"}) {
    EXPECT_EQ(RecognizeWrapping(testing::ReadFile(DataPath(name)), /*complete=*/false),
              Wrapping::kNone);
  }
}

TEST(Unwrapper, CriPartsComeTogether) {
  const Unwrapped found =
      Unwrap(kTime + " stderr P one, \n" + kTime + " stdout F other\r\n" + kTime + " stderr P \n" +
                 kTime + " stderr F two\n" + kTime + " stderr F:tag three \n" + kTime +
                 " stderr F\n" + kTime + " stderr F \n",
             Wrapping::kCri);
  EXPECT_EQ(found.standard_error, "one, two\nthree \n\n\n");
  EXPECT_EQ(found.standard_output, "other\r\n");
  EXPECT_EQ(found.foreign_lines, 0U);
}

TEST(Unwrapper, ContentOfCriIsNotCopied) {
  const std::string raw = kTime + " stderr F text\n";
  Unwrapper unwrapper(Wrapping::kCri, Scratch());
  const auto line = unwrapper.Next(raw, /*last=*/false);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->content.data(), raw.data() + raw.size() - 5);
  EXPECT_EQ(line->size, raw.size());
}

TEST(Unwrapper, EscapesOfDockerAreUndone) {
  struct Case {
    std::string_view json;
    std::string_view text;
  };
  static constexpr Case kCases[] = {
      {"", ""},
      {"text\\n", "text\n"},
      {"a part", "a part"},
      {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
      {R"(0123456\"0123456\\)", "0123456\"0123456\\"},
      {R"(01234567\"01234567\\)", "01234567\"01234567\\"},
      {R"(\u003c\u003E\u0026\u00e9\u20ac\ud83d\ude00)", "<>&é€😀"},
      {R"(\u2028\u0000)", std::string_view("\xE2\x80\xA8\0", 4)},
      {R"(\ud83dx\ude00\ud83d\ud83d\u0041)",
       "\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
       "A"},
      {R"(\ud83d)", "\xEF\xBF\xBD"},
      {"запит ✓ 日本語 🎉 \xff", "запит ✓ 日本語 🎉 \xff"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(OfDocker("{\"log\":\"" + std::string(c.json) + "\"" + kDockerEnd), c.text) << c.json;
  }
}

TEST(Unwrapper, KeysOfDockerComeInAnyOrder) {
  for (const std::string line :
       {R"({"log":"x\n","stream":"stderr","attrs":{"tag":"t"},"time":"t"})",
        R"({"stream":"stderr","time":"t","log":"x\n"})",
        R"({"attrs":{"a\"}":"{[","b":[{"c":"]"},1,null]},"stream":"stderr","log":"x\n"})",
        R"({"n":-1.5e3,"t":true,"e":{},"f":[],"log":"x\n","s":"\\","stream":"stderr"})",
        R"( { "log" : "x\n" , "stream" : "stderr" } )"}) {
    EXPECT_EQ(OfDocker(line + "\n"), "x\n") << line;
  }
}

TEST(Unwrapper, LinesThatAreNotWrappedAreCountedAndSkipped) {
  const std::string cri = kTime + " stderr F text\n";
  for (const std::string& line :
       {std::string("\n"), std::string("plain\n"), kTime + "\n", kTime + " stderr\n",
        kTime + " stderr \n", kTime + " stderr x text\n", kTime.substr(1) + " stderr F text\n",
        std::string("\0\0\0", 3) + cri}) {
    const Unwrapped found = Unwrap(cri + line + cri, Wrapping::kCri);
    EXPECT_EQ(found.standard_error, "text\ntext\n") << line;
    EXPECT_EQ(found.foreign_lines, 1U) << line;
  }
  const std::string docker = R"({"log":"text\n","stream":"stderr"})"
                             "\n";
  for (const std::string_view line : {R"()",
                                      R"(plain)",
                                      R"({)",
                                      R"({})",
                                      R"({"log":"x\n"})",
                                      R"({"stream":"stderr"})",
                                      R"({"log":"x","stream":"stderr"},)",
                                      R"({"log":"x","stream":"stderr")",
                                      R"({"log":"x" "stream":"stderr"})",
                                      R"({"log":"x,"stream":"stderr"})",
                                      R"({"log":"\q","stream":"stderr"})",
                                      R"({"log":"\u12","stream":"stderr"})",
                                      R"({"log":"\u12g4","stream":"stderr"})",
                                      R"({"log":"\)",
                                      R"({"log":"\",)",
                                      R"({"log":null,)",
                                      R"({"log":"x","stream":"stderr","a":[})",
                                      R"({"log":"x","stream":"stderr","a":})",
                                      R"({"log":"x","stream":"stderr",})",
                                      R"({"log":"x","stream":"stdout","stream":"stderr"})",
                                      R"({"log":"half of a {"log":"x\n","stream":"stderr"})"}) {
    const Unwrapped found = Unwrap(docker + std::string(line) + "\n" + docker, Wrapping::kDocker);
    EXPECT_EQ(found.standard_error, "text\ntext\n") << line;
    EXPECT_EQ(found.foreign_lines, 1U) << line;
  }
}

TEST(Unwrapper, ALineWithoutItsEndIsLeftUntilTheFileEnds) {
  const std::string cri = kTime + " stderr F text";
  const std::string docker = R"({"log":"text\n","stream":"stderr"})";
  Unwrapper of_cri(Wrapping::kCri, Scratch());
  EXPECT_EQ(of_cri.Next(cri, /*last=*/false), std::nullopt);
  EXPECT_EQ(of_cri.Next(cri, /*last=*/true)->content, "text");
  EXPECT_EQ(of_cri.Next("", /*last=*/true), std::nullopt);
  Unwrapper of_docker(Wrapping::kDocker, Scratch());
  EXPECT_EQ(of_docker.Next(docker, /*last=*/false), std::nullopt);
  EXPECT_EQ(of_docker.Next(docker, /*last=*/true)->content, "text\n");
  EXPECT_FALSE(of_docker.Next(docker.substr(0, 20), /*last=*/true)->is_wrapped);
}

// F25: no line grows without bound.
TEST(Unwrapper, F25_AnEndlessLineIsGivenUp) {
  const std::string cri = kTime + " stderr F text\n";
  const std::string raw = cri + kTime + " stderr F " + std::string(kMaxWrappedLine, 'x') + "\n" +
                          cri + std::string(kMaxWrappedLine + 5'000'000, 'y') + "\n" + cri;
  for (const size_t piece : {raw.size(), size_t{1} << 20, size_t{7'777'777}}) {
    const Unwrapped found = UnwrapInPieces(raw, Wrapping::kCri, [&] { return piece; });
    EXPECT_EQ(found.standard_error, "text\ntext\ntext\n") << piece;
    EXPECT_EQ(found.foreign_lines, 2U) << piece;
  }
  const std::string longest = kTime + " stderr F " + std::string(kMaxWrappedLine - 41, 'x') + "\n";
  EXPECT_EQ(longest.size(), kMaxWrappedLine);
  EXPECT_EQ(OfCri(longest).size(), kMaxWrappedLine - 40);
}

// F25: stdout and stderr are in one file, and parts of their lines are interleaved.
TEST(Unwrapper, F25_PartsOfBothStreamsComeTogetherInAllLogs) {
  std::mt19937_64 random(testing::Seed());
  for (const std::string& name : testing::PlainLogs()) {
    const std::string log = testing::ReadFile(DataPath(name + ".log"));
    if (testing::Scale() < 10 && log.size() > 300'000) continue;
    const std::string other = testing::ReadFile(DataPath("3.5.9/idle.default.log"));
    for (const Wrapping wrapping : {Wrapping::kCri, Wrapping::kDocker}) {
      for (const size_t part : {size_t{16} << 10, size_t{8} << 10, 1 + random() % 100}) {
        const WrapOptions options{wrapping, part, random() % 2 == 0};
        const std::string raw = Wrap(other, log, options, [&] { return random() % 3 != 0; });
        EXPECT_EQ(RecognizeWrapping(raw, /*complete=*/false), wrapping);
        const size_t largest = size_t{1} << (random() % 18);
        const Unwrapped found =
            UnwrapInPieces(raw, wrapping, [&] { return 1 + random() % largest; });
        EXPECT_TRUE(found.standard_error == log) << name;
        EXPECT_TRUE(found.standard_output == other) << name;
        EXPECT_EQ(found.foreign_lines, 0U);
      }
    }
  }
}

TEST(Unwrapper, EveryPieceOfALogIsTheSame) {
  const std::string log = testing::ReadFile(DataPath("3.5.9/continuous.default.log"));
  for (const Wrapping wrapping : {Wrapping::kCri, Wrapping::kDocker}) {
    std::string raw = Wrap(log, {wrapping, 64});
    raw.insert(raw.find('\n', 1000) + 1, "not wrapped\n");
    const Unwrapped whole = Unwrap(raw, wrapping);
    EXPECT_EQ(whole.standard_error, log);
    EXPECT_EQ(whole.foreign_lines, 1U);
    for (size_t size = 1; size < 400; ++size) {
      ASSERT_TRUE(UnwrapInPieces(raw, wrapping, [&] { return size; }) == whole) << size;
    }
  }
}

}  // namespace
}  // namespace sparktail
