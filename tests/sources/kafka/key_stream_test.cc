#include "ingest/sources/kafka/key_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/faulty_os.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

using testing::NoiseLine;
using testing::NumbersOf;
using testing::ProgressRecord;
using testing::Records;

class KeyStreamTest : public ::testing::Test {
 protected:
  static KafkaPosition NewStart() {
    KafkaPosition start;
    start.partition = {"raw", 0};
    start.offset = -1;
    return start;
  }
  std::unique_ptr<KeyStream> Make(const KafkaPosition& start = NewStart(),
                                  const ParsePosition& from = {}) {
    return std::make_unique<KeyStream>(&share_, StreamKey("src", "raw/0/a"), StreamFacts(), from,
                                       start);
  }
  // A new one at the cursor of the batch.
  std::unique_ptr<KeyStream> Resume(const Batch& batch) {
    return Make(KafkaPosition::FromJson(batch.end->position).value(),
                ContentStream::PlaceOf(*batch.end));
  }
  static KafkaPosition PositionOf(const Batch& batch) {
    return KafkaPosition::FromJson(batch.end->position).value();
  }
  static std::vector<size_t> NumbersIn(const Batch& batch) {
    std::string lines;
    for (const EventRef& event : batch.events.events) {
      lines.append(batch.events.document(event)).append("\n");
    }
    return NumbersOf(lines);
  }

  testing::FaultyOs os_;
  ContentShare share_{&os_, ParserOptions()};
};

TEST_F(KeyStreamTest, ItsPositionIsTheFirstMessageThatIsNotSettled) {
  const auto stream = Make();
  const std::string record = ProgressRecord(1);
  EXPECT_EQ(stream->Take(NoiseLine(), 7, 0), NoiseLine().size());
  stream->Take(record.substr(0, 300), 8, 100);
  stream->Take(record.substr(300, 100), 9, 200);
  stream->Parse();
  ASSERT_EQ(stream->places().size(), 2U);
  EXPECT_EQ(stream->places().front().offset, 8);
  EXPECT_EQ(stream->places().front().content, NoiseLine().size());
  EXPECT_EQ(stream->places().front().bytes, 100U);
  EXPECT_EQ(PositionOf(*stream->TakeBatch()).offset, 8);
  stream->Take(record.substr(400), 12, 300);
  stream->Parse();
  EXPECT_TRUE(stream->places().empty());
  const auto batch = stream->TakeBatch();
  EXPECT_EQ(NumbersIn(*batch), std::vector<size_t>{1});
  EXPECT_EQ(PositionOf(*batch).offset, 13) << "after the last message";
  EXPECT_EQ(PositionOf(*batch).content, NoiseLine().size() + record.size());
}

TEST_F(KeyStreamTest, ResumesWithinAMessage) {
  const std::string first = Records(0, 2);
  const std::string open = ProgressRecord(5);
  const auto stream = Make();
  stream->Take(first + open.substr(0, 200), 3, 0);
  stream->Parse();
  const auto batch = stream->TakeBatch();
  ASSERT_EQ(PositionOf(*batch).offset, 3) << "a part of the message is settled";
  const auto again = Resume(*batch);
  EXPECT_TRUE(again->HasRead(2));
  EXPECT_FALSE(again->HasRead(3));
  EXPECT_EQ(again->Take(first.substr(0, 100), 3, 0), 0U) << "in pieces, as an envelope has them";
  EXPECT_EQ(again->Take(first.substr(100) + open.substr(0, 200), 3, 0), 200U);
  EXPECT_EQ(again->Take(open.substr(200), 4, 0), open.size() - 200);
  again->Parse();
  EXPECT_EQ(NumbersIn(*again->TakeBatch()), std::vector<size_t>{5});
}

TEST_F(KeyStreamTest, GoesOnWithTheNextMessageIfThatOfItsCursorIsGone) {
  const auto stream = Make();
  stream->Take(Records(0, 2) + ProgressRecord(5).substr(0, 200), 3, 0);
  stream->Parse();
  const auto again = Resume(*stream->TakeBatch());
  EXPECT_EQ(again->Take(Records(7, 8), 6, 0), Records(7, 8).size());
  again->Parse();
  EXPECT_EQ(NumbersIn(*again->TakeBatch()), std::vector<size_t>{7});
}

TEST_F(KeyStreamTest, AnOpenRecordThatIsGivenUpHoldsNothing) {
  const auto stream = Make();
  stream->Take(ProgressRecord(1).substr(0, 300), 0, 0);
  stream->Parse();
  EXPECT_EQ(stream->places().size(), 1U);
  stream->GiveUp();
  EXPECT_TRUE(stream->places().empty());
  EXPECT_EQ(PositionOf(*stream->TakeBatch()).offset, 1);
  stream->Take(Records(2, 3), 1, 300);
  stream->Parse();
  EXPECT_EQ(NumbersIn(*stream->TakeBatch()), std::vector<size_t>{2});
}

}  // namespace
}  // namespace sparktail
