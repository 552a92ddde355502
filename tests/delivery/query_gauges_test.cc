#include "ingest/delivery/query_gauges.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <atomic>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "parsers/timestamp.h"
#include "tests/support/corpus.h"

namespace sparktail {
namespace {

class ClockOs : public PosixOs {
 public:
  absl::Time now = absl::FromUnixSeconds(1'795'276'800);
  absl::Time Now() override { return now; }
};

void Add(EventKind kind, const std::string& document, EventBuffer* events) {
  EventRef event{kind, {}, events->bytes.size(), events->bytes.size() + document.size()};
  simdjson::dom::parser parser;
  std::string_view time;
  if (!parser.parse(document)["@timestamp"].get(time)) {
    event.time_ms = ParseUtcMillis(time).value_or(kNoTime);
  }
  events->bytes.Append(document);
  events->events.push_back(event);
  events->bytes.Append('\n');
}

EventKind KindOf(const std::string& document) {
  for (const EventKind kind : {EventKind::kProgress, EventKind::kQuery}) {
    if (document.find(absl::StrCat("\"kind\":\"", std::string(Name(kind)), "\"")) < 100)
      return kind;
  }
  return EventKind::kSignal;
}

// The events of a recorded log.
EventBuffer Events(const std::string& name) {
  EventBuffer events;
  const std::string log = testing::ReadFile(testing::DataPath(name + ".log"));
  for (const std::string& document : testing::Parse(log).documents) {
    Add(KindOf(document), document, &events);
  }
  return events;
}

std::string Id(size_t number) {
  std::string digits = std::to_string(number);
  return "11111111-2222-3333-4444-" + std::string(12 - digits.size(), '0') + digits;
}

// `long_name`: the bytes of the query's name; 0: it has none.
void AddProgress(size_t query, int batch, EventBuffer* events, size_t long_name = 0) {
  const std::string name =
      long_name == 0 ? "" : absl::StrCat(R"(,"name":")", std::string(long_name, 'x'), "\"");
  Add(EventKind::kProgress,
      absl::StrCat(R"({"environment":"pro","appName":"{\"metrics\":{\"id\":\"x\"}","source":{},)",
                   R"("metrics":{"id":")", Id(query), R"(","batchId":)", batch, name, "}}"),
      events);
}

void AddEnd(size_t query, const std::string& phase, EventBuffer* events) {
  Add(EventKind::kQuery,
      absl::StrCat(R"({"kind":"query","query":{"phase":")", phase, R"(","id":")", Id(query),
                   R"("}})"),
      events);
}

std::map<std::string, QueryStatus> ReadById(QueryGauges* gauges) {
  std::map<std::string, QueryStatus> queries;
  for (const QueryStatus& query : gauges->Read()) queries[query.query] = query;
  return queries;
}

class QueryGaugesTest : public ::testing::Test {
 protected:
  ClockOs os_;
  QueryGauges gauges_{&os_};
};

TEST_F(QueryGaugesTest, NothingWasSeen) {
  gauges_.Observe(EventBuffer());
  EXPECT_TRUE(gauges_.Read().empty());
}

TEST_F(QueryGaugesTest, TheLastBatchOfARecordedLog) {
  // Without the end of the log, where all queries are stopped.
  EventBuffer events = Events("3.5.9/basic.default");
  std::erase_if(events.events,
                [](const EventRef& event) { return event.kind != EventKind::kProgress; });
  ASSERT_FALSE(events.events.empty());
  gauges_.Observe(events);

  std::map<std::string, simdjson::dom::object> expected;
  simdjson::dom::parser parsers[1000];
  size_t count = 0;
  for (const EventRef& event : events.events) {
    simdjson::dom::element document = parsers[count++].parse(std::string(events.document(event)));
    std::string_view name;
    if (document["metrics"]["name"].get(name)) name = document["metrics"]["id"];
    expected[std::string(name)] = document;
  }
  const auto found = ReadById(&gauges_);
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, query] : found) {
    ASSERT_TRUE(expected.contains(name)) << name;
    const simdjson::dom::object document = expected[name];
    EXPECT_EQ(query.environment, std::string_view(document["environment"]));
    EXPECT_EQ(query.app_name, std::string_view(document["appName"]));
    EXPECT_EQ(query.batch_id, double(document["metrics"]["batchId"]));
    EXPECT_EQ(query.input_rows, double(document["metrics"]["numInputRows"]));
    EXPECT_EQ(query.processed_rows_per_second,
              double(document["metrics"]["processedRowsPerSecond"]));
    EXPECT_EQ(query.duration_ms, double(document["metrics"]["durationMs"]["triggerExecution"]));
    EXPECT_EQ(query.state_rows, double(document["derived"]["stateRows"]));
    absl::Time time;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full,
                                std::string(std::string_view(document["metrics"]["timestamp"])),
                                &time, nullptr));
    EXPECT_DOUBLE_EQ(query.timestamp, absl::ToDoubleSeconds(time - absl::UnixEpoch()));
    EXPECT_EQ(std::isnan(query.lag_rows), !document["derived"]["lagRows"].is_int64());
    EXPECT_FALSE(query.failed);
  }
}

// Whatever the pieces, after each all queries show their last batch.
TEST_F(QueryGaugesTest, AllRecordedLogsAgreeWithAPlainAccount) {
  size_t queries = 0;
  for (const std::string& name : testing::PlainLogs()) {
    const EventBuffer events = Events(name);
    QueryGauges gauges(&os_);
    std::map<std::string, std::pair<double, bool>> expected;  // batch and failed, by id
    simdjson::dom::parser parser;
    EventBuffer piece;
    for (size_t i = 0; i < events.events.size(); ++i) {
      const EventRef& event = events.events[i];
      const std::string text(events.document(event));
      Add(event.kind, text, &piece);
      const simdjson::dom::element document = parser.parse(text);
      if (event.kind == EventKind::kProgress) {
        const std::string id{std::string_view(document["metrics"]["id"])};
        expected[id] = {double(document["metrics"]["batchId"]), false};
      } else if (event.kind == EventKind::kQuery && document["query"]["id"].is_string()) {
        const std::string id{std::string_view(document["query"]["id"])};
        const std::string_view phase = document["query"]["phase"];
        if (phase == "stopped") expected.erase(id);
        if (phase == "terminated" && expected.contains(id)) expected[id].second = true;
      }
      if (i % 7 != 6 && i + 1 != events.events.size()) continue;
      gauges.Observe(piece);
      piece.Clear();
      std::multiset<std::pair<double, bool>> wanted;
      std::multiset<std::pair<double, bool>> found;
      for (const auto& [id, state] : expected) wanted.insert(state);
      for (const QueryStatus& query : gauges.Read()) found.insert({query.batch_id, query.failed});
      ASSERT_EQ(found, wanted) << name << " up to event " << i;
      queries += found.size();
    }
  }
  EXPECT_GT(queries, 100U);
}

TEST_F(QueryGaugesTest, TheLastProgressOfABufferCounts) {
  EventBuffer events;
  for (int batch = 0; batch < 50; ++batch) {
    AddProgress(1, batch, &events);
    AddProgress(2, 100 + batch, &events);
  }
  gauges_.Observe(events);
  const auto queries = ReadById(&gauges_);
  ASSERT_EQ(queries.size(), 2U);
  EXPECT_EQ(queries.at(Id(1)).batch_id, 49);
  EXPECT_EQ(queries.at(Id(2)).batch_id, 149);
  EXPECT_EQ(queries.at(Id(1)).app_name, "{\"metrics\":{\"id\":\"x\"}");
  EXPECT_TRUE(std::isnan(queries.at(Id(1)).input_rows)) << "what is not there is not known";
  EXPECT_TRUE(std::isnan(queries.at(Id(1)).timestamp));
}

TEST_F(QueryGaugesTest, AStoppedQueryIsForgottenAFailedOneIsKept) {
  EventBuffer first;
  for (size_t query = 1; query <= 3; ++query) AddProgress(query, 1, &first);
  gauges_.Observe(first);
  EventBuffer second;
  AddProgress(1, 2, &second);
  AddEnd(1, "stopped", &second);
  AddEnd(2, "terminated", &second);
  AddEnd(9, "terminated", &second);
  gauges_.Observe(second);
  auto queries = ReadById(&gauges_);
  ASSERT_EQ(queries.size(), 2U);
  EXPECT_TRUE(queries.at(Id(2)).failed);
  EXPECT_FALSE(queries.at(Id(3)).failed);

  EventBuffer third;
  AddEnd(3, "terminated", &third);
  AddEnd(3, "started", &third);
  AddProgress(3, 5, &third);
  AddProgress(2, 6, &third);
  AddEnd(2, "terminated", &third);
  gauges_.Observe(third);
  queries = ReadById(&gauges_);
  EXPECT_FALSE(queries.at(Id(3)).failed) << "it runs again";
  EXPECT_TRUE(queries.at(Id(2)).failed);
  EXPECT_EQ(queries.at(Id(2)).batch_id, 6);
}

TEST_F(QueryGaugesTest, WhatWasNotSeenForLongIsForgotten) {
  EventBuffer one;
  AddProgress(1, 1, &one);
  EventBuffer two;
  AddProgress(2, 1, &two);
  gauges_.Observe(one);
  os_.now += absl::Hours(12);
  gauges_.Observe(two);
  os_.now += absl::Hours(13);
  EXPECT_EQ(ReadById(&gauges_).size(), 1U);
  EXPECT_TRUE(ReadById(&gauges_).contains(Id(2)));
}

TEST_F(QueryGaugesTest, AtMostAThousandTheOldestGoFirst) {
  for (size_t query = 0; query < QueryGauges::kMostQueries + 10; ++query) {
    EventBuffer events;
    AddProgress(query, 1, &events);
    AddProgress(0, 2, &events);  // is seen all the time
    gauges_.Observe(events);
  }
  const auto queries = ReadById(&gauges_);
  EXPECT_EQ(queries.size(), QueryGauges::kMostQueries);
  EXPECT_TRUE(queries.contains(Id(0)));
  EXPECT_FALSE(queries.contains(Id(1)));
  EXPECT_TRUE(queries.contains(Id(QueryGauges::kMostQueries + 9)));
}

TEST_F(QueryGaugesTest, TextsAreBoundedEachAndTogether) {
  EventBuffer events;
  AddProgress(1, 1, &events);
  AddProgress(1, 2, &events, QueryGauges::kMostTextBytes);
  AddProgress(2, 2, &events, QueryGauges::kMostTextBytes);
  gauges_.Observe(events);
  auto queries = ReadById(&gauges_);
  ASSERT_EQ(queries.size(), 1U);
  EXPECT_EQ(queries.at(Id(1)).batch_id, 1);

  constexpr size_t kEach = QueryGauges::kMostTextBytes / 2;
  for (size_t query = 0; query < 100; ++query) {
    events.Clear();
    AddProgress(query, 1, &events, kEach);
    gauges_.Observe(events);
  }
  EXPECT_LE(gauges_.Read().size(), QueryGauges::kMostBytes / kEach);
  EXPECT_GE(gauges_.Read().size(), QueryGauges::kMostBytes / kEach - 1);
}

TEST_F(QueryGaugesTest, DocumentsThatAreNoneHarmNothing) {
  EventBuffer events;
  for (const std::string text :
       {"", "{", R"("metrics":{"id":")", R"({"metrics":{"id":"")",
        R"({"metrics":{"id":"11111111-2222-3333-4444-000000000001",)", R"({"metrics":1})"}) {
    Add(EventKind::kProgress, text, &events);
    Add(EventKind::kQuery, text, &events);
    Add(EventKind::kSignal, text, &events);
  }
  gauges_.Observe(events);
  EXPECT_TRUE(gauges_.Read().empty());
}

TEST_F(QueryGaugesTest, ReadAndObserveAtATime) {
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      for (const QueryStatus& query : gauges_.Read()) EXPECT_GE(query.batch_id, 0);
    }
  });
  for (int batch = 0; batch < 200; ++batch) {
    EventBuffer events;
    for (size_t query = 0; query < 5; ++query) AddProgress(query, batch, &events);
    if (batch % 10 == 9) AddEnd(3, "stopped", &events);
    gauges_.Observe(events);
  }
  done = true;
  reader.join();
  EXPECT_EQ(ReadById(&gauges_).at(Id(0)).batch_id, 199);
}

}  // namespace
}  // namespace sparktail
