#include "sinks/solr/solr_sink.h"

#include <gmock/gmock.h>

#include "tests/support/one_sink.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::OneSinkTest;
using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawRequest;

class SolrSinkTest : public OneSinkTest {};

TEST_F(SolrSinkTest, EventsGoToItsCollection) {
  RawHttpServer server(RawHttpServer::Answering([this](const RawRequest& request) {
    Note(request);
    return RawAnswer(200, R"({"responseHeader":{"status":0}})");
  }));
  SolrOptions options;
  options.urls = {server.url() + "/solr"};
  options.collection = "events";
  const auto sink = MakeSolrSink(options, Parts());
  ASSERT_TRUE(sink->Open().ok());
  ASSERT_TRUE(Deliver(sink.get(), 3).ok());
  EXPECT_THAT(Asked(), ElementsAre("POST /solr/events/update/json/docs"));
  EXPECT_EQ(dead_letters_.count(), 0U);
}

}  // namespace
}  // namespace sparktail
