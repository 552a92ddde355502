#include "sinks/opensearch/index_setup.h"

#include <simdjson.h>

#include <optional>
#include <utility>

#include "ingest/base/utf8.h"
#include "ingest/http/http_url.h"
#include "sinks/opensearch/index_template.h"

namespace sparktail {
namespace {

namespace dom = simdjson::dom;
using State = TemplateState::What;
using Done = TemplateOutcome::What;

constexpr size_t kMostPatterns = 400;

std::string Path(const OpenSearchOptions& options) {
  return "/_index_template/" + EscapeUrlPart(options.template_name);
}

std::string Named(const OpenSearchOptions& options) {
  return "index template " + options.template_name;
}

// Finds a template by name in the response to GET.
std::optional<dom::element> FindTemplate(dom::element answer, std::string_view name) {
  dom::array templates;
  if (answer["index_templates"].get(templates)) return std::nullopt;
  for (const dom::element entry : templates) {
    std::string_view its_name;
    dom::element body;
    if (entry["name"].get(its_name) || its_name != name) continue;
    if (!entry["index_template"].get(body)) return body;
  }
  return std::nullopt;
}

// Returns nothing if the template has no mark of ours.
std::optional<TemplateMark> MarkOf(dom::element body) {
  TemplateMark mark;
  std::string_view digest;
  const dom::element meta = body;
  if (meta["_meta"]["sparktail"]["version"].get(mark.version) ||
      meta["_meta"]["sparktail"]["digest"].get(digest)) {
    return std::nullopt;
  }
  mark.digest = digest;
  return mark;
}

// Returns "a-*, b-*". Servers return a list, some a string.
std::string PatternsOf(dom::element body) {
  std::string text;
  dom::array patterns;
  if (body["index_patterns"].get(patterns)) return text;
  for (const dom::element pattern : patterns) {
    std::string_view one;
    if (pattern.get(one)) continue;
    if (!text.empty()) text += ", ";
    text += one;
  }
  return ValidUtf8(text, kMostPatterns);
}

TemplateState Judge(const OpenSearchOptions& options, dom::element body) {
  TemplateState state;
  state.patterns = PatternsOf(body);
  const std::optional<TemplateMark> mark = MarkOf(body);
  if (!mark) {
    state.what = State::kForeign;
  } else if (state.patterns != IndexWildcard(options)) {
    state.what = State::kOtherIndices;
  } else if (mark->version > TemplateMark::kVersion) {
    state.what = State::kNewer;
  } else {
    state.what = *mark == IndexTemplateMark(options) ? State::kEqual : State::kStale;
  }
  return state;
}

std::string OfOtherIndices(const OpenSearchOptions& options, const TemplateState& state) {
  return "the " + Named(options) + " is for the indices " + state.patterns +
         ", but this sink writes to " + IndexWildcard(options) +
         ": give this sink a template_name of its own, or delete that template if nobody needs it";
}

std::string LeftText(const OpenSearchOptions& options, const TemplateState& state) {
  if (state.what == State::kNewer) {
    return "the " + Named(options) + " is from a newer sparktail, and stays unchanged";
  }
  return "the " + Named(options) + " (" + state.patterns +
         ") has no mark of sparktail: it is yours, and stays unchanged. Its fields may differ from "
         "those in docs/opensearch.md";
}

// The server is not Elasticsearch, or lacks the module for policies.
bool KnowsNoPolicy(const absl::Status& status) {
  return status.message().find("index.lifecycle") != std::string_view::npos;
}

absl::Status Put(const OpenSearchOptions& options, const std::string& json, const AskServer& ask) {
  const HttpResponse response = ask({HttpMethod::kPut, Path(options), json});
  if (response.is_success()) return absl::OkStatus();
  absl::Status status = ToStatus(response, "install the " + Named(options));
  if (status.message().find("data_stream") == std::string_view::npos) return status;
  return absl::Status(status.code(), std::string(status.message()) +
                                         "; this server has no data streams: set data_stream: "
                                         "false");
}

absl::Status TooOld(const absl::Status& status) {
  return absl::UnimplementedError(std::string(status.message()) +
                                  "; use OpenSearch, or Elasticsearch 7.8 or later");
}

std::string DoneText(const OpenSearchOptions& options, const TemplateOutcome& outcome) {
  std::string text = outcome.what == Done::kCreated    ? "created the "
                     : outcome.what == Done::kReplaced ? "replaced the "
                                                       : "found the ";
  text += Named(options) + ", for the indices " + IndexWildcard(options);
  if (outcome.what == Done::kReplaced) text += "; existing indices keep their fields";
  if (outcome.lacks_policy) text += "; it has no policy, because this server has none";
  return text;
}

std::string WithAdvice(const absl::Status& status) {
  std::string text(status.message());
  if (absl::IsPermissionDenied(status)) {
    return text +
           "; install it with `sparktail setup -c FILE` under an account that may, and set "
           "manage_template: false here";
  }
  if (absl::IsUnauthenticated(status)) {
    return text +
           "; check the credentials: `sparktail check -c FILE` tries them, and "
           "`sparktail setup -c FILE` installs the template";
  }
  return text + "; after a fix, `sparktail setup -c FILE` shows whether it works";
}

}  // namespace

absl::StatusOr<TemplateState> LookForIndexTemplate(const OpenSearchOptions& options,
                                                   const AskServer& ask) {
  const HttpResponse response = ask({HttpMethod::kGet, Path(options), "", {}});
  if (!response.is_success()) {
    const absl::Status status = ToStatus(response, "look for the " + Named(options));
    if (absl::IsNotFound(status)) return TemplateState();
    return absl::IsUnimplemented(status) ? TooOld(status) : status;
  }
  dom::parser parser;
  dom::element answer;
  dom::array templates;
  if (parser.parse(response.body).get(answer) || answer["index_templates"].get(templates)) {
    return absl::FailedPreconditionError(
        "the server at this URL does not respond like OpenSearch or Elasticsearch; check `urls`");
  }
  const std::optional<dom::element> body = FindTemplate(answer, options.template_name);
  return body ? Judge(options, *body) : TemplateState();
}

absl::StatusOr<TemplateOutcome> InstallIndexTemplate(const OpenSearchOptions& options,
                                                     ServerKind kind, const AskServer& ask) {
  const absl::StatusOr<TemplateState> state = LookForIndexTemplate(options, ask);
  if (!state.ok()) return state.status();
  TemplateOutcome outcome;
  switch (state->what) {
    case State::kOtherIndices:
      return absl::FailedPreconditionError(OfOtherIndices(options, *state));
    case State::kForeign:
    case State::kNewer:
      outcome.what = Done::kLeft;
      outcome.text = LeftText(options, *state);
      return outcome;
    case State::kEqual:
      outcome.what = Done::kUnchanged;
      outcome.text = DoneText(options, outcome);
      return outcome;
    case State::kMissing:
      outcome.what = Done::kCreated;
      break;
    case State::kStale:
      outcome.what = Done::kReplaced;
      break;
  }
  absl::Status status = Put(options, IndexTemplateJson(options, kind), ask);
  if (KnowsNoPolicy(status)) {
    status = Put(options, IndexTemplateJsonWithoutPolicy(options), ask);
    outcome.lacks_policy = true;
  }
  if (!status.ok()) return status;
  outcome.text = DoneText(options, outcome);
  return outcome;
}

absl::StatusOr<ServerInfo> PrepareIndices(const OpenSearchOptions& options, const AskServer& ask,
                                          std::string_view sink, Log* log) {
  const std::string name(sink);
  const absl::StatusOr<ServerInfo> info = AskServerInfo(ask);
  if (!info.ok()) return absl::UnavailableError(WithAdvice(info.status()));
  const std::string speaks = name + " writes to " + info->Text();
  if (!options.manage_template) {
    log->Info("search_server " + name, speaks);
    return *info;
  }
  const absl::StatusOr<TemplateOutcome> outcome = InstallIndexTemplate(options, info->kind, ask);
  if (!outcome.ok()) return absl::UnavailableError(WithAdvice(outcome.status()));
  // Logged only now: this function may be retried for hours.
  log->Info("search_server " + name, speaks);
  const bool is_doubtful = outcome->what == Done::kLeft || outcome->lacks_policy;
  log->Write(is_doubtful ? Log::Level::kWarning : Log::Level::kInfo, "index_template " + name,
             name + ": " + outcome->text);
  return *info;
}

Finding SetUpIndexTemplate(const OpenSearchOptions& options, ServerKind kind,
                           const AskServer& ask) {
  const absl::StatusOr<TemplateOutcome> outcome = InstallIndexTemplate(options, kind, ask);
  if (!outcome.ok()) return Finding::Broken(outcome.status());
  if (outcome->what == Done::kLeft) return Finding::Doubt(outcome->text);
  return Finding::Ok(outcome->text);
}

Finding CheckIndexTemplate(const OpenSearchOptions& options, const AskServer& ask) {
  const absl::StatusOr<TemplateState> state = LookForIndexTemplate(options, ask);
  if (!state.ok()) {
    const std::string why(state.status().message());
    // A user who does not manage the template may lack the right to see it.
    return options.manage_template ? Finding::Broken(why) : Finding::Doubt(why);
  }
  const std::string named = Named(options);
  switch (state->what) {
    case State::kMissing:
      if (options.manage_template) return Finding::Ok(named + " is missing, and will be created");
      return Finding::Doubt(named +
                            " is missing: without it the server guesses the types of fields, and "
                            "adds fields with each topic; sparktail setup creates it");
    case State::kStale:
      if (options.manage_template) return Finding::Ok(named + " is older, and will be replaced");
      return Finding::Doubt(named + " is older; sparktail setup replaces it");
    case State::kEqual:
      return Finding::Ok("found the " + named + ", for the indices " + state->patterns);
    case State::kOtherIndices:
      return Finding::Broken(OfOtherIndices(options, *state));
    case State::kNewer:
    case State::kForeign:
      break;
  }
  return Finding::Doubt(LeftText(options, *state));
}

}  // namespace sparktail
