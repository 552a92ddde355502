#include "sinks/bulk/bulk_sink.h"

#include <optional>
#include <utility>

#include "ingest/http/http_url.h"

namespace sparktail {

BulkSink::Parts BulkSink::Parts::Of(const SinkParts& parts) {
  Parts of;
  of.log = parts.log;
  of.store = parts.store;
  of.dead_letters = parts.dead_letters;
  of.name = parts.configuration->name;
  return of;
}

BulkSink::BulkSink(Parts parts) : parts_(std::move(parts)), refused_(parts_.dead_letters) {
  for (std::string& url : parts_.options.urls) url = WithoutSlash(std::move(url));
}

BulkSink::~BulkSink() = default;

absl::StatusOr<std::vector<StreamCursor>> BulkSink::Open() {
  absl::StatusOr<std::unique_ptr<HttpClient>> client =
      HttpClient::Make(parts_.log, "sink " + parts_.name, parts_.options.http);
  if (!client.ok()) return client.status();
  client_ = *std::move(client);

  BulkSender::Parts sender;
  sender.log = parts_.log;
  sender.name = parts_.name;
  sender.client = client_.get();
  sender.dialect = parts_.dialect.get();
  sender.refused = &refused_;
  sender.meter = &meter_;
  sender.options = parts_.options;
  sender.patience = parts_.patience;
  if (parts_.prepare) {
    sender.prepare = [this] { return parts_.prepare(client_.get(), parts_.options.urls); };
  }
  sender_ = std::make_unique<BulkSender>(std::move(sender));
  return parts_.store->Load(parts_.name);
}

absl::Status BulkSink::Write(const EventBuffer& events, size_t first) {
  return sender_->Put(events, first);
}

absl::Status BulkSink::Commit(std::span<const StreamCursor> cursors) {
  if (absl::Status status = sender_->Flush(); !status.ok()) return status;
  if (absl::Status status = refused_.Sync(); !status.ok()) return status;
  absl::Status status = parts_.store->Commit(parts_.name, cursors, std::nullopt);
  if (!status.ok()) return status;
  sender_->Forget();
  refused_.Forget();
  return absl::OkStatus();
}

absl::StatusOr<bool> BulkSink::Rollback() {
  sender_->Reset();
  if (absl::Status status = refused_.Rollback(); !status.ok()) return status;
  return false;
}

}  // namespace sparktail
