#pragma once

#include <simdjson.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sinks/opensearch/ask_server.h"

namespace sparktail::testing {

// A cluster, and the dashboards before it, as far as setting up asks: keeps what it is given, and
// answers as the real servers were seen to answer (Elasticsearch 7.17, 8.17, OpenSearch 2.19, 3.3,
// which differ in what `kind` says), in memory.
class FakeSearch {
 public:
  enum class Kind {
    kOpenSearch,     // with ISM
    kElasticsearch,  // with ILM
    kStrippedOpenSearch,
    kStrippedElasticsearch7,
    kStrippedElasticsearch8,  // GET / is 405
  };

  explicit FakeSearch(Kind its_kind) : kind(its_kind) {}

  AskServer Cluster() {
    return [this](const ServerRequest& request) {
      return Note(request, [&] { return AnswerCluster(request); });
    };
  }
  AskServer Dashboards() {
    return [this](const ServerRequest& request) {
      return Note(request, [&] { return AnswerDashboards(request); });
    };
  }

  // From now on what begins so ("PUT /_index_template") gets this answer, whatever it asks.
  void Refuse(const std::string& begin, int status, const std::string& body) {
    refusals[begin] = MakeAnswer(status, body);
  }
  void Break(const std::string& begin) {
    HttpResponse response;
    response.failure = HttpFailure::kConnect;
    response.error = "nobody listens at search:9200";
    refusals[begin] = response;
  }

  static HttpResponse MakeAnswer(int status, const std::string& body) {
    HttpResponse response;
    response.status = status;
    response.body = body;
    response.content_type = "application/json";
    return response;
  }

  // "PUT /_index_template/sparktail" of the requests that changed something.
  std::vector<std::string> changes() const {
    std::vector<std::string> found;
    for (const auto& [what, body] : requests) {
      const bool reads = what.starts_with("GET ") || what.find("_export") != std::string::npos;
      if (!reads) found.push_back(what);
    }
    return found;
  }

  Kind kind;
  std::map<std::string, std::string> templates;             // bodies by name
  std::map<std::string, std::string> policies;              // likewise
  std::map<std::string, std::vector<std::string>> aliases;  // by index
  std::string objects;                                      // saved ones, a line each
  std::string import_answer = R"({"successCount":13,"success":true})";
  std::map<std::string, HttpResponse> refusals;
  std::vector<std::pair<std::string, std::string>> requests;  // "GET /", body

 private:
  static std::string Name(const ServerRequest& request) {
    static constexpr std::string_view kNames[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
    return std::string(kNames[static_cast<size_t>(request.method)]) + " " + request.path;
  }

  HttpResponse Note(const ServerRequest& request, const std::function<HttpResponse()>& answer) {
    requests.emplace_back(Name(request), request.body);
    // The longest beginning counts; it comes last.
    for (auto refusal = refusals.rbegin(); refusal != refusals.rend(); ++refusal) {
      if (Name(request).starts_with(refusal->first)) return refusal->second;
    }
    return answer();
  }

  bool is_opensearch() const {
    return kind == Kind::kOpenSearch || kind == Kind::kStrippedOpenSearch;
  }

  HttpResponse AnswerCluster(const ServerRequest& request) {
    const std::string name = Name(request);
    if (name == "GET /") return Root();
    if (name.starts_with("GET /_nodes/_local")) return Nodes();
    const size_t last = request.path.rfind('/') + 1;
    const std::string item = request.path.substr(last, request.path.find('?') - last);
    if (name.starts_with("GET /_index_template/")) return GetTemplate(item);
    if (name.starts_with("PUT /_index_template/")) return PutTemplate(item, request.body);
    if (request.path.starts_with("/_plugins/_ism/policies/")) return Ism(request, item);
    if (request.path.starts_with("/_ilm/policy/")) return Ilm(request, item);
    if (name.starts_with("GET /") && name.ends_with("/_alias")) return GetAliases();
    if (name == "POST /_aliases") return AddAlias(request.body);
    return NoHandler(request);
  }

  HttpResponse Root() const {
    if (kind == Kind::kStrippedElasticsearch8) {
      return MakeAnswer(405, R"({"error":"Incorrect HTTP method for uri [/] and method [GET], )"
                             R"(allowed: [DELETE]","status":405})");
    }
    return MakeAnswer(200, is_opensearch()
                               ? R"({"name":"n1","version":{"distribution":"opensearch",)"
                                 R"("number":"2.19.4","build_type":"zip"}})"
                               : R"({"name":"n1","version":{"number":"7.17.29",)"
                                 R"("build_flavor":"oss"},"tagline":"You Know, for Search"})");
  }

  HttpResponse Nodes() const {
    return MakeAnswer(200, is_opensearch()
                               ? R"({"nodes":{"a1":{"version":"2.19.4","build_type":"zip"}}})"
                               : R"({"nodes":{"a1":{"version":"8.17.0",)"
                                 R"("build_flavor":"default","build_type":"zip"}}})");
  }

  static HttpResponse NoHandler(const ServerRequest& request) {
    return MakeAnswer(
        400, R"({"error":"no handler found for uri [)" + request.path + R"(] and method [PUT]"})");
  }

  HttpResponse GetTemplate(const std::string& name) const {
    const auto found = templates.find(name);
    if (found == templates.end()) {
      return MakeAnswer(404, R"({"error":{"type":"resource_not_found_exception","reason":)"
                             R"("index template matching [)" +
                                 name + R"(] not found"},"status":404})");
    }
    return MakeAnswer(200, R"({"index_templates":[{"name":")" + name + R"(","index_template":)" +
                               found->second + "}]}");
  }

  HttpResponse PutTemplate(const std::string& name, const std::string& body) {
    const bool has_policies = kind == Kind::kElasticsearch;
    if (body.find("\"lifecycle\"") != std::string::npos && !has_policies) {
      return MakeAnswer(
          400, R"({"error":{"root_cause":[],"type":"invalid_index_template_exception","reason":)"
               R"("index_template [x] invalid, cause [Validation Failed: 1: unknown setting )"
               R"([index.lifecycle.name] please check that any required plugins are installed]"},)"
               R"("status":400})");
    }
    if (body.find("\"data_stream\"") != std::string::npos &&
        kind == Kind::kStrippedElasticsearch7) {
      return MakeAnswer(400, R"({"error":{"type":"illegal_argument_exception","reason":"composable)"
                             R"( template [x] template after composition is invalid","caused_by":{)"
                             R"("type":"x_content_parse_exception","reason":"[index_template] )"
                             R"(unknown field [data_stream]"}},"status":400})");
    }
    templates[name] = body;
    return MakeAnswer(200, R"({"acknowledged":true})");
  }

  HttpResponse Ism(const ServerRequest& request, const std::string& name) {
    if (kind != Kind::kOpenSearch) return NoHandler(request);
    const auto found = policies.find(name);
    if (request.method == HttpMethod::kGet) {
      if (found == policies.end()) {
        return MakeAnswer(404, R"({"error":{"type":"status_exception","reason":)"
                               R"("Policy not found"},"status":404})");
      }
      // {"policy":{…}} with what a change must name.
      return MakeAnswer(200, R"({"_id":")" + name + R"(","_version":3,"_seq_no":7,)" +
                                 R"("_primary_term":2,)" + found->second.substr(1));
    }
    const bool names_it = request.path.find("?if_seq_no=7&if_primary_term=2") != std::string::npos;
    if ((found != policies.end()) != names_it) {
      return MakeAnswer(409, R"({"error":{"type":"version_conflict_engine_exception",)"
                             R"("reason":"document already exists"},"status":409})");
    }
    policies[name] = request.body;
    return MakeAnswer(201, "{}");
  }

  HttpResponse Ilm(const ServerRequest& request, const std::string& name) {
    if (kind == Kind::kStrippedElasticsearch7) {
      return MakeAnswer(404, R"({"error":{"type":"index_not_found_exception","reason":)"
                             R"("no such index [_ilm]"},"status":404})");
    }
    if (kind != Kind::kElasticsearch) return NoHandler(request);
    const auto found = policies.find(name);
    if (request.method == HttpMethod::kPut) {
      policies[name] = request.body;
      return MakeAnswer(200, R"({"acknowledged":true})");
    }
    if (found == policies.end()) {
      return MakeAnswer(404, R"({"error":{"type":"resource_not_found_exception","reason":)"
                             R"("Lifecycle policy not found: x"},"status":404})");
    }
    return MakeAnswer(200, "{\"" + name + R"(":{"version":1,)" + found->second.substr(1) + "}");
  }

  HttpResponse GetAliases() const {
    std::string body;
    for (const auto& [index, names] : aliases) {
      body += (body.empty() ? "\"" : ",\"") + index + R"(":{"aliases":{)";
      for (size_t i = 0; i < names.size(); ++i) body += (i ? ",\"" : "\"") + names[i] + "\":{}";
      body += "}}";
    }
    return MakeAnswer(200, "{" + body + "}");
  }

  HttpResponse AddAlias(const std::string& body) {
    simdjson::dom::parser parser;
    simdjson::dom::element request;
    simdjson::dom::array indices;
    std::string_view alias;
    if (parser.parse(body).get(request) ||
        request.at_pointer("/actions/0/add/indices").get(indices) ||
        request.at_pointer("/actions/0/add/alias").get(alias)) {
      return MakeAnswer(400, R"({"error":"no such action","status":400})");
    }
    for (const simdjson::dom::element index : indices) {
      std::string_view name;
      if (!index.get(name)) aliases[std::string(name)].emplace_back(alias);
    }
    return MakeAnswer(200, R"({"acknowledged":true})");
  }

  HttpResponse AnswerDashboards(const ServerRequest& request) {
    if (request.path == "/api/saved_objects/_export") return Export(request.body);
    if (request.path != "/api/saved_objects/_import?overwrite=true") {
      return MakeAnswer(404, R"({"statusCode":404,"error":"Not Found","message":"Not Found"})");
    }
    // The file, out of the form.
    const size_t begin = request.body.find("\r\n\r\n") + 4;
    const size_t end = request.body.rfind("\r\n--");
    objects = request.body.substr(begin, end - begin);
    return MakeAnswer(200, import_answer);
  }

  HttpResponse Export(const std::string& body) const {
    simdjson::dom::parser parser;
    simdjson::dom::element request;
    std::string_view id;
    if (parser.parse(body).get(request) || request.at_pointer("/objects/0/id").get(id)) {
      return MakeAnswer(400, R"({"statusCode":400,"error":"Bad Request","message":"no objects"})");
    }
    std::string_view lines = objects;
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
      const std::string wanted = R"({"id":")" + std::string(id) + "\"";
      if (line.starts_with(wanted)) return MakeAnswer(200, std::string(line) + "\n");
    }
    return MakeAnswer(400, R"({"statusCode":400,"error":"Bad Request","message":"Bad Request",)"
                           R"("attributes":{"objects":[{"type":"dashboard","id":")" +
                               std::string(id) +
                               R"(","error":{"statusCode":404,"error":"Not Found"}}]}})");
  }
};

}  // namespace sparktail::testing
