#include "tests/support/fake_search_server.h"

#include <zlib.h>

#include <string_view>
#include <utility>

namespace sparktail::testing {
namespace {

std::string Gunzip(const std::string& bytes) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string text;
  int result = Z_OK;
  while (result == Z_OK) {
    char buffer[16384];
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    result = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer, sizeof buffer - stream.avail_out);
  }
  inflateEnd(&stream);
  return result == Z_STREAM_END ? text : "not gzip";
}

std::string Between(std::string_view text, std::string_view begin, std::string_view end) {
  const size_t at = text.find(begin);
  if (at == std::string_view::npos) return "";
  const size_t from = at + begin.size();
  return std::string(text.substr(from, text.find(end, from) - from));
}

FakeSearchServer::Documents ReadBulk(std::string_view body) {
  FakeSearchServer::Documents documents;
  while (!body.empty()) {
    const size_t action = body.find('\n');
    const size_t end = body.find('\n', action + 1);
    if (action == std::string_view::npos || end == std::string_view::npos) return {};
    const std::string_view line = body.substr(0, action);
    if (!line.starts_with(R"({"create":{"_index":")")) return {};
    documents.push_back({Between(line, R"("_index":")", "\""), Between(line, R"("_id":")", "\""),
                         std::string(body.substr(action + 1, end - action - 1))});
    body.remove_prefix(end + 1);
  }
  return documents;
}

std::string ErrorOf(int status) {
  switch (status) {
    case 400:
      return R"({"type":"mapper_parsing_exception","reason":"failed to parse field [n]"})";
    case 403:
      return R"({"type":"cluster_block_exception","reason":"index blocked by: [FORBIDDEN/8]"})";
    case 404:
      return R"({"type":"index_not_found_exception","reason":"no such index"})";
    case 409:
      return R"({"type":"version_conflict_engine_exception","reason":"already exists"})";
    case 429:
      return R"({"type":"rejected_execution_exception","reason":"queue capacity"})";
    default:
      return R"({"type":"internal_exception","reason":"trouble"})";
  }
}

constexpr std::string_view kJson = "Content-Type: application/json\r\n";

}  // namespace

FakeSearchServer::FakeSearchServer()
    : server_(
          RawHttpServer::Answering([this](const RawRequest& request) { return Serve(request); })) {}

std::string FakeSearchServer::Serve(const RawRequest& request) {
  const bool is_gzip = request.Header("content-encoding") == "gzip";
  const Documents documents = ReadBulk(is_gzip ? Gunzip(request.body) : request.body);
  Answer answer;
  {
    const absl::MutexLock lock(&mutex_);
    requests_.push_back(documents.size());
    raw_requests_.push_back(request);
    raw_requests_.back().body.clear();
    answer = always_;
    if (!next_.empty()) {
      answer = std::move(next_.front());
      next_.pop_front();
    }
  }
  const std::optional<std::string> given = answer ? answer(documents) : std::nullopt;
  return given ? *given : AnswerItems(documents, [](const Document&) { return 201; });
}

std::string FakeSearchServer::AnswerItems(const Documents& documents, const Status& wanted) {
  std::string items;
  bool errors = false;
  for (const Document& document : documents) {
    int status = wanted(document);
    if (status == 201) {
      const absl::MutexLock lock(&mutex_);
      if (documents_.insert({document.id, document}).second) {
        created_.push_back(document.id);
      } else {
        status = 409;
      }
    }
    if (!items.empty()) items += ",";
    items += R"({"create":{"status":)" + std::to_string(status);
    if (status != 201) items += R"(,"error":)" + ErrorOf(status);
    items += "}}";
    errors |= status != 201;
  }
  return RawAnswer(
      200,
      std::string(R"({"errors":)") + (errors ? "true" : "false") + R"(,"items":[)" + items + "]}",
      kJson);
}

}  // namespace sparktail::testing
