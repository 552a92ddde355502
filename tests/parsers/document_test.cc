#include "parsers/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sparktail {
namespace {

using ::testing::HasSubstr;

EventId TestId() {
  EventId id;
  id.fill('5');
  return id;
}
constexpr std::string_view kIdText = "55555555555555555555555555555555";

StreamFacts FileFacts() {
  StreamFacts facts;
  facts.source_name = "file";
  facts.path = "logs/driver.log";
  return facts;
}

Identity FullIdentity() {
  return {.app_name = "cap-basic",
          .app_id = "application_1700000000000_0042",
          .attempt = "1",
          .container_id = "container_e12_1700000000000_0042_01_000001",
          .deploy_mode = "cluster",
          .spark_version = "3.5.9"};
}

Identity Named(std::string app_name) {
  Identity identity;
  identity.app_name = std::move(app_name);
  return identity;
}

Progress SmallProgress() {
  Progress progress;
  progress.timestamp = "2026-11-21T15:33:42.034Z";
  progress.metrics = R"({"id":"a","batchId":0})";
  return progress;
}

QueryIds SomeIds() {
  return {"2839e413-4843-4fc4-8377-00175ccecfd8", "ce223947-4d93-44b4-98a7-0662faad9f28", "rate"};
}

Header SomeHeader() {
  Header header;
  header.level = "INFO";
  header.logger = "MicroBatchExecution";
  return header;
}

std::string TheDocument(const EventBuffer& out) {
  EXPECT_EQ(out.events.size(), 1U);
  EXPECT_TRUE(out.bytes.view().ends_with('\n'));
  return std::string(out.document(out.events.back()));
}

std::string WriteProgress(DocumentWriter* writer, const Progress& progress, uint64_t offset = 7) {
  EventBuffer out;
  writer->WriteProgress(TestId(), progress, offset, &out);
  return TheDocument(out);
}

std::string WriteQuery(DocumentWriter* writer, const QueryFacts& query,
                       const Header& header = SomeHeader()) {
  EventBuffer out;
  writer->WriteQuery(TestId(), "2026-11-21T15:33:42.000Z", query, header, 7, &out);
  return TheDocument(out);
}

// The beginning and the middle of a document of FileFacts() without an identity.
std::string Head(std::string_view timestamp, std::string_view kind) {
  return "{\"@timestamp\":\"" + std::string(timestamp) + "\",\"kind\":\"" + std::string(kind) +
         "\",\"id\":\"" + std::string(kIdText) + "\",\"environment\":\"default\"";
}
constexpr std::string_view kSource =
    R"(,"source":{"name":"file","path":"logs/driver.log","offset":7})";

TEST(DocumentTest, WritesAFullProgressDocumentInTheOrderOfTheContract) {
  DocumentWriter writer(FileFacts());
  writer.SetIdentity(FullIdentity());
  Progress progress = SmallProgress();
  progress.derived = {
      .state_rows = 2635230, .state_bytes = 924016415, .watermark_delay_ms = 12000, .lag_rows = 0};
  EXPECT_EQ(
      WriteProgress(&writer, progress, 268500891),
      R"({"@timestamp":"2026-11-21T15:33:42.034Z","kind":"progress",)"
      R"("id":"55555555555555555555555555555555","environment":"default","appName":"cap-basic",)"
      R"("appId":"application_1700000000000_0042","attempt":1,)"
      R"("containerId":"container_e12_1700000000000_0042_01_000001","deployMode":"cluster",)"
      R"("running":true,"sparkVersion":"3.5.9",)"
      R"("source":{"name":"file","path":"logs/driver.log","offset":268500891},)"
      R"("metrics":{"id":"a","batchId":0},)"
      R"("derived":{"stateRows":2635230,"stateBytes":924016415,"watermarkDelayMs":12000,)"
      R"("lagRows":0,"lagBasis":"progress"}})");
}

TEST(DocumentTest, SaysWhereTheLogIsFrom) {
  StreamFacts facts = FileFacts();
  facts.host = "worker1";
  DocumentWriter on_a_host(facts);
  EXPECT_THAT(WriteProgress(&on_a_host, SmallProgress()),
              HasSubstr(R"("offset":7,"host":"worker1"},"metrics")"));
  facts.kubernetes_namespace = "prod";
  facts.pod = "etl-driver";
  facts.container = "a\xff";
  facts.identity.container_id = "0123";
  DocumentWriter in_a_pod(facts);
  const std::string document = WriteProgress(&in_a_pod, SmallProgress());
  EXPECT_THAT(document, HasSubstr("\"offset\":7,\"host\":\"worker1\",\"namespace\":\"prod\","
                                  "\"pod\":\"etl-driver\",\"container\":\"a\xEF\xBF\xBD\","
                                  "\"invalidUtf8\":true},\"metrics\""));
  EXPECT_THAT(document, HasSubstr("\"containerId\":\"0123\""));
}

TEST(DocumentTest, EventsHaveTheirTimeAndPlace) {
  DocumentWriter writer(FileFacts());
  EventBuffer out;
  Progress progress = SmallProgress();
  progress.timestamp_ms = 1795275222034;
  writer.WriteProgress(TestId(), progress, 1, &out);
  writer.WriteQuery(TestId(), "2026-11-21T15:33:42.034Z", QueryFacts(), SomeHeader(), 2, &out);
  writer.WriteSignal(TestId(), "2026-11-21T15:33:42.034Z", SignalFacts(), SomeHeader(), 3, &out);
  writer.WriteQuery(TestId(), "", QueryFacts(), SomeHeader(), 4, &out);
  writer.WriteSignal(TestId(), "", SignalFacts(), SomeHeader(), 5, &out);
  ASSERT_EQ(out.events.size(), 5U);
  for (size_t i = 0; i < out.events.size(); ++i) {
    EXPECT_EQ(out.events[i].offset, i + 1);
    EXPECT_EQ(out.events[i].time_ms, i < 3 ? 1795275222034 : kNoTime);
  }
}

TEST(DocumentTest, OmitsUnknownFields) {
  StreamFacts facts;
  facts.source_name = "stdin";
  DocumentWriter writer(facts);
  EXPECT_EQ(WriteProgress(&writer, SmallProgress(), 0),
            R"({"@timestamp":"2026-11-21T15:33:42.034Z","kind":"progress",)"
            R"("id":"55555555555555555555555555555555","environment":"default","running":true,)"
            R"("source":{"name":"stdin","offset":0},"metrics":{"id":"a","batchId":0},)"
            R"("derived":{}})");
}

TEST(DocumentTest, EachDerivedValueStandsAlone) {
  struct Case {
    std::optional<int64_t> Derived::*member;
    int64_t value;
    std::string_view json;
  };
  static constexpr Case kCases[] = {
      {&Derived::state_rows, 0, R"("derived":{"stateRows":0}})"},
      {&Derived::state_rows, INT64_MAX, R"("derived":{"stateRows":9223372036854775807}})"},
      {&Derived::state_bytes, 5, R"("derived":{"stateBytes":5}})"},
      {&Derived::watermark_delay_ms, -1, R"("derived":{"watermarkDelayMs":-1}})"},
      {&Derived::lag_rows, INT64_MIN,
       R"("derived":{"lagRows":-9223372036854775808,"lagBasis":"progress"}})"},
  };
  DocumentWriter writer(FileFacts());
  for (const Case& c : kCases) {
    Progress progress = SmallProgress();
    progress.derived.*c.member = c.value;
    EXPECT_TRUE(WriteProgress(&writer, progress).ends_with(c.json)) << c.json;
  }
}

TEST(DocumentTest, WritesAFullQueryDocument) {
  DocumentWriter writer(FileFacts());
  QueryFacts query;
  query.phase = "terminated";
  query.ids = SomeIds();
  query.checkpoint = "file:/ck";
  query.batch_id = "7";
  query.has_error = true;
  query.error = {"a.B", "boom", "a.B: boom\n\tat c"};
  query.truncated = true;
  Header header = SomeHeader();
  header.level = "ERROR";
  header.thread = "main";
  EXPECT_EQ(WriteQuery(&writer, query, header),
            Head("2026-11-21T15:33:42.000Z", "query") + ",\"running\":false" +
                std::string(kSource) +
                R"(,"query":{"phase":"terminated","id":"2839e413-4843-4fc4-8377-00175ccecfd8",)"
                R"("runId":"ce223947-4d93-44b4-98a7-0662faad9f28","name":"rate",)"
                R"("checkpoint":"file:/ck","batchId":7,"attribution":"query"},)"
                R"("error":{"class":"a.B","message":"boom","stack":"a.B: boom\n\tat c",)"
                R"("truncated":true},)"
                R"("log":{"level":"ERROR","logger":"MicroBatchExecution","thread":"main"}})");
}

TEST(DocumentTest, AQueryWithoutIdsBelongsToTheApplication) {
  DocumentWriter writer(FileFacts());
  QueryFacts query;
  query.phase = "idle";
  EXPECT_EQ(WriteQuery(&writer, query),
            Head("2026-11-21T15:33:42.000Z", "query") + ",\"running\":true" + std::string(kSource) +
                R"(,"query":{"phase":"idle","attribution":"app"},)" +
                R"("log":{"level":"INFO","logger":"MicroBatchExecution"}})");
}

TEST(DocumentTest, OnlyAnEndIsNotRunning) {
  DocumentWriter writer(FileFacts());
  for (const std::string_view phase : {"started", "resumed", "idle", "stopped", "terminated"}) {
    QueryFacts query;
    query.phase = phase;
    const bool ended = phase == "stopped" || phase == "terminated";
    EXPECT_NE(WriteQuery(&writer, query).find(ended ? "\"running\":false" : "\"running\":true"),
              std::string::npos)
        << phase;
  }
}

TEST(DocumentTest, WritesAFullSignalDocument) {
  DocumentWriter writer(FileFacts());
  const SignalFacts signal = {"progress_incomplete", "warning", "it \"broke\"",
                              R"({"reason":"malformed","bytes":12})"};
  EventBuffer out;
  writer.WriteSignal(TestId(), "2026-11-21T15:33:42.000Z", signal, SomeHeader(), 7, &out);
  EXPECT_EQ(TheDocument(out),
            Head("2026-11-21T15:33:42.000Z", "signal") + ",\"running\":true" +
                std::string(kSource) +
                R"(,"rule":"progress_incomplete","severity":"warning","message":"it \"broke\"",)"
                R"("fields":{"reason":"malformed","bytes":12},)"
                R"("log":{"level":"INFO","logger":"MicroBatchExecution"}})");
}

TEST(DocumentTest, FactsOverrideTheLog) {
  StreamFacts facts = FileFacts();
  facts.environment = "pro";
  facts.identity = {.app_name = "given",
                    .app_id = "application_1_2",
                    .attempt = "2",
                    .container_id = "container_1_2_02_3",
                    .deploy_mode = "client",
                    .spark_version = "4.3.0"};
  DocumentWriter writer(facts);
  writer.SetIdentity(FullIdentity());
  EXPECT_NE(WriteProgress(&writer, SmallProgress())
                .find(R"("environment":"pro","appName":"given","appId":"application_1_2",)"
                      R"("attempt":2,"containerId":"container_1_2_02_3","deployMode":"client",)"
                      R"("running":true,"sparkVersion":"4.3.0","source")"),
            std::string::npos);
}

TEST(DocumentTest, OneFactLeavesTheRestToTheLog) {
  StreamFacts facts = FileFacts();
  facts.identity.app_name = "given";
  DocumentWriter writer(facts);
  writer.SetIdentity(FullIdentity());
  EXPECT_NE(WriteProgress(&writer, SmallProgress())
                .find(R"("appName":"given","appId":"application_1700000000000_0042")"),
            std::string::npos);
}

TEST(DocumentTest, ANewIdentityReplacesTheWholeOldOne) {
  DocumentWriter writer(FileFacts());
  writer.SetIdentity(FullIdentity());
  Identity next;
  next.spark_version = "4.3.0";
  writer.SetIdentity(next);
  EXPECT_NE(WriteProgress(&writer, SmallProgress())
                .find(R"("environment":"default","running":true,"sparkVersion":"4.3.0")"),
            std::string::npos);
}

TEST(DocumentTest, ControlBytesOfTheLogAreEscaped) {
  StreamFacts facts = FileFacts();
  facts.path = "a\"b\\c\x1b[2J\n";
  DocumentWriter writer(facts);
  writer.SetIdentity(Named(std::string("n\0\x7f", 3)));
  QueryFacts query;
  query.phase = "started";
  query.ids = SomeIds();
  query.ids.name = "tab\there";
  Header header = SomeHeader();
  header.thread = "\r";
  const std::string document = WriteQuery(&writer, query, header);
  EXPECT_NE(document.find(R"("appName":"n\u0000\u007f")"), std::string::npos);
  EXPECT_NE(document.find(R"("path":"a\"b\\c\u001b[2J\n")"), std::string::npos);
  EXPECT_NE(document.find(R"("name":"tab\there")"), std::string::npos);
  EXPECT_NE(document.find(R"("thread":"\r")"), std::string::npos);
  for (const char c : document) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  EXPECT_EQ(document.find("invalidUtf8"), std::string::npos);
}

TEST(DocumentTest, SaysWhereBytesWereNoUtf8) {
  static constexpr std::string_view kSays = R"("offset":7,"invalidUtf8":true})";
  static constexpr std::string_view kSilent = R"("offset":7})";
  DocumentWriter writer(FileFacts());

  Progress progress = SmallProgress();
  progress.invalid_utf8 = true;
  EXPECT_NE(WriteProgress(&writer, progress).find(kSays), std::string::npos);

  QueryFacts query;
  query.phase = "started";
  query.ids = SomeIds();
  EXPECT_NE(WriteQuery(&writer, query).find(kSilent), std::string::npos);
  query.ids.name = "\xff";
  EXPECT_NE(WriteQuery(&writer, query).find(kSays), std::string::npos);
  EXPECT_NE(WriteQuery(&writer, query).find("\"name\":\"\xEF\xBF\xBD\""), std::string::npos);

  // The envelope keeps its part of the flag until the identity changes.
  writer.SetIdentity(Named("\x80"));
  EXPECT_NE(WriteProgress(&writer, SmallProgress()).find(kSays), std::string::npos);
  writer.SetIdentity(Named("good"));
  EXPECT_NE(WriteProgress(&writer, SmallProgress()).find(kSilent), std::string::npos);

  StreamFacts facts = FileFacts();
  facts.path = "\xff";
  DocumentWriter other(facts);
  EXPECT_NE(WriteProgress(&other, SmallProgress()).find(kSays), std::string::npos);
}

TEST(DocumentTest, OffsetsAreExact) {
  DocumentWriter writer(FileFacts());
  for (const uint64_t offset :
       {uint64_t{0}, uint64_t{9}, uint64_t{1} << 32, static_cast<uint64_t>(INT64_MAX)}) {
    EXPECT_NE(WriteProgress(&writer, SmallProgress(), offset)
                  .find("\"offset\":" + std::to_string(offset) + "}"),
              std::string::npos);
  }
}

TEST(DocumentTest, DocumentsStandOnLinesOfTheirOwn) {
  DocumentWriter writer(FileFacts());
  EventBuffer out;
  writer.WriteProgress(TestId(), SmallProgress(), 1, &out);
  QueryFacts query;
  query.phase = "idle";
  writer.WriteQuery(TestId(), "2026-11-21T15:33:42.000Z", query, SomeHeader(), 2, &out);
  writer.WriteSignal(TestId(), "2026-11-21T15:33:42.000Z", {"r", "s", "m", "{}"}, SomeHeader(), 3,
                     &out);
  ASSERT_EQ(out.events.size(), 3U);
  EXPECT_EQ(out.events[0].kind, EventKind::kProgress);
  EXPECT_EQ(out.events[1].kind, EventKind::kQuery);
  EXPECT_EQ(out.events[2].kind, EventKind::kSignal);
  std::string joined;
  for (const EventRef& event : out.events) {
    EXPECT_EQ(View(event.id), kIdText);
    joined += std::string(out.document(event)) + "\n";
  }
  EXPECT_EQ(out.bytes.view(), joined);
}

TEST(DocumentTest, AnEventOfNoLogHasTheEnvelopeWithoutAnOffset) {
  StreamFacts facts;
  facts.source_name = "prod";
  facts.identity = FullIdentity();
  EventBody body;
  body.kind = EventKind::kApp;
  body.id = TestId();
  body.timestamp = "2026-11-21T15:33:42.000Z";
  body.running = false;
  body.members = R"(,"app":{})";
  EventBuffer out;
  DocumentWriter(facts).Write(body, 9, &out);
  EXPECT_EQ(TheDocument(out),
            Head("2026-11-21T15:33:42.000Z", "app") +
                R"(,"appName":"cap-basic","appId":"application_1700000000000_0042","attempt":1,)"
                R"("containerId":"container_e12_1700000000000_0042_01_000001",)"
                R"("deployMode":"cluster","running":false,"sparkVersion":"3.5.9",)"
                R"("source":{"name":"prod"},"app":{}})");
  EXPECT_EQ(out.events[0].offset, 9U);
  EXPECT_EQ(out.events[0].time_ms, 1795275222000);
  EXPECT_EQ(out.events[0].kind, EventKind::kApp);
}

}  // namespace
}  // namespace sparktail
