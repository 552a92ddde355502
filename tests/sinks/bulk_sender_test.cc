#include "sinks/bulk/bulk_sender.h"

#include <absl/synchronization/notification.h>
#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sinks/bulk/bulk_sink.h"
#include "sinks/opensearch/opensearch_dialect.h"
#include "tests/support/delivering.h"
#include "tests/support/fake_search_server.h"
#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using testing::Delivering;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeSearchServer;
using testing::FaultyOs;
using testing::Feed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using testing::MemoryCursorStore;
using ::testing::Not;
using testing::RawAnswer;
using testing::RecordingLog;
using ::testing::SizeIs;
using testing::TempDir;

using Document = FakeSearchServer::Document;
using Documents = FakeSearchServer::Documents;

constexpr char kSink[] = "search";

size_t NumberOf(const Document& document) { return std::stoul(document.id, nullptr, 16); }

// The sender as its sink uses it: fed like SinkWorker does, with a server whose responses are
// scripted.
class BulkSenderTest : public ::testing::Test {
 protected:
  BulkSenderTest() { MakeDeadLetters(uint64_t{1} << 20); }

  void MakeDeadLetters(uint64_t most) {
    dead_letters_.emplace(&os_, &log_, folder_ / "dead-letter", kSink, most);
  }
  std::unique_ptr<Delivering> MakeOpen() {
    BulkSink::Parts parts;
    parts.log = &log_;
    parts.store = &store_;
    parts.dead_letters = &*dead_letters_;
    parts.name = kSink;
    parts.options.urls = urls_.empty() ? std::vector<std::string>{server_.url() + "/"} : urls_;
    parts.dialect = std::make_unique<OpenSearchDialect>(
        *NamePattern::Parse("events-{kind}", NamePattern::Use::kIndex));
    parts.options.bulk_bytes = bulk_bytes_;
    parts.options.connections = connections_;
    parts.options.compression = gzip_ ? "gzip" : "none";
    parts.options.request_timeout = request_timeout_;
    parts.prepare = prepare_;
    parts.patience = patience_;
    auto sink = std::make_unique<BulkSink>(std::move(parts));
    sink_ = sink.get();
    auto one = std::make_unique<Delivering>(std::move(sink));
    const auto cursors = one->sink()->Open();
    EXPECT_TRUE(cursors.ok()) << cursors.status();
    return one;
  }

  // The contents of the index, in brief; checks that documents are complete.
  std::string Indexed() const {
    std::string lines;
    for (const auto& [id, document] : server_.documents()) lines += document.text + "\n";
    return Feed::Summary(lines);
  }
  uint64_t Cursor() { return Feed::OffsetOf(*store_.Load(kSink)); }
  std::string Buried() const {
    std::string all;
    const std::string directory = folder_ / "dead-letter/search";
    if (!std::filesystem::exists(directory)) return all;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      all += BytesOf(entry.path());
    }
    return all;
  }
  static std::string IdMember(size_t n) { return "\"id\":\"" + Feed::Id(n) + "\""; }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  MemoryCursorStore store_;
  std::optional<DeadLetters> dead_letters_;
  FakeSearchServer server_;
  std::vector<std::string> urls_;  // empty: the server's
  size_t bulk_bytes_ = 1 << 20;
  size_t connections_ = 1;
  bool gzip_ = false;
  absl::Duration request_timeout_ = absl::Seconds(60);
  absl::Duration patience_ = absl::Milliseconds(300);
  std::function<absl::Status(HttpClient*, const std::vector<std::string>&)> prepare_;
  BulkSink* sink_ = nullptr;  // the last one that was made
};

TEST_F(BulkSenderTest, EventsAndTheCursorAfterThem) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 3));
  ASSERT_TRUE(one->Deliver(3, 200));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 200));
  EXPECT_EQ(server_.documents().begin()->second.index, "events-progress");
  EXPECT_EQ(Cursor(), 200U);
}

TEST_F(BulkSenderTest, RequestsAreCompressedAndAsLargeAsTheyMayBe) {
  gzip_ = true;
  bulk_bytes_ = 2000;
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 200));
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 200));
  EXPECT_THAT(server_.requests(), SizeIs(::testing::Gt(20U)));
  for (const auto& request : server_.raw_requests()) {
    EXPECT_EQ(request.Header("content-type"), "application/x-ndjson");
    EXPECT_EQ(request.Header("content-encoding"), "gzip");
    EXPECT_THAT(request.target, ::testing::StartsWith("/_bulk?filter_path="));
  }
}

TEST_F(BulkSenderTest, F40_AKnownEventIsDelivered) {
  ASSERT_TRUE(MakeOpen()->Deliver(0, 5));
  store_.Forget("", "").IgnoreError();
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 8));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_THAT(server_.created(), SizeIs(8));
  EXPECT_EQ(sink_->statistics().known_events, 5U);
  EXPECT_EQ(Cursor(), 8U);
}

// ---------------------------------------------------------------- items

TEST_F(BulkSenderTest, F37_OnlyFailedEventsAreRetried) {
  const auto one = MakeOpen();
  server_.NextItems([](const Document& document) { return NumberOf(document) % 2 ? 429 : 201; });
  server_.NextItems([](const Document& document) { return NumberOf(document) == 3 ? 503 : 201; });
  ASSERT_TRUE(one->Deliver(0, 6));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_THAT(server_.requests(), ElementsAre(6, 3, 1));
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 6));
  EXPECT_EQ(sink_->statistics().retried_events, 4U);
  EXPECT_EQ(dead_letters_->count(), 0U);
}

TEST_F(BulkSenderTest, F37b_EachItemOfAMixedResponseHasItsOwnOutcome) {
  const auto one = MakeOpen();
  server_.NextItems([](const Document& document) {
    constexpr int kStatuses[] = {201, 400, 429, 409};
    return kStatuses[NumberOf(document) % 4];
  });
  ASSERT_TRUE(one->Deliver(0, 8));
  EXPECT_THAT(server_.requests(), ElementsAre(8, 2));
  EXPECT_EQ(dead_letters_->count(), 2U);
  EXPECT_THAT(Buried(), HasSubstr(IdMember(1)));
  EXPECT_THAT(Buried(), HasSubstr(IdMember(5)));
  EXPECT_EQ(server_.documents().size(), 4U);  // 409 is believed
  EXPECT_EQ(Cursor(), 8U);
}

TEST_F(BulkSenderTest, F38_ADeliveredEventDoesNotHideRejectedOnes) {
  const auto one = MakeOpen();
  server_.NextItems([](const Document& document) { return NumberOf(document) == 0 ? 201 : 400; });
  ASSERT_TRUE(one->Deliver(0, 300));
  EXPECT_EQ(dead_letters_->count(), 299U);
  EXPECT_THAT(Buried(),
              HasSubstr("status 400, mapper_parsing_exception: failed to parse field [n]"));
  EXPECT_THAT(Buried(), HasSubstr(R"("index":"events-progress")"));
}

TEST_F(BulkSenderTest, ErrorsFalseIsNotBelievedWhenItemsAreMissing) {
  const auto one = MakeOpen();
  server_.Next([](const Documents&) {
    return RawAnswer(200, R"({"errors":false,"items":[{"create":{"status":201}}]})");
  });
  server_.NextStatus(200, R"({"errors":false})");
  server_.NextStatus(200, R"({"errors":false,"items":[{"create":{}}]})");
  ASSERT_TRUE(one->Deliver(0, 4));
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 4));
}

// ---------------------------------------------------------------- whole requests

TEST_F(BulkSenderTest, F39_OneThatSpoilsItsRequestIsFound) {
  const auto one = MakeOpen();
  server_.Always([](const Documents& documents) -> std::optional<std::string> {
    const bool is_bad =
        std::any_of(documents.begin(), documents.end(),
                    [](const Document& document) { return NumberOf(document) == 13; });
    if (!is_bad) return std::nullopt;
    return RawAnswer(400, R"({"error":{"type":"validation","reason":"no"},"status":400})");
  });
  ASSERT_TRUE(one->Deliver(0, 40));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 13) + Feed::SummaryOf(14, 40));
  EXPECT_EQ(dead_letters_->count(), 1U);
  EXPECT_THAT(Buried(), HasSubstr(IdMember(13)));
  EXPECT_THAT(Buried(), HasSubstr("HTTP 400, validation: no"));
}

TEST_F(BulkSenderTest, F41_RequestsThatAreTooLargeAreMadeSmaller) {
  const auto one = MakeOpen();
  server_.Always([](const Documents& documents) -> std::optional<std::string> {
    size_t bytes = 0;
    for (const Document& document : documents) bytes += document.text.size();
    if (bytes <= 40'000) return std::nullopt;
    return RawAnswer(413, "");
  });
  ASSERT_TRUE(one->Deliver(0, 300));
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 300));
  const size_t before = server_.requests().size();
  ASSERT_TRUE(one->Deliver(300, 600));
  // None of these was rejected.
  size_t sent = 0;
  const std::vector<size_t> requests = server_.requests();
  for (size_t i = before; i < requests.size(); ++i) sent += requests[i];
  EXPECT_EQ(sent, 300U);
  EXPECT_EQ(dead_letters_->count(), 0U);
}

TEST_F(BulkSenderTest, F41_AnEventThatIsTooLargeAloneGoesToTheDeadLetters) {
  const auto one = MakeOpen();
  server_.Always([](const Documents& documents) -> std::optional<std::string> {
    for (const Document& document : documents) {
      if (NumberOf(document) == 6) return RawAnswer(413, "");
    }
    return std::nullopt;
  });
  ASSERT_TRUE(one->Deliver(0, 8));
  EXPECT_EQ(dead_letters_->count(), 1U);
  EXPECT_THAT(Buried(), HasSubstr("HTTP 413"));
  EXPECT_EQ(server_.documents().size(), 7U);
}

TEST_F(BulkSenderTest, F42_RightsThatAreMissingPauseTheSink) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 1));
  for (const int status : {401, 403, 404, 302, 405}) {
    server_.NextStatus(status, R"({"error":{"type":"security_exception","reason":"no rights"}})");
    const uint64_t cursor = Cursor();
    ASSERT_TRUE(one->Deliver(cursor, cursor + 2, [&](const absl::Status& error) {
      EXPECT_TRUE(absl::IsUnavailable(error)) << error;
      EXPECT_THAT(std::string(error.message()), HasSubstr("HTTP " + std::to_string(status)));
      EXPECT_EQ(Cursor(), cursor);
    }));
    EXPECT_THAT(one->errors, SizeIs(1)) << status;
    one->errors.clear();
  }
  EXPECT_EQ(dead_letters_->count(), 0U);
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 11));
}

TEST_F(BulkSenderTest, F42_AMissingOrBlockedIndexPausesTheSink) {
  const auto one = MakeOpen();
  for (const int status : {403, 404, 401}) {
    server_.NextItems([=](const Document&) { return status; });
    const uint64_t cursor = Cursor();
    ASSERT_TRUE(one->Deliver(cursor, cursor + 2));
    ASSERT_THAT(one->errors, SizeIs(1)) << status;
    EXPECT_THAT(std::string(one->errors[0].message()),
                HasSubstr("status " + std::to_string(status)));
    one->errors.clear();
  }
  EXPECT_EQ(dead_letters_->count(), 0U);
}

TEST_F(BulkSenderTest, F43_AnAnswerThatIsTooLongIsAskedForInParts) {
  patience_ = absl::Seconds(60);
  const auto one = MakeOpen();
  server_.NextStatus(200, std::string(size_t{64} << 20, ' '));
  ASSERT_TRUE(one->Deliver(0, 6));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 6));
  EXPECT_THAT(server_.requests(), ElementsAre(6, 3, 3));
}

TEST_F(BulkSenderTest, AnInvalidResponseIsRetried) {
  request_timeout_ = absl::Seconds(1);
  const auto one = MakeOpen();
  server_.NextStatus(200, "<html>Bad gateway</html>", "Content-Type: text/html\r\n");
  server_.NextStatus(502, "<html>Bad gateway</html>", "Content-Type: text/html\r\n");
  server_.Next([](const Documents&) { return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"; });
  server_.Next([](const Documents&) { return "nonsense"; });
  server_.Next([](const Documents&) { return ""; });
  ASSERT_TRUE(one->Deliver(0, 4));
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 4));
}

// ---------------------------------------------------------------- servers in trouble

TEST_F(BulkSenderTest, AnOverloadedServerIsLeftAlone) {
  patience_ = absl::Seconds(60);
  connections_ = 8;
  bulk_bytes_ = 1000;
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 200));
  const uint64_t before = sink_->statistics().connections;
  EXPECT_GT(before, 4U);
  server_.NextStatus(429);
  ASSERT_TRUE(one->Deliver(200, 201));
  EXPECT_THAT(sink_->statistics().connections, Le(before / 2 + 1));
  EXPECT_EQ(sink_->statistics().overloads, 1U);
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 201));
}

TEST_F(BulkSenderTest, RetryAfterIsObeyed) {
  patience_ = absl::Seconds(60);
  const auto one = MakeOpen();
  server_.NextStatus(503, "", "Retry-After: 1\r\n");
  const absl::Time began = absl::Now();
  ASSERT_TRUE(one->Deliver(0, 1));
  EXPECT_GE(absl::Now() - began, absl::Seconds(1));
  EXPECT_THAT(one->errors, IsEmpty());
}

TEST_F(BulkSenderTest, F31_TheCursorStaysWhereItIsWhileTheServerIsAway) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Deliver(0, 2));
  server_.Always([](const Documents&) { return RawAnswer(503, ""); });
  size_t failures = 0;
  ASSERT_TRUE(one->Deliver(2, 4, [&](const absl::Status& error) {
    EXPECT_THAT(std::string(error.message()), HasSubstr("HTTP 503"));
    EXPECT_EQ(Cursor(), 2U);
    if (++failures == 2) server_.Always(nullptr);
  }));
  EXPECT_GE(failures, 2U);
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 4));
}

TEST_F(BulkSenderTest, ARequestThatTimesOutIsRetried) {
  request_timeout_ = absl::Seconds(1);
  const auto one = MakeOpen();
  // Shared: the first response may still be waking up when the test is over.
  const auto asked_again = std::make_shared<absl::Notification>();
  server_.Next([asked_again](const Documents&) {
    asked_again->WaitForNotification();
    return RawAnswer(503, "");
  });
  server_.Next([asked_again](const Documents&) -> std::optional<std::string> {
    asked_again->Notify();
    return std::nullopt;
  });
  ASSERT_TRUE(one->Deliver(0, 2));
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 2));
}

TEST_F(BulkSenderTest, NodesThatAreAwayAreGoneAround) {
  std::string away;
  {
    FakeSearchServer gone;
    away = gone.url();
  }
  patience_ = absl::Seconds(60);
  FakeSearchServer other;
  urls_ = {away, server_.url(), away, other.url()};
  const auto one = MakeOpen();
  for (size_t n = 0; n < 20; ++n) ASSERT_TRUE(one->Deliver(n, n + 1));
  EXPECT_THAT(one->errors, IsEmpty());
  EXPECT_FALSE(server_.created().empty());
  EXPECT_FALSE(other.created().empty());
  EXPECT_EQ(server_.created().size() + other.created().size(), 20U);
}

// ---------------------------------------------------------------- refusals

TEST_F(BulkSenderTest, AHundredRejectionsWithoutASuccessPauseTheSink) {
  const auto one = MakeOpen();
  server_.AlwaysItems([](const Document&) { return 400; });
  size_t failures = 0;
  ASSERT_TRUE(one->Deliver(0, 150, [&](const absl::Status& error) {
    EXPECT_TRUE(absl::IsUnavailable(error)) << error;
    EXPECT_THAT(std::string(error.message()), HasSubstr("check the index"));
    EXPECT_THAT(std::string(error.message()), HasSubstr("mapper_parsing_exception"));
    EXPECT_EQ(dead_letters_->count(), 0U);
    if (++failures == 3) server_.Always(nullptr);
  }));
  EXPECT_EQ(failures, 3U);
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 150));
  EXPECT_EQ(Buried(), "");
}

TEST_F(BulkSenderTest, FullDeadLettersPauseTheSink) {
  MakeDeadLetters(100);
  const auto one = MakeOpen();
  server_.NextItems([](const Document&) { return 400; });
  ASSERT_TRUE(one->Deliver(0, 1));
  ASSERT_THAT(one->errors, SizeIs(1));
  EXPECT_TRUE(absl::IsResourceExhausted(one->errors[0])) << one->errors[0];
  EXPECT_EQ(Indexed(), Feed::SummaryOf(0, 1));
}

TEST_F(BulkSenderTest, InvalidJsonIsNotSent) {
  const auto one = MakeOpen();
  EventBuffer events = Feed::Events(0, 1);
  Feed::Append("nonsense", Feed::Id(1), &events);
  ASSERT_TRUE(one->Write(std::move(events)).ok());
  ASSERT_TRUE(one->Commit(2).ok());
  EXPECT_THAT(server_.requests(), ElementsAre(1));
  EXPECT_THAT(Buried(), HasSubstr("not a valid JSON object"));
}

// ---------------------------------------------------------------- commits

TEST_F(BulkSenderTest, DeliveredEventsAreNotSentAgainIfTheCursorCannotBeStored) {
  const auto one = MakeOpen();
  store_.Fail({.n = 1});
  ASSERT_TRUE(one->Deliver(0, 5));
  EXPECT_THAT(one->errors, SizeIs(1));
  EXPECT_THAT(server_.requests(), ElementsAre(5));
  EXPECT_EQ(Cursor(), 5U);
}

TEST_F(BulkSenderTest, AfterAnErrorOnlyTheRestIsSent) {
  const auto one = MakeOpen();
  server_.NextItems([](const Document& document) { return NumberOf(document) < 3 ? 201 : 403; });
  ASSERT_TRUE(one->Deliver(0, 5));
  EXPECT_THAT(one->errors, SizeIs(1));
  EXPECT_THAT(server_.requests(), ElementsAre(5, 2));
}

TEST_F(BulkSenderTest, ItIsPreparedBeforeTheFirstRequest) {
  size_t calls = 0;
  prepare_ = [&](HttpClient*, const std::vector<std::string>& urls) {
    EXPECT_THAT(urls, Each(Not(::testing::EndsWith("/"))));
    EXPECT_THAT(server_.requests(), IsEmpty());
    return ++calls == 1 ? absl::UnavailableError("no template") : absl::OkStatus();
  };
  const auto one = MakeOpen();
  EXPECT_EQ(calls, 0U);
  ASSERT_TRUE(one->Deliver(0, 1));
  ASSERT_TRUE(one->Deliver(1, 2));
  EXPECT_EQ(calls, 2U);
  ASSERT_THAT(one->errors, SizeIs(1));
  EXPECT_EQ(one->errors[0].message(), "no template");
}

TEST_F(BulkSenderTest, ABatchWithoutEventsMovesTheCursorAlone) {
  const auto one = MakeOpen();
  ASSERT_TRUE(one->Write(EventBuffer()).ok());
  ASSERT_TRUE(one->Commit(7).ok());
  EXPECT_THAT(server_.requests(), IsEmpty());
  EXPECT_EQ(Cursor(), 7U);
}

}  // namespace
}  // namespace sparktail
