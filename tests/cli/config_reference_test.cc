#include "ingest/cli/config_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <set>

#include "ingest/cli/config_file.h"
#include "ingest/cli/kinds.h"
#include "tests/support/corpus.h"
#include "tests/support/fake_surroundings.h"

namespace sparktail {
namespace {

using simdjson::dom::element;
using ::testing::HasSubstr;
using ::testing::Not;

std::string DocsPath(const std::string& name) { return testing::DataPath("../../docs/" + name); }

// Places of options, as JSON pointers of the schema, and the configuration that sets them.
struct Place {
  std::string pointer;                        // of the object that has `properties`
  std::string before;                         // the configuration up to the place …
  std::string after;                          // … and behind it, on one line
  std::map<std::string, std::string> needed;  // values without which nothing is accepted
  std::vector<OptionInfo> infos;
};

constexpr char kSources[] = "sources: [{kind: file, paths: [/a]}], ";
constexpr char kSinks[] = "sinks: [{kind: file, name: here, path: /b}]";

std::vector<Place> Places() {
  std::vector<Place> places = {
      {"", std::string("{") + kSources + kSinks, "}", {}, Infos(ConfigurationOptionTable())},
      {"/properties/log",
       std::string("{") + kSources + kSinks + ", log: {level: info",
       "}}",
       {{"level", "info"}},
       Infos(LogOptionTable())},
  };
  size_t i = 0;
  for (const auto* kind : AllKinds().sources) {
    places.push_back({"/properties/sources/items/oneOf/" + std::to_string(i++),
                      std::string("{") + kSinks + ", sources: [{kind: " + kind->name,
                      "}]}",
                      {{"paths", "[/a]"},
                       {"topics", "[raw]"},
                       {"brokers", "['k:9092']"},
                       {"resource_managers", "['http://rm1:8088']"}},
                      Infos(kind->options)});
  }
  i = 0;
  for (const auto* kind : AllKinds().sinks) {
    places.push_back(
        {"/properties/sinks/items/oneOf/" + std::to_string(i++),
         "{instance: i, sources: [{kind: file, paths: [/a]}], sinks: [{kind: " + kind->name,
         "}]}",
         {{"path", "/c"},
          {"brokers", "['k:9092']"},
          {"topic", "events"},
          {"urls", "['http://s:9200']"},
          {"collection", "events"}},
         Infos(kind->options)});
  }
  return places;
}

// A value other than the default.
std::string ValueOf(const OptionInfo& info) {
  static const std::map<std::string, std::string> kValues = {
      {"name", "one"},
      {"instance", "one"},
      {"environment", "one"},
      {"timezone", "UTC"},
      {"sinks", "[here]"},
      {"state_dir", "/s"},
      {"path", "/d"},
      {"paths", "[/d]"},
      {"exclude", "[/e/*]"},
      {"http", "localhost:80"},
      {"topic", "'spark-{kind}'"},
      {"topics", "[raw, 'regex:^logs-.*']"},
      {"message_field", "event.original"},
      {"brokers", "['k1:9092', 'k2:9092']"},
      {"resource_managers", "['http://rm1:8088', 'http://rm2:8088']"},
      {"applications", "[orange.Boot, 'regex:etl-.*']"},
      {"users", "[etl]"},
      {"queues", "[root.etl]"},
      {"tags", "[gold]"},
      {"history_server", "'http://history:19888'"},
      {"url_prefix", "/gateway/default/yarn"},
      {"sasl_username", "me"},
      {"sasl_password", "secret"},
      {"kerberos_principal", "me@REALM"},
      {"kerberos_keytab", "/k"},
      {"oauth_token_file", "/t"},
      {"oauth_token_command", "cat /t"},
      {"ssl_ca", "/ca.pem"},
      {"ssl_certificate", "/c.pem"},
      {"ssl_key", "/k.pem"},
      {"ssl_key_password", "secret"},
      {"urls", "['https://s:9200', 'http://t:9200']"},
      {"index", "'events-{kind}-%Y'"},
      {"alias", "all-events"},
      {"dashboards_url", "'http://d:5601'"},
      {"collection", "events"},
      {"username", "me"},
      {"password", "secret"},
      {"api_key", "secret"},
      {"token", "secret"},
      {"token_file", "/t"},
      {"aws_region", "eu-central-1"},
      {"aws_access_key", "me"},
      {"aws_secret_key", "secret"},
      {"aws_session_token", "secret"},
      {"proxy", "'http://p:3128'"},
      {"properties", "{linger.ms: 20, client.id: 'a'}"},
  };
  const auto found = kValues.find(info.name);
  if (found != kValues.end()) return found->second;
  if (!info.words.empty()) return info.words.front().text;
  EXPECT_TRUE(info.default_text) << info.name << ": no value is known for it";
  return info.default_text.value_or("");
}

// Options that another option needs, or that make no sense without it: Kafka's and HTTP's.
std::string KafkaCompanions(const std::string& name, const std::string& value) {
  static const std::string kLogin = ", sasl_username: me, sasl_password: secret";
  static const std::string kSasl = ", security_protocol: sasl_ssl";
  static const std::map<std::string, std::string> kCompanions = {
      {"sasl_username", kSasl + ", sasl_password: secret"},
      {"sasl_password", kSasl + ", sasl_username: me"},
      {"kerberos_principal", kSasl + ", sasl_mechanism: GSSAPI"},
      {"kerberos_keytab", kSasl + ", sasl_mechanism: GSSAPI"},
      {"oauth_token_file", kSasl + ", sasl_mechanism: OAUTHBEARER"},
      {"oauth_token_command", kSasl + ", sasl_mechanism: OAUTHBEARER"},
      {"ssl_ca", ", security_protocol: ssl"},
      {"ssl_certificate", ", security_protocol: ssl, ssl_key: /k.pem"},
      {"ssl_key", ", security_protocol: ssl, ssl_certificate: /c.pem"},
  };
  if (name == "security_protocol" && value.find("sasl") != std::string::npos) return kLogin;
  const auto found = kCompanions.find(name);
  return found == kCompanions.end() ? "" : found->second;
}

std::string HttpCompanions(const std::string& name, const std::string& value) {
  static const std::string kAws =
      ", aws_region: eu-central-1, aws_access_key: me, aws_secret_key: secret";
  static const std::map<std::string, std::string> kOfAuth = {
      {"'basic'", ", username: me, password: secret"},
      {"'api_key'", ", api_key: secret"},
      {"'bearer'", ", token: secret"},
      {"'sigv4'", kAws},
  };
  static const std::map<std::string, std::string> kCompanions = {
      {"username", ", auth: basic, password: secret"},
      {"password", ", auth: basic, username: me"},
      {"api_key", ", auth: api_key"},
      {"token", ", auth: bearer"},
      {"token_file", ", auth: bearer"},
      {"aws_region", ", auth: sigv4, aws_access_key: me, aws_secret_key: secret"},
      {"aws_access_key", ", auth: sigv4, aws_region: r, aws_secret_key: secret"},
      {"aws_secret_key", ", auth: sigv4, aws_region: r, aws_access_key: me"},
      {"aws_session_token", ", auth: sigv4" + kAws},
      {"kerberos_principal", ", auth: kerberos, kerberos_keytab: /k"},
      {"kerberos_keytab", ", auth: kerberos"},
      {"ssl_certificate", ", ssl_key: /k.pem"},
      {"ssl_key", ", ssl_certificate: /c.pem"},
      {"ssl_key_password", ", ssl_key: /k.pem, ssl_certificate: /c.pem"},
  };
  if (name == "auth") {
    const auto found = kOfAuth.find(value);
    return found == kOfAuth.end() ? "" : found->second;
  }
  const auto found = kCompanions.find(name);
  return found == kCompanions.end() ? "" : found->second;
}

std::string Companions(const Place& place, const std::string& name, const std::string& value) {
  const bool is_http = std::any_of(place.infos.begin(), place.infos.end(),
                                   [](const OptionInfo& info) { return info.name == "auth"; });
  return is_http ? HttpCompanions(name, value) : KafkaCompanions(name, value);
}

class ConfigReferenceTest : public ::testing::Test {
 protected:
  absl::StatusOr<Configuration> Read(const std::string& text) {
    return ReadConfiguration(text, "f.yaml", testing::MakeSurroundings(&os_));
  }
  // A configuration with one more option, or without others.
  std::string With(const Place& place, const std::string& name, const std::string& value,
                   const std::string& without = "") {
    std::string text = place.before;
    for (const auto& [needed, its] : place.needed) {
      const bool is_there = place.before.ends_with(needed + ": " + its);
      const bool has = std::any_of(place.infos.begin(), place.infos.end(),
                                   [&](const OptionInfo& info) { return info.name == needed; });
      if (has && !is_there && needed != name && needed != without) {
        text += ", " + needed + ": " + its;
      }
    }
    if (!name.empty()) text += ", " + name + ": " + value + Companions(place, name, value);
    return text + place.after;
  }
  element Schema() {
    schema_ = simdjson::padded_string(ConfigJsonSchema(AllKinds()));
    return parser_.parse(schema_).value();
  }
  static element At(element from, const std::string& pointer) {
    return pointer.empty() ? from : element(from.at_pointer(pointer).value());
  }
  static std::set<std::string> Names(element place) {
    std::set<std::string> names;
    for (const auto& field : simdjson::dom::object(place["properties"])) {
      names.emplace(field.key);
    }
    return names;
  }

  PosixOs os_;
  simdjson::dom::parser parser_;
  simdjson::padded_string schema_;
};

TEST_F(ConfigReferenceTest, TheFilesInDocsAreWhatIsPrinted) {
  EXPECT_TRUE(testing::ReadFile(DocsPath("configuration.md")) == ConfigReference(AllKinds()))
      << "sparktail check --print-config-reference > docs/configuration.md";
  EXPECT_TRUE(testing::ReadFile(DocsPath("sparktail.schema.json")) == ConfigJsonSchema(AllKinds()))
      << "sparktail check --print-json-schema > docs/sparktail.schema.json";
}

TEST_F(ConfigReferenceTest, TheExampleIsAccepted) {
  const std::string page = ConfigReference(AllKinds());
  const size_t begin = page.find("```yaml\n") + 8;
  const absl::StatusOr<Configuration> read =
      Read(page.substr(begin, page.find("```", begin) - begin));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->sources.size(), 2U);
  EXPECT_EQ(read->sinks.size(), 2U);
}

TEST_F(ConfigReferenceTest, TheSchemaHasTheOptionsOfTheReaderAndNoOthers) {
  const element schema = Schema();
  for (const Place& place : Places()) {
    const element object = At(schema, place.pointer);
    std::set<std::string> names = Names(object);
    for (const char* structure : {"log", "sources", "sinks", "kind"}) {
      const bool is_option =
          std::any_of(place.infos.begin(), place.infos.end(),
                      [&](const OptionInfo& info) { return info.name == structure; });
      if (!is_option) names.erase(structure);
    }
    std::set<std::string> options;
    for (const OptionInfo& info : place.infos) options.insert(info.name);
    EXPECT_EQ(names, options) << place.pointer;
    EXPECT_FALSE(bool(object["additionalProperties"])) << place.pointer;
  }
}

TEST_F(ConfigReferenceTest, TheReaderTakesEachOptionOfTheSchema) {
  const element schema = Schema();
  for (const Place& place : Places()) {
    for (const OptionInfo& info : place.infos) {
      if (place.before.ends_with(info.name + ": info")) continue;
      const std::string text = With(place, info.name, ValueOf(info));
      EXPECT_TRUE(Read(text).ok()) << text << "\n" << Read(text).status();
      const element option = At(schema, place.pointer + "/properties/" + info.name);
      EXPECT_THAT(std::string(std::string_view(option["description"])), HasSubstr(info.sentence));
    }
    const std::string unknown = With(place, "no_such_option", "1");
    EXPECT_THAT(std::string(Read(unknown).status().message()),
                HasSubstr("no_such_option: unknown key"))
        << place.pointer;
  }
}

TEST_F(ConfigReferenceTest, DefaultsAndWordsOfTheSchemaAreAccepted) {
  const element schema = Schema();
  for (const Place& place : Places()) {
    for (const OptionInfo& info : place.infos) {
      if (place.before.ends_with(info.name + ": info")) continue;
      std::vector<std::string> values;
      for (const OptionWord& word : info.words) values.push_back("'" + word.text + "'");
      const element option = At(schema, place.pointer + "/properties/" + info.name);
      element given;
      if (option["default"].get(given) == simdjson::SUCCESS) {
        const std::string text =
            given.is_string() ? std::string(std::string_view(given)) : simdjson::minify(given);
        EXPECT_EQ(info.default_text, text);
        values.push_back(info.type == OptionType::kText ? "'" + text + "'" : text);
      } else {
        EXPECT_FALSE(info.default_text) << info.name;
      }
      for (const std::string& value : values) {
        const std::string text = With(place, info.name, value);
        EXPECT_TRUE(Read(text).ok()) << text << "\n" << Read(text).status();
      }
    }
  }
}

TEST_F(ConfigReferenceTest, RequiredIsWhatTheReaderMisses) {
  const element schema = Schema();
  for (const Place& place : Places()) {
    std::set<std::string> required;
    simdjson::dom::array names;
    if (At(schema, place.pointer)["required"].get(names) == simdjson::SUCCESS) {
      for (const element& name : names) required.emplace(std::string_view(name));
    }
    for (const OptionInfo& info : place.infos) {
      const bool is_needed = !Read(With(place, "", "", info.name)).ok();
      EXPECT_EQ(required.contains(info.name), is_needed) << place.pointer << " " << info.name;
    }
  }
}

TEST_F(ConfigReferenceTest, ThePageHasARowForEachOption) {
  const std::string page = ConfigReference(AllKinds());
  for (const Place& place : Places()) {
    for (const OptionInfo& info : place.infos) {
      EXPECT_THAT(page, HasSubstr("\n| `" + info.name + "` | ")) << info.name;
      if (!info.default_text) continue;
      EXPECT_THAT(page, HasSubstr("| `" + *info.default_text + "` |"));
    }
  }
  for (const auto* kind : AllKinds().sources)
    EXPECT_THAT(page, HasSubstr("`kind: " + kind->name + "`"));
  for (const auto* kind : AllKinds().sinks)
    EXPECT_THAT(page, HasSubstr("`kind: " + kind->name + "`"));
  EXPECT_THAT(page, Not(HasSubstr("|  |")));
}

}  // namespace
}  // namespace sparktail
