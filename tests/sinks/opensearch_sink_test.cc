#include "sinks/opensearch/opensearch_sink.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/support/one_sink.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::OneSinkTest;
using testing::RawAnswer;
using testing::RawHttpServer;
using testing::RawRequest;

class OpenSearchSinkTest : public OneSinkTest {
 protected:
  OpenSearchSinkTest() { options_.urls = {server_.url() + "/"}; }

  std::string Answer(const RawRequest& request) {
    Note(request);
    if (request.target.starts_with("/_bulk")) {
      encoding_ = request.Header("content-encoding");
      return RawAnswer(200, R"({"errors":false,"items":[{"create":{"status":201}}]})");
    }
    if (request.method == "PUT") return RawAnswer(200, R"({"acknowledged":true})");
    if (request.target == "/") {
      return RawAnswer(200, R"({"version":{"distribution":"opensearch","number":"2.19.4"}})");
    }
    return RawAnswer(404, R"({"error":"there is none","status":404})");
  }

  OpenSearchOptions options_;
  std::string encoding_;  // of the last bulk
  RawHttpServer server_{
      RawHttpServer::Answering([this](const RawRequest& request) { return Answer(request); })};
};

TEST_F(OpenSearchSinkTest, TheTemplateIsThereBeforeTheFirstBulk) {
  const auto sink = MakeOpenSearchSink(options_, Parts());
  ASSERT_TRUE(sink->Open().ok());
  EXPECT_THAT(Asked(), ElementsAre());
  ASSERT_TRUE(Deliver(sink.get(), 1).ok());
  EXPECT_THAT(Asked(), ElementsAre("GET /", "GET /_index_template/sparktail",
                                   "PUT /_index_template/sparktail", "POST /_bulk"));
  EXPECT_EQ(encoding_, "gzip");
  EXPECT_TRUE(log_.Has("sink search writes to OpenSearch 2.19.4"));
}

TEST_F(OpenSearchSinkTest, OptionsAreObeyed) {
  options_.manage_template = false;
  options_.compression = "none";
  const auto sink = MakeOpenSearchSink(options_, Parts());
  ASSERT_TRUE(sink->Open().ok());
  ASSERT_TRUE(Deliver(sink.get(), 1).ok());
  EXPECT_THAT(Asked(), ElementsAre("GET /", "POST /_bulk"));
  EXPECT_EQ(encoding_, "");
}

}  // namespace
}  // namespace sparktail
