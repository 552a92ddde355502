#include "parsers/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::Scratch;
using ::sparktail::testing::Seed;
using ::testing::ElementsAre;

// Returns "stream|text" of each stream in turn, with its pieces joined.
std::vector<std::string> Texts(EnvelopeReader* reader, std::string_view message) {
  std::vector<std::string> texts;
  std::string last = "?";
  reader->Read(message, [&](const EnvelopeReader::Piece& piece) {
    if (piece.std_stream != last) texts.push_back(std::string(piece.std_stream) + "|");
    last = piece.std_stream;
    texts.back() += piece.text;
  });
  return texts;
}
std::vector<std::string> Texts(std::string_view message, Envelope envelope = Envelope::kAuto,
                               const std::string& field = "") {
  EnvelopeReader reader(envelope, field, Scratch());
  return Texts(&reader, message);
}
EnvelopeReader::Origin OriginOf(std::string_view message) {
  EnvelopeReader reader(Envelope::kAuto, "", Scratch());
  Texts(&reader, message);
  return reader.origin();
}

TEST(EnvelopeTest, TextIsAllOfItWithANewline) {
  EXPECT_THAT(Texts("a line"), ElementsAre("|a line\n"));
  EXPECT_THAT(Texts("a line\n"), ElementsAre("|a line\n"));
  EXPECT_THAT(Texts("two\nlines"), ElementsAre("|two\nlines\n"));
  EXPECT_THAT(Texts(""), ElementsAre("|\n"));
  EXPECT_THAT(Texts("{\"log\":\"x\"}", Envelope::kNone), ElementsAre("|{\"log\":\"x\"}\n"));
}

TEST(EnvelopeTest, FilebeatsMessage) {
  constexpr std::string_view kFilebeat =
      R"({"@timestamp":"2026-11-21T15:00:00.000Z","@metadata":{"beat":"filebeat","type":"_doc",)"
      R"("version":"8.15.0"},"message":"26/11/21 15:00:00 INFO \"A\":\tx","stream":"stderr",)"
      R"("log":{"offset":42,"file":{"path":"/var/log/pods/ns_pod-1_uid/driver/0.log"}},)"
      R"("input":{"type":"container"},"agent":{"name":"n"},"container":{"id":"abc"},)"
      R"("host":{"name":"node1"},"kubernetes":{"namespace":"ns","pod":{"name":"pod-1","uid":"u"},)"
      R"("container":{"name":"driver"},"node":{"name":"node2"}}})";
  EXPECT_THAT(Texts(kFilebeat), ElementsAre("stderr|26/11/21 15:00:00 INFO \"A\":\tx\n"));
  const EnvelopeReader::Origin origin = OriginOf(kFilebeat);
  EXPECT_EQ(origin.path, "/var/log/pods/ns_pod-1_uid/driver/0.log");
  EXPECT_EQ(origin.kubernetes_namespace, "ns");
  EXPECT_EQ(origin.pod, "pod-1");
  EXPECT_EQ(origin.container, "driver");
  EXPECT_EQ(origin.container_id, "abc");
  StreamFacts facts;
  origin.AddTo(&facts);
  EXPECT_EQ(facts.stream, "ns/pod-1/abc");
}

TEST(EnvelopeTest, FluentBitsLog) {
  EXPECT_THAT(Texts(R"({"@timestamp":1732201200.5,"log":"a line\n","stream":"stdout"})"),
              ElementsAre("stdout|a line\n"));
  EXPECT_THAT(Texts(R"({"@timestamp":1.0,"stream":"stdout","_p":"F","log":"a line"})"),
              ElementsAre("stdout|a line\n"));
  EXPECT_THAT(Texts(R"({"@timestamp":1.0,"stream":"stdout","logtag":"P","log":"a pa"})"),
              ElementsAre("stdout|a pa"));
  const EnvelopeReader::Origin origin =
      OriginOf(R"({"log":"x\n","kubernetes":{"pod_name":"p","namespace_name":"n",)"
               R"("container_name":"c","docker_id":"d","host":"h","labels":{"a":["b"]}}})");
  EXPECT_EQ(origin.pod, "p");
  EXPECT_EQ(origin.kubernetes_namespace, "n");
  EXPECT_EQ(origin.container, "c");
  EXPECT_EQ(origin.container_id, "d");
  EXPECT_EQ(origin.host, "h");
}

TEST(EnvelopeTest, VectorsMessage) {
  constexpr std::string_view kVector =
      R"({"file":"/var/log/app.log","host":"h1","message":"a line","source_type":"file",)"
      R"("timestamp":"2026-11-21T15:00:00Z"})";
  EXPECT_THAT(Texts(kVector), ElementsAre("|a line\n"));
  EXPECT_EQ(OriginOf(kVector).path, "/var/log/app.log");
  EXPECT_EQ(OriginOf(kVector).host, "h1");
  EXPECT_EQ(
      OriginOf(R"({"message":"x","kubernetes":{"container_id":"containerd://ab"}})").container_id,
      "ab");
  EXPECT_THAT(Texts(R"({"message":"a pa","_partial":true,"stream":"stderr"})"),
              ElementsAre("stderr|a pa"));
}

TEST(EnvelopeTest, TheFieldCanBeNamed) {
  EXPECT_THAT(Texts(R"({"message":"no","text":"yes"})", Envelope::kJson, "text"),
              ElementsAre("|yes\n"));
  EXPECT_THAT(
      Texts(R"({"message":"no","event":{"original":"yes"}})", Envelope::kJson, "event.original"),
      ElementsAre("|yes\n"));
  EXPECT_THAT(Texts(R"({"event.original":"yes"})", Envelope::kAuto, "event.original"),
              ElementsAre("|yes\n"));
}

TEST(EnvelopeTest, ALogLineInJsonIsNoEnvelope) {
  for (const std::string_view line :
       {R"({"ts":"2026-11-21T15:00:00.000Z","level":"INFO","msg":"m","logger":"Runner"})",
        R"({"@timestamp":"2026-11-21T15:00:00.000Z","log.level":"INFO","message":"m",)"
        R"("log.logger":"org.x"})",
        R"({"instant":{"epochSecond":1},"level":"INFO","loggerName":"org.x","message":"m"})"}) {
    EXPECT_THAT(Texts(line), ElementsAre("|" + std::string(line) + "\n"));
  }
}

TEST(EnvelopeTest, LinesOfContainerRuntimes) {
  EXPECT_THAT(Texts("2016-10-06T00:17:09.669794202Z stderr F one\n"
                    "2016-10-06T00:17:09.669794203Z stderr P tw\n"
                    "2016-10-06T00:17:09.669794203Z stderr F o"),
              ElementsAre("stderr|one\ntwo\n"));
  EXPECT_THAT(Texts("2016-10-06T00:17:09.669794203Z stdout P tw"), ElementsAre("stdout|tw"));
  EXPECT_THAT(Texts(R"({"log":"one\n","stream":"stdout","time":"2016-10-06T00:17:09.669794202Z"})"),
              ElementsAre("stdout|one\n"));
  EXPECT_THAT(Texts(R"({"log":"on","stream":"stdout","time":"2016-10-06T00:17:09.669794202Z"})"),
              ElementsAre("stdout|on"));
  // Within JSON.
  EXPECT_THAT(Texts(R"({"@timestamp":1,"log":"2016-10-06T00:17:09.669794203Z stdout P tw"})"),
              ElementsAre("stdout|tw"));
}

TEST(EnvelopeTest, LinesThatAreNotWrappedGoToTheStreamOfTheNextOne) {
  EXPECT_THAT(Texts("2016-10-06T00:17:09.669794202Z stderr F one\nof the same record"),
              ElementsAre("stderr|one\nof the same record\n"));
}

TEST(EnvelopeTest, SeveralObjectsInLines) {
  EXPECT_THAT(Texts("{\"message\":\"one\"}\n{\"message\":\"two\"}\n"), ElementsAre("|one\ntwo\n"));
}

TEST(EnvelopeTest, AMessageInAnotherEnvelopeIsText) {
  for (const Envelope envelope : {Envelope::kJson, Envelope::kCri, Envelope::kDocker}) {
    EnvelopeReader reader(envelope, "", Scratch());
    EXPECT_THAT(Texts(&reader, "a line"), ElementsAre("|a line\n"));
    EXPECT_THAT(Texts(&reader, "{\"a\":"), ElementsAre("|{\"a\":\n"));
    EXPECT_EQ(reader.foreign(), 2U);
  }
}

TEST(EnvelopeTest, InvalidUtf8DoesNotHideTheText) {
  EXPECT_THAT(Texts("{\"message\":\"a\xFFz\"}"), ElementsAre("|a\xEF\xBF\xBDz\n"));
}

TEST(EnvelopeTest, NoMessageCrashes) {
  std::mt19937_64 random(Seed());
  const std::string_view whole =
      R"({"@timestamp":1.0,"message":"a \u00e9\n","log":{"file":{"path":"/a"}},"stream":"stderr",)"
      R"("kubernetes":{"pod":{"name":"p"},"labels":["x",{"y":null}]},"_partial":false})";
  for (size_t cut = 0; cut <= whole.size(); ++cut) Texts(whole.substr(0, cut));
  for (int i = 0; i < 20000; ++i) {
    std::string message(whole);
    for (uint64_t n = random() % 4 + 1; n > 0; --n) {
      message[random() % message.size()] = "{}[]\",:\\u\n \x00z0"[random() % 14];
    }
    for (const Envelope envelope : {Envelope::kAuto, Envelope::kJson, Envelope::kDocker}) {
      Texts(message, envelope, i % 2 == 0 ? "" : "kubernetes.pod");
    }
  }
  Texts(std::string(100000, '['));
  Texts("{\"a\":" + std::string(100000, '[') + std::string(100000, ']') + ",\"message\":\"x\"}");
  std::string deep;
  for (int i = 0; i < 20000; ++i) deep += "{\"log\":";
  Texts(deep);
}

}  // namespace
}  // namespace sparktail
