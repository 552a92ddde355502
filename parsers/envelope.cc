#include "parsers/envelope.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "parsers/json_text.h"

namespace sparktail {
namespace {

namespace od = simdjson::ondemand;

constexpr size_t kKept = size_t{1} << 20;
constexpr size_t kLongestFact = 4096;

std::string_view TrimmedLeft(std::string_view text) {
  return text.substr(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
}

bool IsStdStream(std::string_view text) { return text == "stdout" || text == "stderr"; }

std::string_view NameOf(StdStream stream) {
  return stream == StdStream::kStdout ? "stdout" : "stderr";
}

// Ignores a text that is too long to be a fact.
void Put(std::string_view text, std::string* fact) {
  if (text.size() <= kLongestFact && text.find('\0') == std::string_view::npos) *fact = text;
}

// Returns the id of containerd://<id>.
std::string_view WithoutScheme(std::string_view id) {
  const size_t scheme = id.find("://");
  return scheme == std::string_view::npos ? id : id.substr(scheme + 3);
}

bool AsString(od::value& value, std::string_view* text) {
  od::json_type type{};
  return !value.type().get(type) && type == od::json_type::string && !value.get_string().get(*text);
}

// Calls see(key, value) for each field if `value` is an object. Returns false on broken JSON.
template <typename See>
bool EachField(od::value& value, See see) {
  od::json_type type{};
  if (value.type().get(type)) return false;
  if (type != od::json_type::object) return true;
  od::object object;
  if (value.get_object().get(object)) return false;
  for (auto field : object) {
    std::string_view key;
    od::value item;
    if (field.error()) return false;
    if (field.unescaped_key().get(key) || field.value().get(item)) return false;
    if (!see(key, item)) return false;
  }
  return true;
}

}  // namespace

struct EnvelopeReader::Json {
  od::parser parser;
};

// The content of an object that may be an envelope. Views are valid until the next object is read.
struct EnvelopeReader::Found {
  // Fields that may hold the text.
  std::string_view log;
  std::string_view message;
  std::string_view msg;
  std::string_view chosen;  // the value of message_field
  bool has_log = false;
  bool has_message = false;
  bool has_msg = false;
  bool has_chosen = false;
  bool has_logger = false;  // the object is a log line itself
  bool only_docker = true;  // every key is one that Docker writes
  bool continues = false;   // the text does not end its line
  bool is_all = true;       // nothing follows the object
  std::string_view std_stream;
  Origin origin;

  std::string_view best;  // the text that Choose() has chosen
  bool Choose(bool by_name) {
    if (by_name) {
      best = chosen;
      return has_chosen;
    }
    if (has_log) {
      best = log;
      return true;
    }
    if (has_logger) return false;
    best = has_message ? message : msg;
    return has_message || has_msg;
  }

  bool See(std::string_view key, od::value& value) {
    if (key == "log") return SeeLog(value);
    if (key == "stream") {
      std::string_view name;
      if (AsString(value, &name) && IsStdStream(name)) std_stream = name;
      return true;
    }
    if (key == "time" || key == "attrs") return true;
    only_docker = false;
    if (key == "message") return SeeText(value, &message, &has_message);
    if (key == "msg") return SeeText(value, &msg, &has_msg);
    if (key == "logger" || key == "loggerName" || key == "logger_name" || key == "log.logger") {
      has_logger = true;
      return true;
    }
    if (key == "_p" || key == "logtag") return SeeTag(value);
    if (key == "_partial" || key == "partial_message") return SeePartial(value);
    if (key == "file" || key == "path" || key == "filename" || key == "log.file.path") {
      return SeePath(value);
    }
    if (key == "host" || key == "hostname") return SeeHost(value);
    if (key == "container") return SeeContainer(value);
    if (key == "kubernetes") return SeeKubernetes(value);
    return true;
  }

 private:
  static bool SeeText(od::value& value, std::string_view* text, bool* has) {
    if (!*has) *has = AsString(value, text);
    return true;
  }

  // Fluent Bit's text; Filebeat's {"offset":…,"file":{"path":…}}; ECS' {"level":…,"logger":…}.
  bool SeeLog(od::value& value) {
    if (!has_log && AsString(value, &log)) {
      has_log = true;
      return true;
    }
    return EachField(value, [this](std::string_view key, od::value& item) {
      if (key == "logger") has_logger = true;
      return key != "file" || SeePath(item);
    });
  }

  bool SeeTag(od::value& value) {
    std::string_view tag;
    if (AsString(value, &tag)) continues |= tag == "P" || tag.starts_with("P:");
    return true;
  }

  bool SeePartial(od::value& value) {
    std::string_view text;
    bool is_part = false;
    if (AsString(value, &text)) {
      continues |= text == "true";
    } else if (!value.get_bool().get(is_part)) {
      continues |= is_part;
    }
    return true;
  }

  // A path, or {"path":…}.
  bool SeePath(od::value& value) {
    std::string_view path;
    if (AsString(value, &path)) {
      if (path.starts_with('/')) Put(path, &origin.path);
      return true;
    }
    return EachField(value, [this](std::string_view key, od::value& item) {
      std::string_view text;
      if (key == "path" && AsString(item, &text) && text.starts_with('/')) Put(text, &origin.path);
      return true;
    });
  }

  bool SeeHost(od::value& value) {
    if (SeeFact(value, &origin.host)) return true;
    return EachField(value, [this](std::string_view key, od::value& item) {
      if (key == "name") SeeFact(item, &origin.host);
      return true;
    });
  }

  bool SeeContainer(od::value& value) {
    return EachField(value, [this](std::string_view key, od::value& item) {
      if (key == "id") SeeId(item);
      return true;
    });
  }

  // Fluent Bit's and Fluentd's names, Vector's, and Filebeat's objects.
  bool SeeKubernetes(od::value& value) {
    return EachField(value, [this](std::string_view key, od::value& item) {
      if (key == "namespace_name" || key == "pod_namespace" || key == "namespace") {
        SeeFact(item, &origin.kubernetes_namespace);
      } else if (key == "pod_name") {
        SeeFact(item, &origin.pod);
      } else if (key == "container_name") {
        SeeFact(item, &origin.container);
      } else if (key == "docker_id" || key == "container_id") {
        SeeId(item);
      } else if (key == "host" || key == "pod_node_name") {
        SeeFact(item, &origin.host);
      } else if (key == "pod" || key == "container" || key == "node") {
        std::string* fact = key == "pod"         ? &origin.pod
                            : key == "container" ? &origin.container
                                                 : &origin.host;
        return EachField(item, [&](std::string_view name, od::value& inner) {
          if (name == "name") SeeFact(inner, fact);
          return true;
        });
      }
      return true;
    });
  }

  static bool SeeFact(od::value& value, std::string* fact) {
    std::string_view text;
    if (!AsString(value, &text)) return false;
    Put(text, fact);
    return true;
  }

  void SeeId(od::value& value) {
    std::string_view id;
    if (AsString(value, &id)) Put(WithoutScheme(id), &origin.container_id);
  }
};

void EnvelopeReader::Origin::AddTo(StreamFacts* facts) const {
  if (!path.empty()) {
    facts->path = path;
    AddFactsFromPath(path, facts);
  }
  const auto add = [](const std::string& fact, std::string* out) {
    if (!fact.empty() && out->empty()) *out = fact;
  };
  add(host, &facts->host);
  add(kubernetes_namespace, &facts->kubernetes_namespace);
  add(pod, &facts->pod);
  add(container, &facts->container);
  add(container_id, &facts->identity.container_id);
  const bool is_proven = !facts->kubernetes_namespace.empty() && !facts->pod.empty() &&
                         !facts->identity.container_id.empty();
  if (facts->stream.empty() && is_proven) {
    facts->stream = facts->kubernetes_namespace;
    facts->stream.append("/").append(facts->pod);
    facts->stream.append("/").append(facts->identity.container_id);
  }
}

EnvelopeReader::EnvelopeReader(Envelope envelope, std::string message_field, ParserScratch* scratch)
    : envelope_(envelope),
      message_field_(std::move(message_field)),
      scratch_(scratch),
      json_(std::make_unique<Json>()) {}

EnvelopeReader::~EnvelopeReader() = default;

void EnvelopeReader::Read(std::string_view message, Take take) {
  origin_ = Origin();
  bool is_read = false;
  switch (envelope_) {
    case Envelope::kNone:
      TakeLines("", message, /*continues=*/false, take);
      return;
    case Envelope::kJson:
      is_read = ReadJson(message, take);
      break;
    case Envelope::kCri:
      is_read = Unwrap(Wrapping::kCri, message, take);
      break;
    case Envelope::kDocker:
      is_read = Unwrap(Wrapping::kDocker, message, take);
      break;
    case Envelope::kAuto:
      is_read = TrimmedLeft(message).starts_with('{') && ReadJson(message, take);
      if (!is_read) {
        Found plain;
        plain.best = message;
        TakeMaybeWrapped(plain, take);
        is_read = true;
      }
      break;
  }
  if (!is_read) {
    ++foreign_;
    TakeLines("", message, /*continues=*/false, take);
  }
  padded_.Trim(kKept);
  line_.Trim(kKept);
  if (json_->parser.capacity() > kKept) json_ = std::make_unique<Json>();
}

// Reads one object, or one in each line. Returns false, and takes nothing, if the message is not an
// envelope.
bool EnvelopeReader::ReadJson(std::string_view message, Take take) {
  Found found;
  if (!ReadObject(message, &found)) return false;
  if (found.is_all) {
    if (envelope_ == Envelope::kAuto && found.only_docker && found.has_log &&
        RecognizeWrapping(message, /*complete=*/true) == Wrapping::kDocker) {
      return Unwrap(Wrapping::kDocker, message, take);
    }
    if (!found.Choose(!message_field_.empty())) return false;
    origin_ = found.origin;
    TakeMaybeWrapped(found, take);
    return true;
  }
  const auto is_envelope = [&](std::string_view line) {
    Found one;
    return ReadObject(line, &one) && one.is_all && one.Choose(!message_field_.empty());
  };
  const size_t first = message.find('\n');
  if (first == std::string_view::npos || !is_envelope(message.substr(0, first))) return false;
  if (envelope_ == Envelope::kAuto &&
      RecognizeWrapping(message, /*complete=*/true) == Wrapping::kDocker) {
    return Unwrap(Wrapping::kDocker, message, take);
  }
  while (!message.empty()) {
    const size_t newline = std::min(message.find('\n'), message.size());
    const std::string_view line = message.substr(0, newline);
    message.remove_prefix(std::min(newline + 1, message.size()));
    if (TrimmedLeft(line).empty()) continue;
    Found one;
    if (ReadObject(line, &one) && one.is_all && one.Choose(!message_field_.empty())) {
      origin_ = one.origin;
      TakeMaybeWrapped(one, take);
    } else {
      ++foreign_;
      TakeLines("", line, /*continues=*/false, take);
    }
  }
  return true;
}

// Returns false if `text` does not begin with an object.
bool EnvelopeReader::ReadObject(std::string_view text, Found* found) {
  const auto iterate = [this](od::document* document) {
    return json_->parser.iterate(padded_.view().data(), padded_.size(), padded_.size() + kPadding)
        .get(*document);
  };
  padded_.Clear();
  padded_.Append(text);
  od::document document;
  simdjson::error_code error = iterate(&document);
  if (error == simdjson::UTF8_ERROR) {
    padded_.Clear();
    AppendValidUtf8(text, &padded_);
    error = iterate(&document);
  }
  od::value root;
  if (error != simdjson::SUCCESS || document.get_value().get(root)) return false;
  od::json_type type{};
  if (root.type().get(type) || type != od::json_type::object) return false;
  const std::string_view field = message_field_;
  const size_t dot = field.find('.');
  const auto see = [&](std::string_view key, od::value& value) {
    if (!field.empty() && !found->has_chosen) {
      if (key == field) {
        found->has_chosen = AsString(value, &found->chosen);
        return true;
      }
      if (dot != std::string_view::npos && key == field.substr(0, dot)) {
        return EachField(value, [&](std::string_view name, od::value& inner) {
          if (name == field.substr(dot + 1) && !found->has_chosen) {
            found->has_chosen = AsString(inner, &found->chosen);
          }
          return true;
        });
      }
    }
    return found->See(key, value);
  };
  if (!EachField(root, see)) return false;
  found->is_all = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return true;
}

void EnvelopeReader::TakeMaybeWrapped(const Found& found, Take take) {
  const std::string_view text = found.best;
  const bool may_be_wrapped =
      !text.empty() && (text[0] == '{' || (text[0] >= '0' && text[0] <= '9'));
  const Wrapping wrapping =
      may_be_wrapped ? RecognizeWrapping(text, /*complete=*/true).value_or(Wrapping::kNone)
                     : Wrapping::kNone;
  if (wrapping == Wrapping::kNone) {
    TakeLines(found.std_stream, text, found.continues, take);
  } else {
    Unwrap(wrapping, text, take);
  }
}

// Returns false, and takes nothing, if no line is wrapped.
bool EnvelopeReader::Unwrap(Wrapping wrapping, std::string_view text, Take take) {
  // A complete last line: its content says if the container's line ends there.
  if (!text.ends_with('\n')) {
    line_.Clear();
    line_.Append(text);
    line_.Append('\n');
    text = line_.view();
  }
  Unwrapper unwrapper(wrapping, scratch_);
  std::string_view std_stream;
  size_t foreign = 0;  // bytes at the front of `text` that are not wrapped
  while (const auto line = unwrapper.Next(text.substr(foreign), /*last=*/true)) {
    if (!line->is_wrapped) {
      foreign += line->size;
      continue;
    }
    if (foreign > 0 && std_stream.empty()) ++foreign_;
    std_stream = NameOf(line->stream);
    if (foreign > 0) take({std_stream, text.substr(0, foreign)});
    if (!line->content.empty()) take({std_stream, line->content});
    text.remove_prefix(foreign + line->size);
    foreign = 0;
  }
  if (std_stream.empty()) return false;
  if (foreign > 0) take({std_stream, text.substr(0, foreign)});
  return true;
}

void EnvelopeReader::TakeLines(std::string_view std_stream, std::string_view text, bool continues,
                               Take take) {
  if (!text.empty()) take({std_stream, text});
  if (!continues && !text.ends_with('\n')) take({std_stream, "\n"});
}

}  // namespace sparktail
