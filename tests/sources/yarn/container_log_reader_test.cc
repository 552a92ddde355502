#include "ingest/sources/yarn/container_log_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/support/corpus.h"
#include "tests/support/fake_node_manager.h"

namespace sparktail {
namespace {

using ::sparktail::testing::FakeNodeManager;
using ::sparktail::testing::Scale;
using ::sparktail::testing::Seed;
using Outcome = ContainerLogReader::Outcome;
using Kind = Outcome::Kind;

const LogName kLog = {
    {false, "worker1:8042", "container_1_2_01_000001", "root"}, "worker1:8041", "stderr"};

class ContainerLogReaderTest : public ::testing::Test {
 protected:
  std::string& bytes() { return log().bytes; }
  FakeNodeManager::Log& log() { return node_.logs["container_1_2_01_000001/stderr"]; }

  Outcome Ask() {
    const HttpRequest request =
        reader_.Next(ContainerLogReader::Server::kNode, "http://worker1:8042", kLog);
    url_ = request.url;
    HttpResponse response = node_.Answer(request.url);
    if (response.body.size() > request.most_bytes) response.failure = HttpFailure::kTooLarge;
    return reader_.Take(response);
  }
  // Until there is no more.
  std::string ReadAll() {
    std::string all;
    for (int i = 0; i < 100'000; ++i) {
      const Outcome outcome = Ask();
      EXPECT_EQ(outcome.kind, Kind::kRead) << outcome.why;
      all += outcome.bytes;
      if (outcome.at_end || outcome.kind != Kind::kRead) return all;
    }
    ADD_FAILURE() << "no end";
    return all;
  }
  bool AskedForText() const { return url_.find("/ws/v1/") != std::string::npos; }

  FakeNodeManager node_;
  ContainerLogReader reader_{0};
  std::string url_;
};

std::string Noise(size_t size, std::mt19937_64* random, bool is_utf8) {
  static const std::vector<std::string> kPieces = {
      "a", "\n",     "<",    ">", "&",      "\"",   "ï",
      "—", "заказы", "日本", "😀", "</pre>", "&lt;", "End of LogType:"};
  std::string text;
  while (text.size() < size) {
    text += kPieces[(*random)() % kPieces.size()];
    if (!is_utf8 && (*random)() % 50 == 0) text += static_cast<char>(0x80 + (*random)() % 128);
  }
  return text;
}

TEST_F(ContainerLogReaderTest, NewBytesComeAsText) {
  bytes() = "one\n";
  Outcome outcome = Ask();
  EXPECT_EQ(outcome.bytes, "one\n");
  EXPECT_TRUE(outcome.at_end);
  EXPECT_EQ(outcome.is_running, true);
  EXPECT_TRUE(AskedForText());
  bytes() += "two\n";
  EXPECT_EQ(Ask().bytes, "two\n");
  outcome = Ask();
  EXPECT_EQ(outcome.bytes, "");
  EXPECT_EQ(outcome.kind, Kind::kRead);
  log().is_running = false;
  EXPECT_EQ(Ask().is_running, false);
  EXPECT_EQ(reader_.offset(), 8U);
}

TEST_F(ContainerLogReaderTest, MoreNewBytesThanRequestedAreRequestedAgain) {
  bytes() = std::string(300'000, 'x');
  EXPECT_EQ(Ask().bytes, "");
  EXPECT_EQ(Ask().bytes, bytes());
}

TEST_F(ContainerLogReaderTest, AnIdleLogCostsLittle) {
  bytes() = std::string(1'000'000, 'x');
  ReadAll();
  for (int i = 0; i < 100; ++i) Ask();
  const uint64_t before = node_.bytes_sent;
  Ask();
  EXPECT_LT(node_.bytes_sent - before, 3000U);
}

TEST_F(ContainerLogReaderTest, MuchComesInPieces) {
  std::mt19937_64 random(Seed());
  bytes() = Noise(size_t{9} << 20, &random, /*is_utf8=*/true);
  std::string all;
  size_t pages = 0;
  size_t longest = 0;
  for (bool at_end = false; !at_end;) {
    const Outcome outcome = Ask();
    ASSERT_EQ(outcome.kind, Kind::kRead);
    pages += AskedForText() ? 0 : 1;
    longest = std::max(longest, outcome.bytes.size());
    all += outcome.bytes;
    at_end = outcome.at_end;
  }
  EXPECT_TRUE(all == bytes());
  EXPECT_GT(pages, 3U);
  EXPECT_LT(longest, size_t{5} << 20);
  EXPECT_FALSE(reader_.is_inexact());
}

// Every cut of a log with characters of up to four bytes; what is written comes byte by byte.
TEST_F(ContainerLogReaderTest, EveryCutIsStitched) {
  for (const bool has_text : {true, false}) {
    const std::string text = "a заказы-naïve-日本-😀 <b>&\"q\"' — end\n";
    node_ = FakeNodeManager();
    node_.has_text = has_text;
    reader_ = ContainerLogReader(0);
    std::string all;
    for (size_t size = 0; size <= text.size(); ++size) {
      bytes() = text.substr(0, size);
      all += ReadAll();
    }
    EXPECT_EQ(all, text);
    EXPECT_FALSE(reader_.is_inexact());
  }
}

// A page can't show bytes that are no UTF-8: text does.
TEST_F(ContainerLogReaderTest, BytesThatAreNoUtf8ComeAsText) {
  std::mt19937_64 random(Seed());
  bytes() = Noise(size_t{6} << 20, &random, /*is_utf8=*/true) + "\xFF\xC3( \xE2\x82" +
            Noise(size_t{6} << 20, &random, /*is_utf8=*/false);
  EXPECT_TRUE(ReadAll() == bytes());
  EXPECT_FALSE(reader_.is_inexact());
}

TEST_F(ContainerLogReaderTest, WithoutTextTheOffsetsStayRight) {
  node_.has_text = false;
  bytes() =
      "a\xFF"
      "b\xC3(c\xE2\x82\n\xEF\xBF\xBD.";
  const std::string all = ReadAll();
  EXPECT_EQ(all.size(), bytes().size());
  EXPECT_EQ(all,
            "a\xFF"
            "b\xFF(c\xFF\xFF\n\xFF\xFF\xFF.");
  EXPECT_TRUE(reader_.is_inexact());
}

TEST_F(ContainerLogReaderTest, APartOfACharacterIsWaitedFor) {
  node_.has_text = false;
  bytes() = "x\xE6\x97";
  EXPECT_EQ(ReadAll(), "x");
  EXPECT_EQ(ReadAll(), "");
  bytes() = "x日\n";
  EXPECT_EQ(ReadAll(), "日\n");
  EXPECT_FALSE(reader_.is_inexact());
}

TEST_F(ContainerLogReaderTest, APartOfACharacterAtTheVeryEndIsTaken) {
  node_.has_text = false;
  bytes() = "x\xE6\x97";
  reader_.set_complete();
  EXPECT_EQ(ReadAll().size(), 3U);
}

TEST_F(ContainerLogReaderTest, ALogThatShrinksIsWaitedFor) {
  bytes() = "0123456789";
  ReadAll();
  const std::string whole = bytes();
  bytes() = "0123";
  EXPECT_EQ(Ask().kind, Kind::kShrunk);
  EXPECT_EQ(Ask().kind, Kind::kShrunk);
  bytes() = whole + "ab";
  EXPECT_EQ(Ask().bytes, "ab");
  bytes() = "another log that is longer";
  EXPECT_EQ(Ask().kind, Kind::kShrunk);
  EXPECT_EQ(reader_.offset(), 12U);
}

TEST_F(ContainerLogReaderTest, AShrunkPageToo) {
  node_.has_text = false;
  bytes() = "0123456789";
  ReadAll();
  bytes() = "0123";
  const Outcome outcome = Ask();
  EXPECT_EQ(outcome.kind, Kind::kShrunk);
  EXPECT_EQ(outcome.why, "the log has 4 bytes, but 10 bytes have been read");
}

TEST_F(ContainerLogReaderTest, AMissingLogIsGone) {
  EXPECT_EQ(Ask().kind, Kind::kGone);
  node_.has_text = false;
  Ask();
  EXPECT_EQ(Ask().kind, Kind::kGone);
  node_.knows_containers = false;
  EXPECT_EQ(Ask().kind, Kind::kGone);
}

TEST_F(ContainerLogReaderTest, NoResponseReturnsAByteTwice) {
  std::mt19937_64 random(Seed());
  for (int round = 0; round < 20 * Scale(); ++round) {
    node_ = FakeNodeManager();
    node_.has_text = round % 2 == 0;
    reader_ = ContainerLogReader(0);
    const std::string text = Noise(50'000, &random, /*is_utf8=*/!node_.has_text);
    std::string all;
    for (size_t size = 0; all.size() < text.size();) {
      size = std::min(text.size(), size + random() % 3000);
      bytes() = text.substr(0, size);
      const HttpRequest request =
          reader_.Next(ContainerLogReader::Server::kNode, "http://worker1:8042", kLog);
      HttpResponse response = node_.Answer(request.url);
      switch (random() % 8) {
        case 0:
          response.body.resize(random() % (response.body.size() + 1));
          response.body.resize(response.body.size() - std::min<size_t>(3, response.body.size()));
          break;
        case 1:
          response.status = 500;
          break;
        case 2:
          response = FakeNodeManager::Html("<html><title>Login</title><pre>x</pre></html>");
          break;
        case 3:
          response = FakeNodeManager::Html(FakeNodeManager::Page(""));
          break;
        case 4:
          response.content_type = "application/octet-stream";
          break;
        default:
          break;
      }
      const Outcome outcome = reader_.Take(response);
      all += outcome.bytes;
      ASSERT_EQ(all, text.substr(0, all.size())) << round;
      ASSERT_EQ(reader_.offset(), all.size());
    }
  }
}

TEST_F(ContainerLogReaderTest, ItGoesOnFromAnyByte) {
  const std::string text = "заказы-naïve\n";
  bytes() = text;
  for (const bool has_text : {true, false}) {
    node_.has_text = has_text;
    for (const size_t from : {0, 2, 4, 12}) {
      reader_ = ContainerLogReader(from);
      EXPECT_EQ(ReadAll(), text.substr(from));
    }
  }
}

}  // namespace
}  // namespace sparktail
