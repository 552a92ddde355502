#include "ingest/sources/yarn/host_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace sparktail {
namespace {

using ::testing::ElementsAre;

class HeldWeb : public Web {
 public:
  void Start(HttpRequest request, Done done) override {
    started.push_back(request.url);
    held.push_back(std::move(done));
  }
  void Poll() override {}
  void Answer(size_t which) { std::exchange(held[which], nullptr)(HttpResponse()); }

  std::vector<std::string> started;
  std::vector<Done> held;
};

TEST(HostQueueTest, AHostGetsSoManyAtATime) {
  HeldWeb web;
  HostQueue queue(&web, 2);
  std::vector<std::string> done;
  for (const char* url : {"http://a:1/1", "http://a:1/2", "http://a:1/3", "http://b:1/1"}) {
    HttpRequest request;
    request.url = url;
    queue.Start(request, [&done, url](const HttpResponse&) { done.emplace_back(url); });
  }
  EXPECT_THAT(web.started, ElementsAre("http://a:1/1", "http://a:1/2", "http://b:1/1"));
  EXPECT_EQ(queue.in_flight(), 4U);
  web.Answer(1);
  EXPECT_THAT(done, ElementsAre("http://a:1/2"));
  EXPECT_EQ(web.started.back(), "http://a:1/3");
  web.Answer(0);
  web.Answer(2);
  web.Answer(3);
  EXPECT_EQ(done.size(), 4U);
  EXPECT_EQ(queue.in_flight(), 0U);
}

TEST(HostQueueTest, AResponseMayStartTheNextRequest) {
  HeldWeb web;
  HostQueue queue(&web, 1);
  HttpRequest request;
  request.url = "http://a:1/1";
  queue.Start(request,
              [&](const HttpResponse&) { queue.Start(request, [](const HttpResponse&) {}); });
  web.Answer(0);
  EXPECT_EQ(web.started.size(), 2U);
  EXPECT_EQ(queue.in_flight(), 1U);
}

TEST(HostQueueTest, HostsOfAddresses) {
  EXPECT_EQ(HostOfUrl("http://rm1:8088/ws?x"), "rm1:8088");
  EXPECT_EQ(HostOfUrl("https://rm1"), "rm1");
  EXPECT_EQ(HostOfUrl("nonsense"), "");
}

}  // namespace
}  // namespace sparktail
