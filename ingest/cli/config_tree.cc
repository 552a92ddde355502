#include "ingest/cli/config_tree.h"

#include <re2/re2.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "ingest/base/printable.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_text.h"

namespace sparktail {
namespace {

constexpr size_t kDeepest = 16;
constexpr size_t kMostNodes = 10'000;
constexpr size_t kMostMessage = 1024;

// Builds nodes from the parser's events. Reports errors by exceptions, as the parser does.
class TreeBuilder : public YAML::EventHandler {
 public:
  ConfigNode root;
  bool has_root = false;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0)
      Refuse(mark, "a second document begins here; a configuration is one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    ConfigNode node = NewNode(mark, anchor, "", ConfigNode::Kind::kScalar);
    node.is_null = true;
    Add(mark, std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { RefuseAnchor(mark); }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { RefuseAnchor(mark); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    ConfigNode node = NewNode(mark, anchor, tag, ConfigNode::Kind::kScalar);
    node.style = tag == "!" ? ConfigNode::Style::kQuoted : ConfigNode::Style::kPlain;
    node.text = value;
    Add(mark, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, NewNode(mark, anchor, tag, ConfigNode::Kind::kList));
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, NewNode(mark, anchor, tag, ConfigNode::Kind::kMap));
  }
  void OnMapEnd() override { Close(); }

 private:
  [[noreturn]] static void Refuse(const YAML::Mark& mark, const std::string& why) {
    throw YAML::ParserException(mark, why);
  }
  [[noreturn]] static void RefuseAnchor(const YAML::Mark& mark) {
    Refuse(mark,
           "anchors and aliases (words that begin with & or *) are not supported; put the text in "
           "quotes if it is neither");
  }

  ConfigNode NewNode(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag,
                     ConfigNode::Kind kind) {
    if (anchor != 0) RefuseAnchor(mark);
    // The parser marks a plain scalar with "?" and a quoted one with "!".
    if (!tag.empty() && tag != "?" && tag != "!")
      Refuse(mark, "tags (words that begin with !) are not supported");
    if (++nodes_ > kMostNodes)
      Refuse(mark, "this is too large for a configuration: more than 10,000 values");
    ConfigNode node;
    node.kind = kind;
    node.line = mark.line < 0 ? 1 : static_cast<size_t>(mark.line) + 1;
    return node;
  }

  void Open(const YAML::Mark& mark, ConfigNode node) {
    if (open_.size() == kDeepest) Refuse(mark, "this is nested more than 16 levels deep");
    if (IsKey()) RefuseKey(mark);
    open_.push_back(std::move(node));
  }
  void Close() {
    ConfigNode node = std::move(open_.back());
    open_.pop_back();
    Insert(std::move(node));
  }

  bool IsKey() const {
    return !open_.empty() && open_.back().kind == ConfigNode::Kind::kMap &&
           open_.back().keys.size() == open_.back().items.size();
  }
  [[noreturn]] static void RefuseKey(const YAML::Mark& mark) {
    Refuse(mark, "a key must be a word");
  }

  void Add(const YAML::Mark& mark, ConfigNode node) {
    if (!IsKey()) return Insert(std::move(node));
    if (node.is_null) RefuseKey(mark);
    open_.back().keys.push_back(std::move(node));
  }

  void Insert(ConfigNode node) {
    if (open_.empty()) {
      root = std::move(node);
      has_root = true;
      return;
    }
    ConfigNode& parent = open_.back();
    // The parser reports an empty value at the line of the next key.
    if (node.is_null && !parent.keys.empty()) node.line = parent.keys.back().line;
    parent.items.push_back(std::move(node));
  }

  std::vector<ConfigNode> open_;
  size_t nodes_ = 0;
  size_t documents_ = 0;
};

absl::Status ErrorAt(std::string_view file, size_t line, std::string_view what) {
  return absl::InvalidArgumentError(Printable(file, kMostMessage) + ":" + std::to_string(line) +
                                    ": " + Printable(what, kMostMessage));
}

bool IsUtf8(std::string_view text) {
  ByteBuffer valid;
  return AppendValidUtf8(text, &valid) == 0;
}

// Returns what is wrong with a line, whatever its meaning.
std::optional<std::string_view> WrongLine(std::string_view line) {
  if (!IsUtf8(line)) return "the line is not UTF-8";
  const bool has_controls = std::any_of(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
  });
  if (has_controls) return "there is a control character: this is not text";
  const size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
  if (line.substr(0, indent).find('\t') != std::string_view::npos) {
    return "indent with spaces, not with a tab";
  }
  return std::nullopt;
}

absl::Status CheckLines(std::string_view text, std::string_view file) {
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (const auto wrong = WrongLine(text.substr(0, end))) return ErrorAt(file, number, *wrong);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return absl::OkStatus();
}

size_t LastLine(std::string_view text) {
  const auto newlines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  return std::max<size_t>(1, text.ends_with('\n') ? newlines : newlines + 1);
}

absl::Status Build(std::string_view text, std::string_view file, TreeBuilder* builder) {
  try {
    // The added comment makes the parser notice a quote that is still open; at the end of a line it
    // does not.
    std::istringstream stream(std::string(text) + "\n#");
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(*builder)) {
    }
    return absl::OkStatus();
  } catch (const YAML::Exception& error) {
    const size_t line = error.mark.is_null() ? 1 : static_cast<size_t>(error.mark.line) + 1;
    return ErrorAt(file, std::min(line, LastLine(text)), error.msg);
  } catch (const std::exception& error) {
    return ErrorAt(file, 1, error.what());
  }
}

}  // namespace

bool ConfigNode::IsNumber() const {
  static const auto& number = *new RE2(
      R"(-?\.inf|\.nan|[-+]?(0[xo][0-9a-fA-F]+|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?))");
  return RE2::FullMatch(text, number);
}

bool ConfigNode::IsBoolean() const {
  static const auto& boolean = *new RE2("true|True|TRUE|false|False|FALSE");
  return RE2::FullMatch(text, boolean);
}

const ConfigNode* ConfigNode::Find(std::string_view key) const {
  for (size_t i = 0; i < keys.size() && kind == Kind::kMap; ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

const ConfigNode& ConfigNode::FindOr(std::string_view key) const {
  const ConfigNode* found = Find(key);
  return found == nullptr ? *this : *found;
}

absl::StatusOr<ConfigNode> ParseYaml(std::string_view text, std::string_view file) {
  if (text.size() > kMostConfigBytes) {
    return ErrorAt(file, 1, "the file is longer than 1 MiB: this is not a configuration");
  }
  if (absl::Status status = CheckLines(text, file); !status.ok()) return status;
  TreeBuilder builder;
  if (absl::Status status = Build(text, file, &builder); !status.ok()) return status;
  if (!builder.has_root || builder.root.is_null)
    return ErrorAt(file, 1, "the configuration is empty");
  if (builder.root.kind != ConfigNode::Kind::kMap) {
    return ErrorAt(file, builder.root.line, "lines of `key: value` are expected");
  }
  return std::move(builder.root);
}

}  // namespace sparktail
