#include "sinks/bulk/bulk_sender.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sparktail {
namespace {

constexpr absl::Duration kTurn = absl::Milliseconds(200);
constexpr absl::Duration kSlow = absl::Seconds(10);
// Limit for a response: it may hold a reason for each document.
constexpr size_t kAnswerBytes = size_t{4} << 20;
constexpr size_t kAnswerBytesPerItem = size_t{4} << 10;
constexpr size_t kLeastBulkBytes = size_t{16} << 10;

}  // namespace

BulkSender::BulkSender(Parts parts)
    : parts_(std::move(parts)),
      is_gzip_(parts_.options.compression == "gzip"),
      nodes_(parts_.options.urls),
      limit_(parts_.options.connections),
      bulk_bytes_(parts_.options.bulk_bytes) {
  parts_.meter->Set(&BulkStatistics::connections, limit_.limit());
}

BulkSender::~BulkSender() { parts_.client->Abandon(); }

// ---------------------------------------------------------------- putting

absl::Status BulkSender::Put(const EventBuffer& events, size_t first) {
  for (size_t i = first; i < events.events.size(); ++i) {
    const EventRef& event = events.events[i];
    if (delivered_.contains(event.id) || parts_.refused->Contains(event.id)) continue;
    absl::Status status = PutOne(events, event);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status BulkSender::PutOne(const EventBuffer& events, const EventRef& event) {
  const std::string* index = parts_.dialect->IndexOf(events, event);
  if (index == nullptr) {
    return parts_.refused->Add(event.id, events.document(event), "",
                               "it is not a valid JSON object");
  }
  // The document and its newline.
  const std::string_view line =
      events.bytes.view().substr(event.begin, event.end + 1 - event.begin);
  if (IsIdle()) progress_ = absl::Now();
  if (!open_.items.empty() && open_.bytes + line.size() > bulk_bytes_) Close();
  open_.Add({line, event.id, index});
  if (open_.bytes >= bulk_bytes_) Close();
  while (queue_.size() > parts_.options.connections) {
    if (absl::Status status = Turn(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void BulkSender::Close() {
  if (open_.items.empty()) return;
  queue_.push_back(std::exchange(open_, {}));
  if (is_prepared_) StartMore();
}

absl::Status BulkSender::Flush() {
  Close();
  while (!IsIdle()) {
    if (absl::Status status = Turn(); !status.ok()) return status;
  }
  return failure_;
}

void BulkSender::Reset() {
  parts_.client->Abandon();
  requests_.clear();
  queue_.clear();
  open_ = {};
  failure_ = absl::OkStatus();
  progress_ = absl::Now();
}

// ---------------------------------------------------------------- sending

// Starts as many requests as the limit allows, then serves those in flight for a moment.
absl::Status BulkSender::Turn() {
  if (!failure_.ok()) return failure_;
  if (!is_prepared_) {
    absl::Status status = parts_.prepare ? parts_.prepare() : absl::OkStatus();
    if (!status.ok()) return status;
    is_prepared_ = true;
    progress_ = absl::Now();
  }
  StartMore();
  if (requests_.empty()) return WaitForNodes();
  Serve();
  return failure_;
}

void BulkSender::StartMore() {
  while (!queue_.empty() && requests_.size() < limit_.limit()) {
    const std::optional<size_t> node = nodes_.Next(absl::Now());
    if (!node) return;
    Group group = std::move(queue_.front());
    queue_.pop_front();
    Start(std::move(group), *node);
  }
}

// Waits while all nodes rest.
absl::Status BulkSender::WaitForNodes() {
  const absl::Time now = absl::Now();
  if (now - progress_ > parts_.patience) return absl::UnavailableError(trouble_);
  const absl::Duration rest = nodes_.free_at() - now;
  parts_.client->Poll(std::clamp(rest, absl::ZeroDuration(), kTurn));
  return absl::OkStatus();
}

void BulkSender::Start(Group group, size_t node) {
  requests_.push_back(std::make_unique<Request>());
  Request* request = requests_.back().get();
  request->group = std::move(group);
  request->node = node;
  request->began = absl::Now();
  MakeBody(request);
  HttpRequest http;
  http.method = HttpMethod::kPost;
  http.url = nodes_.url(node) + parts_.dialect->Path();
  http.headers = {"Content-Type: " + parts_.dialect->ContentType()};
  http.body = request->body;
  http.gzip_body = is_gzip_;
  http.most_bytes = kAnswerBytes + kAnswerBytesPerItem * request->group.items.size();
  http.timeout = parts_.options.request_timeout;
  parts_.client->Start(std::move(http), [this, request](HttpResponse response) {
    OnResponse(request, std::move(response));
  });
}

void BulkSender::MakeBody(Request* request) {
  std::string* body = &request->body;
  if (!is_gzip_) {
    for (const BulkItem& item : request->group.items) {
      parts_.dialect->Write(item, [body](std::string_view piece) { body->append(piece); });
    }
    return;
  }
  gzip_.Begin(body);
  for (const BulkItem& item : request->group.items) {
    parts_.dialect->Write(item, [this](std::string_view piece) { gzip_.Feed(piece); });
  }
  gzip_.End();
}

void BulkSender::Serve() {
  parts_.client->Poll(kTurn);
  const absl::Time now = absl::Now();
  for (const auto& request : requests_) {
    if (request->is_logged_as_slow || now - request->began < kSlow) continue;
    request->is_logged_as_slow = true;
    parts_.log->Warn("slow " + parts_.name,
                     "sink " + parts_.name + ": " + nodes_.url(request->node) +
                         " has not responded for " + absl::FormatDuration(kSlow));
    return;
  }
}

// ---------------------------------------------------------------- responses

void BulkSender::OnResponse(Request* request, HttpResponse response) {
  const auto found = std::find_if(requests_.begin(), requests_.end(),
                                  [request](const auto& one) { return one.get() == request; });
  std::unique_ptr<Request> done = std::move(*found);
  requests_.erase(found);
  const std::optional<absl::Duration> retry_after = response.retry_after;
  BulkAnswer answer = parts_.dialect->Read(std::move(response), done->group.items.size());
  HandleAnswer(std::move(done), std::move(answer), retry_after);
  parts_.meter->Set(&BulkStatistics::connections, limit_.limit());
}

void BulkSender::HandleAnswer(std::unique_ptr<Request> request, BulkAnswer answer,
                              std::optional<absl::Duration> retry_after) {
  const absl::Time now = absl::Now();
  parts_.meter->Add(&BulkStatistics::requests, 1);
  if (answer.outcome != RequestOutcome::kAnswered) {
    parts_.meter->Add(&BulkStatistics::failed_requests, 1);
  }
  Group& group = request->group;
  switch (answer.outcome) {
    case RequestOutcome::kAnswered:
      return HandleItems(*request, std::move(answer.items), retry_after);
    case RequestOutcome::kOverloaded:
      parts_.meter->Add(&BulkStatistics::overloads, 1);
      limit_.OnOverload(request->began, now);
      nodes_.OnFailure(request->node, now, retry_after);
      return Retry(std::move(group), answer.why);
    case RequestOutcome::kAway:
      nodes_.OnFailure(request->node, now, retry_after);
      return Retry(std::move(group), answer.why);
    case RequestOutcome::kUnreadable:
      nodes_.OnFailure(request->node, now, retry_after);
      trouble_ = answer.why;
      // The response may have been too large; halves get smaller ones.
      return group.items.size() > 1 ? Split(std::move(group)) : Retry(std::move(group), answer.why);
    case RequestOutcome::kTooLarge:
      if (group.items.size() == 1) return Reject(group.items.front(), answer.why);
      bulk_bytes_ = std::min(bulk_bytes_, std::max(kLeastBulkBytes, group.bytes / 2));
      return Split(std::move(group));
    case RequestOutcome::kBad:
      if (group.items.size() == 1) return Reject(group.items.front(), answer.why);
      return Split(std::move(group));
    case RequestOutcome::kBlocked:
      return Fail(absl::UnavailableError(answer.why));
  }
}

void BulkSender::HandleItems(const Request& request, std::vector<ItemAnswer> answers,
                             std::optional<absl::Duration> retry_after) {
  Group retries;
  bool is_any_delivered = false;
  std::string why;
  for (size_t i = 0; i < answers.size(); ++i) {
    const BulkItem& item = request.group.items[i];
    if (answers[i].outcome == ItemOutcome::kDelivered) {
      MarkDelivered(item, answers[i]);
      is_any_delivered = true;
    } else if (answers[i].outcome == ItemOutcome::kRetry) {
      retries.Add(item);
      why = answers[i].why;
    } else if (answers[i].outcome == ItemOutcome::kBlocked) {
      Fail(absl::UnavailableError(answers[i].why));
    }
  }
  if (is_any_delivered) {
    progress_ = absl::Now();
    rejections_ = 0;
  }
  for (size_t i = 0; i < answers.size() && failure_.ok(); ++i) {
    if (answers[i].outcome != ItemOutcome::kRejected) continue;
    Reject(request.group.items[i], answers[i].why);
    if (is_any_delivered) rejections_ = 0;
  }
  if (retries.items.empty()) {
    nodes_.OnSuccess(request.node);
    limit_.OnSuccess();
    return;
  }
  parts_.meter->Add(&BulkStatistics::overloads, 1);
  limit_.OnOverload(request.began, absl::Now());
  nodes_.OnFailure(request.node, absl::Now(), retry_after);
  Retry(std::move(retries), why);
}

void BulkSender::MarkDelivered(const BulkItem& item, const ItemAnswer& answer) {
  delivered_.insert(item.id);
  if (answer.was_there) parts_.meter->Add(&BulkStatistics::known_events, 1);
  if (answer.in_failure_store) parts_.meter->Add(&BulkStatistics::failure_store, 1);
}

void BulkSender::Reject(const BulkItem& item, const std::string& why) {
  if (++rejections_ >= kMostRejections) {
    return Fail(absl::UnavailableError(
        "all of the last " + std::to_string(rejections_) +
        " events were rejected: check the index, the events are probably right; the last reason: " +
        why));
  }
  progress_ = absl::Now();
  absl::Status status = parts_.refused->Add(item.id, item.document(), *item.index, why);
  if (!status.ok()) Fail(std::move(status));
}

void BulkSender::Retry(Group group, const std::string& why) {
  trouble_ = why;
  parts_.meter->Add(&BulkStatistics::retried_events, group.items.size());
  queue_.push_front(std::move(group));
}

// Queues both halves first, so that they are sent next.
void BulkSender::Split(Group group) {
  Group halves[2];
  const size_t middle = group.items.size() / 2;
  for (size_t i = 0; i < group.items.size(); ++i) halves[i < middle ? 0 : 1].Add(group.items[i]);
  queue_.push_front(std::move(halves[1]));
  queue_.push_front(std::move(halves[0]));
}

void BulkSender::Fail(absl::Status status) {
  if (failure_.ok()) failure_ = std::move(status);
}

}  // namespace sparktail
