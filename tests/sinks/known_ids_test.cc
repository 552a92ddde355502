#include "sinks/file/known_ids.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::FaultyOs;
using testing::Feed;

EventId IdOf(const std::string& hex) {
  EventId id{};
  std::copy(hex.begin(), hex.end(), id.begin());
  return id;
}

class KnownIdsTest : public ::testing::Test {
 protected:
  absl::Status Collect(const std::string& text) {
    testing::WriteBytes(path_, text);
    const absl::StatusOr<int> fd = os_.Open(path_);
    const absl::Status status = ids_.Collect(&os_, *fd);
    os_.Close(*fd);
    return status;
  }

  testing::TempDir folder_;
  const std::string path_ = folder_ / "events.ndjson";
  FaultyOs os_;
  KnownIds ids_;
};

TEST_F(KnownIdsTest, IdsOfAllDocuments) {
  EXPECT_TRUE(ids_.empty());
  ASSERT_TRUE(Collect(Feed::Lines(0, 3000) + Feed::Lines(7000, 7001)).ok());
  EXPECT_EQ(ids_.size(), 3001U);
  EXPECT_TRUE(ids_.Has(IdOf(Feed::Id(0))));
  EXPECT_TRUE(ids_.Has(IdOf(Feed::Id(2999))));
  EXPECT_FALSE(ids_.Has(IdOf(Feed::Id(3000))));
  EXPECT_TRUE(ids_.Has(IdOf(Feed::Id(7000))));
}

TEST_F(KnownIdsTest, HoweverShortTheReads) {
  for (const size_t most : {1, 7, 255, 1000}) {
    os_.set_most_read(most);
    ids_ = KnownIds();
    ASSERT_TRUE(Collect(Feed::Lines(0, 40)).ok());
    EXPECT_EQ(ids_.size(), 40U) << most;
  }
}

TEST_F(KnownIdsTest, TheIdIsTheEventsOwn) {
  const std::string own = "00112233445566778899aabbccddeeff";
  const std::string other = "ffffffffffffffffffffffffffffffff";
  ASSERT_TRUE(Collect("{\"@timestamp\":\"x\",\"kind\":\"query\",\"id\":\"" + own +
                      "\",\"query\":{\"id\":\"" + other + "\"}}\n")
                  .ok());
  EXPECT_EQ(ids_.size(), 1U);
  EXPECT_TRUE(ids_.Has(IdOf(own)));
}

TEST_F(KnownIdsTest, OtherLinesHaveNone) {
  const std::string id = "00112233445566778899aabbccddeeff";
  ASSERT_TRUE(Collect("\n\nwhat a user wrote\n{\"id\":\"" + id +
                      "\"}\n{\"kind\":\"query\",\"id\":\"0011\"}\n"
                      "{\"kind\":\"query\",\"id\":\"zz112233445566778899aabbccddeeff\"}\n" +
                      "{\"kind\":\"query\"," + std::string(1000, ' ') + "\"id\":\"" + id + "\"}\n" +
                      "{\"kind\":\"query\",\"id\":\"" + id + "\",\"not\":\"ended")
                  .ok());
  EXPECT_TRUE(ids_.empty());
}

TEST_F(KnownIdsTest, ErrorsAreReported) {
  os_.Fail({.n = 2, .calls = {FaultyOs::Call::kReadAt}});
  EXPECT_TRUE(absl::IsUnavailable(Collect(Feed::Lines(0, 40))));
}

}  // namespace
}  // namespace sparktail
