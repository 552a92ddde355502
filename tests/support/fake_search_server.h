#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/raw_http_server.h"

namespace sparktail::testing {

// OpenSearch's bulk API with an index in memory: documents by id, `create` answered with 201 or
// 409. For the next requests other answers can be given. Thread-safe.
class FakeSearchServer {
 public:
  struct Document {
    std::string index;
    std::string id;
    std::string text;
  };
  using Documents = std::vector<Document>;
  // What it answers to a request with these documents; nothing: as usual.
  using Answer = std::function<std::optional<std::string>(const Documents&)>;
  // Each item's status; 201: as usual.
  using Status = std::function<int(const Document&)>;

  FakeSearchServer();

  const std::string& url() const { return server_.url(); }

  // The next requests are answered so, in this order.
  void Next(Answer answer) {
    const absl::MutexLock lock(&mutex_);
    next_.push_back(std::move(answer));
  }
  void NextStatus(int status, std::string body = "", std::string headers = "") {
    Next([=](const Documents&) { return RawAnswer(status, body, headers); });
  }
  void NextItems(Status status) {
    Next([this, status](const Documents& documents) { return AnswerItems(documents, status); });
  }
  // All requests, behind those of Next(); null: as usual.
  void Always(Answer answer) {
    const absl::MutexLock lock(&mutex_);
    always_ = std::move(answer);
  }
  void AlwaysItems(Status status) {
    Always([this, status](const Documents& documents) { return AnswerItems(documents, status); });
  }

  // Of an answer with these items, which take effect.
  std::string AnswerItems(const Documents& documents, const Status& status);

  // Ids, in the order in which they came.
  std::vector<std::string> created() const {
    const absl::MutexLock lock(&mutex_);
    return created_;
  }
  std::map<std::string, Document> documents() const {
    const absl::MutexLock lock(&mutex_);
    return documents_;
  }
  // How many documents each request had.
  std::vector<size_t> requests() const {
    const absl::MutexLock lock(&mutex_);
    return requests_;
  }
  std::vector<RawRequest> raw_requests() const {
    const absl::MutexLock lock(&mutex_);
    return raw_requests_;
  }

 private:
  std::string Serve(const RawRequest& request);

  mutable absl::Mutex mutex_;
  std::deque<Answer> next_ ABSL_GUARDED_BY(mutex_);
  Answer always_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Document> documents_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> created_ ABSL_GUARDED_BY(mutex_);
  std::vector<size_t> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<RawRequest> raw_requests_ ABSL_GUARDED_BY(mutex_);  // without bodies
  RawHttpServer server_;  // last: its threads use all the rest
};

}  // namespace sparktail::testing
