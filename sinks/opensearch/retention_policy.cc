#include "sinks/opensearch/retention_policy.h"

#include <absl/status/statusor.h>
#include <absl/strings/substitute.h>
#include <absl/time/time.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "ingest/base/options.h"
#include "ingest/http/http_url.h"
#include "parsers/event_id.h"
#include "sinks/opensearch/index_template.h"

namespace sparktail {
namespace {

namespace dom = simdjson::dom;

constexpr char kIsm[] = R"({
  "policy": {
    "description": "Deletes indices of sparktail that are older than $0. [sparktail $1]",
    "default_state": "kept",
    "states": [
      {
        "name": "kept",
        "actions": [$2],
        "transitions": [{"state_name": "deleted", "conditions": {"$3": "$0"}}]
      },
      {"name": "deleted", "actions": [{"delete": {}}], "transitions": []}
    ],
    "ism_template": [{"index_patterns": [$4], "priority": 100}]
  }
})";
constexpr char kIsmRollover[] =
    R"({"rollover": {"min_index_age": "$0", "min_primary_shard_size": "50gb"}})";

constexpr char kIlm[] = R"({
  "policy": {
    "_meta": {"sparktail": {"digest": "$1"}},
    "phases": {$2
      "delete": {"min_age": "$0", "actions": {"delete": {}}}
    }
  }
})";
constexpr char kIlmRollover[] = R"(
      "hot": {"actions": {"rollover": {"max_age": "$0", "max_primary_shard_size": "50gb"}}},)";

// The events of a data stream are deleted an index at a time, so they outlive the retention by the
// time that an index spans. That is a quarter of the retention, but at least a day.
std::string RolloverAge(absl::Duration retention) {
  const int64_t days = absl::ToInt64Hours(retention) / 24 / 4;
  return std::to_string(std::max<int64_t>(1, days)) + "d";
}

std::string IsmBody(const OpenSearchOptions& options, const std::string& digest) {
  const std::string rollover =
      options.data_stream ? absl::Substitute(kIsmRollover, RolloverAge(options.retention)) : "";
  return absl::Substitute(kIsm, WriteDuration(options.retention), digest, rollover,
                          options.data_stream ? "min_rollover_age" : "min_index_age",
                          JsonString(IndexWildcard(options)));
}

std::string IlmBody(const OpenSearchOptions& options, const std::string& digest) {
  const std::string rollover =
      options.data_stream ? absl::Substitute(kIlmRollover, RolloverAge(options.retention)) : "";
  return absl::Substitute(kIlm, WriteDuration(options.retention), digest, rollover);
}

using Body = std::string (*)(const OpenSearchOptions& options, const std::string& digest);

// The API for policies of one kind of server.
struct Dialect {
  std::string_view function;  // for messages
  std::string_view path;      // the name follows
  Body body;
};
constexpr Dialect kIsmDialect = {"index state management (ISM)", "/_plugins/_ism/policies/",
                                 IsmBody};
constexpr Dialect kIlmDialect = {"index lifecycle management (ILM)", "/_ilm/policy/", IlmBody};

std::string DigestOf(const Dialect& dialect, const OpenSearchOptions& options) {
  return std::string(View(MakeEventId({dialect.body(options, "")})));
}

struct Found {
  bool is_there = false;
  bool is_ours = false;
  std::string digest;  // if it is ours
  // For ISM: a change must name both, so that no other change gets lost.
  int64_t seq_no = 0;
  int64_t primary_term = 0;
};

// {"_seq_no": 7, "_primary_term": 1, "policy": {"description": "… [sparktail <digest>]"}}
void ReadIsm(dom::element answer, Found* found) {
  static constexpr std::string_view kMark = "[sparktail ";
  std::string_view description;
  if (answer["_seq_no"].get(found->seq_no) || answer["_primary_term"].get(found->primary_term) ||
      answer["policy"]["description"].get(description)) {
    return;
  }
  const size_t mark = description.rfind(kMark);
  if (mark == std::string_view::npos || !description.ends_with(']')) return;
  found->is_ours = true;
  found->digest = description.substr(mark + kMark.size());
  found->digest.pop_back();
}

// {"<name>": {"policy": {"_meta": {"sparktail": {"digest": …}}}}}
void ReadIlm(dom::element answer, const std::string& name, Found* found) {
  dom::object policies;
  std::string_view digest;
  if (answer.get(policies)) return;
  for (const dom::key_value_pair policy : policies) {
    if (policy.key != name) continue;
    if (policy.value["policy"]["_meta"]["sparktail"]["digest"].get(digest)) return;
    found->is_ours = true;
    found->digest = digest;
  }
}

absl::StatusOr<Found> LookFor(const Dialect& dialect, const OpenSearchOptions& options,
                              const AskServer& ask) {
  const std::string path = std::string(dialect.path) + EscapeUrlPart(options.template_name);
  const HttpResponse response = ask({HttpMethod::kGet, path, "", {}});
  Found found;
  if (!response.is_success()) {
    const absl::Status status = ToStatus(response, "look for the policy " + options.template_name);
    if (absl::IsNotFound(status)) return found;
    return status;
  }
  found.is_there = true;
  dom::parser parser;
  dom::element answer;
  if (parser.parse(response.body).get(answer)) return found;
  if (&dialect == &kIsmDialect) {
    ReadIsm(answer, &found);
  } else {
    ReadIlm(answer, options.template_name, &found);
  }
  return found;
}

absl::Status Put(const Dialect& dialect, const OpenSearchOptions& options, const Found& found,
                 const AskServer& ask) {
  std::string path = std::string(dialect.path) + EscapeUrlPart(options.template_name);
  if (found.is_there && &dialect == &kIsmDialect) {
    path += "?if_seq_no=" + std::to_string(found.seq_no) +
            "&if_primary_term=" + std::to_string(found.primary_term);
  }
  const HttpResponse response =
      ask({HttpMethod::kPut, path, dialect.body(options, DigestOf(dialect, options))});
  if (response.is_success()) return absl::OkStatus();
  return ToStatus(response, "install the policy " + options.template_name);
}

// A server of unknown kind may have either API.
absl::StatusOr<Found> LookForAny(const OpenSearchOptions& options, ServerKind kind,
                                 const AskServer& ask, const Dialect** dialect) {
  *dialect = kind == ServerKind::kElasticsearch ? &kIlmDialect : &kIsmDialect;
  absl::StatusOr<Found> found = LookFor(**dialect, options, ask);
  if (kind != ServerKind::kUnknown || !absl::IsUnimplemented(found.status())) return found;
  *dialect = &kIlmDialect;
  return LookFor(**dialect, options, ask);
}

std::string Promise(const OpenSearchOptions& options) {
  return "the policy " + options.template_name + ": indices are deleted when they are older than " +
         WriteDuration(options.retention);
}

Finding NotThere(const Dialect& dialect) {
  return Finding::Doubt("this server has no " + std::string(dialect.function) +
                        ", so nothing deletes old indices: retention has no effect");
}

Finding LookingFailed(const Dialect& dialect, const absl::Status& status) {
  if (absl::IsUnimplemented(status)) return NotThere(dialect);
  return Finding::Broken(status);
}

Finding NotOurs(const OpenSearchOptions& options) {
  return Finding::Doubt("the policy " + options.template_name +
                        " has no mark of sparktail: it is yours, and stays unchanged");
}

}  // namespace

std::string IsmPolicyJson(const OpenSearchOptions& options) {
  return IsmBody(options, DigestOf(kIsmDialect, options));
}

std::string IlmPolicyJson(const OpenSearchOptions& options) {
  return IlmBody(options, DigestOf(kIlmDialect, options));
}

Finding SetUpRetentionPolicy(const OpenSearchOptions& options, ServerKind kind,
                             const AskServer& ask) {
  const Dialect* dialect = nullptr;
  const absl::StatusOr<Found> found = LookForAny(options, kind, ask, &dialect);
  if (!found.ok()) return LookingFailed(*dialect, found.status());
  if (found->is_there && !found->is_ours) return NotOurs(options);
  if (found->is_there && found->digest == DigestOf(*dialect, options)) {
    return Finding::Ok("found " + Promise(options));
  }
  const absl::Status status = Put(*dialect, options, *found, ask);
  if (!status.ok()) return LookingFailed(*dialect, status);
  return Finding::Ok((found->is_there ? "changed " : "created ") + Promise(options) +
                     "; it applies to indices that are created from now on");
}

Finding CheckRetentionPolicy(const OpenSearchOptions& options, ServerKind kind,
                             const AskServer& ask) {
  const Dialect* dialect = nullptr;
  const absl::StatusOr<Found> found = LookForAny(options, kind, ask, &dialect);
  if (!found.ok()) {
    // A user who only writes events may lack the right to see it.
    if (absl::IsPermissionDenied(found.status())) {
      return Finding::Doubt(found.status());
    }
    return LookingFailed(*dialect, found.status());
  }
  if (!found->is_there) {
    return Finding::Doubt(
        "the policy " + options.template_name +
        " is missing, so nothing deletes old indices: sparktail setup creates it");
  }
  if (!found->is_ours) return NotOurs(options);
  if (found->digest == DigestOf(*dialect, options)) return Finding::Ok("found " + Promise(options));
  return Finding::Doubt("the policy " + options.template_name +
                        " is from other options: sparktail setup changes it");
}

}  // namespace sparktail
