#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "ingest/http/http_message.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_text.h"

namespace sparktail::testing {

// The logs of containers, as a NodeManager of Hadoop 3.3 gives them out: as text, the last bytes;
// as a page, from a byte on so many characters, escaped, decoded as UTF-8.
class FakeNodeManager {
 public:
  struct Log {
    std::string bytes;
    bool is_running = true;
  };
  std::map<std::string, Log> logs;  // by "container/file"
  bool has_text = true;             // else it is an old one
  bool knows_containers = true;     // else the application has ended: it redirects
  uint64_t answers = 0;
  uint64_t bytes_sent = 0;

  // What it answers to a request for a log; 404 if it is for something else.
  HttpResponse Answer(std::string_view url) {
    ++answers;
    HttpResponse response = AnswerTo(url);
    bytes_sent += response.body.size();
    return response;
  }

  static std::string Page(std::string_view content) {
    return "<!DOCTYPE html>\n<html>\n<link href=\"/static/yarn.css\">\n<h1>\n Logs for c\n</h1>\n"
           "<td class=\"content\">\n" +
           std::string(content) + "\n        </td>\n</html>\n";
  }
  static HttpResponse Html(std::string body) {
    return {HttpFailure::kNone, "", 200, std::move(body), "text/html;charset=utf-8", "", {}};
  }

 private:
  HttpResponse AnswerTo(std::string_view url) {
    constexpr std::string_view kText = "/ws/v1/node/containerlogs/";
    constexpr std::string_view kPage = "/node/containerlogs/";
    if (!knows_containers) {
      return {HttpFailure::kNone,       "", 307, "Redirecting to log server : x", "text/plain",
              "http://history:19888/x", {}};
    }
    if (const size_t at = url.find(kText); at != std::string_view::npos) {
      return Text(url.substr(at + kText.size()));
    }
    if (const size_t at = url.find(kPage); at != std::string_view::npos) {
      return PageOf(url.substr(at + kPage.size()));
    }
    return {HttpFailure::kNone, "", 404, "", "text/html", "", {}};
  }

  static int64_t Number(std::string_view url, std::string_view name) {
    const size_t at = url.find(name);
    return at == std::string_view::npos
               ? 0
               : std::strtoll(std::string(url.substr(at + name.size())).c_str(), nullptr, 10);
  }

  // "container/stderr?size=-100"
  HttpResponse Text(std::string_view rest) {
    if (!has_text) return {HttpFailure::kNone, "", 404, "", "text/html", "", {}};
    const std::string name(rest.substr(0, rest.find('?')));
    const auto found = logs.find(name);
    if (found == logs.end()) {
      return {HttpFailure::kNone, "", 307, "", "text/plain", "http://history:19888/y", {}};
    }
    const std::string file = name.substr(name.find('/') + 1);
    const Log& log = found->second;
    const size_t size = std::min(static_cast<size_t>(-Number(rest, "size=")), log.bytes.size());
    std::string body = "Container: c on n\nLogAggregationType: LOCAL\n=========\nLogType:" + file +
                       "\nLogLastModifiedTime:now\nLogLength:" + std::to_string(log.bytes.size()) +
                       "\nLogContents:\n" + log.bytes.substr(log.bytes.size() - size) +
                       "End of LogType:" + file + ".";
    if (log.is_running) body += "This log file belongs to a running container (c) and so may not…";
    body += "\n*********\n\n";
    return {HttpFailure::kNone, "", 200, std::move(body), "text/plain;charset=utf-8", "", {}};
  }

  // "container/user/stderr/?start=0&end=10"
  HttpResponse PageOf(std::string_view rest) {
    const std::string container(rest.substr(0, rest.find('/')));
    rest.remove_prefix(rest.find('/') + 1);
    rest.remove_prefix(rest.find('/') + 1);
    const std::string file(rest.substr(0, rest.find_first_of("/?")));
    const auto found = logs.find(container + "/" + file);
    if (found == logs.end()) {
      return Html(
          Page("<h1>\n java.lang.Exception: Cannot find this log on the local disk.\n</h1>"));
    }
    const std::string& bytes = found->second.bytes;
    const auto start = static_cast<uint64_t>(Number(rest, "start="));
    if (start > bytes.size()) {
      return Html(Page("<h1>\n Invalid start and end values. Start: [" + std::to_string(start) +
                       "], end[" + std::to_string(bytes.size()) + "]\n</h1>"));
    }
    ByteBuffer decoded;
    AppendValidUtf8(std::string_view(bytes).substr(start), &decoded);
    const uint64_t end = static_cast<uint64_t>(Number(rest, "end="));
    return Html(Page("<pre>" + Escaped(decoded.view(), end - start) + "</pre>"));
  }

  static std::string Escaped(std::string_view text, uint64_t characters) {
    std::string html;
    for (size_t at = 0; at < text.size() && characters > 0; --characters) {
      size_t size = 1;
      while (at + size < text.size() && (text[at + size] & 0xC0) == 0x80) ++size;
      const std::string_view one = text.substr(at, size);
      html += one == "<"    ? "&lt;"
              : one == ">"  ? "&gt;"
              : one == "&"  ? "&amp;"
              : one == "\"" ? "&quot;"
              : one == "ï"  ? "&iuml;"
              : one == "—"  ? "&mdash;"
                            : std::string(one);
      at += size;
    }
    return html;
  }
};

}  // namespace sparktail::testing
