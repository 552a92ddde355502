#include "sinks/opensearch/index_template.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <string>

namespace sparktail {
namespace {

namespace dom = simdjson::dom;

std::string At(const std::string& json, const std::string& pointer) {
  dom::parser parser;
  dom::element document;
  dom::element found;
  EXPECT_FALSE(parser.parse(json).get(document)) << json;
  if (document.at_pointer(pointer).get(found)) return "";
  return simdjson::minify(found);
}

// Types of all fields by their full name, as a server counts them: objects are fields, too.
void Collect(dom::object properties, const std::string& prefix,
             std::map<std::string, std::string>* fields) {
  for (const dom::key_value_pair field : properties) {
    const std::string name = prefix + std::string(field.key);
    dom::object inner;
    std::string_view type;
    (*fields)[name] = field.value["type"].get(type) ? "object" : std::string(type);
    if (!field.value["properties"].get(inner)) Collect(inner, name + ".", fields);
    if (!field.value["fields"].get(inner)) Collect(inner, name + ".", fields);
  }
}

std::map<std::string, std::string> Fields() {
  dom::parser parser;
  dom::element mappings;
  dom::object properties;
  EXPECT_FALSE(parser.parse(std::string(IndexMappings())).get(mappings));
  EXPECT_FALSE(mappings["properties"].get(properties));
  std::map<std::string, std::string> fields;
  Collect(properties, "", &fields);
  return fields;
}

TEST(IndexTemplateTest, FollowsTheOptions) {
  OpenSearchOptions options;
  options.index = "spark-{kind}-%Y%m%d";
  options.shards = 3;
  options.replicas = 0;
  options.alias = "spark";
  const std::string json = IndexTemplateJson(options, ServerKind::kOpenSearch);
  EXPECT_EQ(At(json, "/index_patterns"), R"(["spark-*-*"])");
  EXPECT_EQ(At(json, "/priority"), "550");
  EXPECT_EQ(At(json, "/template/settings/index/number_of_shards"), "3");
  EXPECT_EQ(At(json, "/template/settings/index/number_of_replicas"), "0");
  EXPECT_EQ(At(json, "/template/settings/index/mapping/ignore_malformed"), "true");
  EXPECT_EQ(At(json, "/template/aliases"), R"({"spark":{}})");
  EXPECT_EQ(At(json, "/template/mappings/dynamic"), "false");
  EXPECT_EQ(At(json, "/data_stream"), "");
  EXPECT_EQ(At(json, "/template/settings/index/lifecycle"), "");
}

TEST(IndexTemplateTest, ADataStreamIsOne) {
  OpenSearchOptions options;
  options.index = "spark";
  options.data_stream = true;
  const std::string json = IndexTemplateJson(options, ServerKind::kElasticsearch);
  EXPECT_EQ(At(json, "/index_patterns"), R"(["spark"])");
  EXPECT_EQ(At(json, "/data_stream"), "{}");
}

TEST(IndexTemplateTest, OnlyElasticsearchsNamesThePolicy) {
  OpenSearchOptions options;
  options.retention = absl::Hours(24 * 30);
  const auto policy = [&](ServerKind kind) {
    return At(IndexTemplateJson(options, kind), "/template/settings/index/lifecycle");
  };
  EXPECT_EQ(policy(ServerKind::kElasticsearch), R"({"name":"sparktail"})");
  EXPECT_EQ(policy(ServerKind::kOpenSearch), "");
  EXPECT_EQ(policy(ServerKind::kUnknown), "");
  EXPECT_EQ(At(IndexTemplateJsonWithoutPolicy(options), "/template/settings/index/lifecycle"), "");
}

// Otherwise two processes with different rights would replace each other's template forever.
TEST(IndexTemplateTest, ItsMarkDependsOnTheOptionsAlone) {
  OpenSearchOptions options;
  options.retention = absl::Hours(48);
  const TemplateMark mark = IndexTemplateMark(options);
  EXPECT_EQ(mark.version, TemplateMark::kVersion);
  for (const std::string& json : {IndexTemplateJson(options, ServerKind::kElasticsearch),
                                  IndexTemplateJson(options, ServerKind::kUnknown),
                                  IndexTemplateJsonWithoutPolicy(options)}) {
    EXPECT_EQ(At(json, "/_meta/sparktail/version"), std::to_string(mark.version));
    EXPECT_EQ(At(json, "/_meta/sparktail/digest"), '"' + mark.digest + '"');
  }
  EXPECT_EQ(IndexTemplateMark(options), mark);
  options.shards = 2;
  EXPECT_NE(IndexTemplateMark(options), mark);
}

TEST(IndexTemplateTest, NothingCanAddAField) {
  EXPECT_EQ(At(std::string(IndexMappings()), "/dynamic"), "false");
  // Not even where it is set anew.
  EXPECT_EQ(IndexMappings().find("\"dynamic\"", IndexMappings().find("\"dynamic\"") + 1),
            std::string_view::npos);
  EXPECT_LT(Fields().size(), 200u);
  EXPECT_GT(Fields().size(), 100u);
}

// Members that a user or a source names are only stored.
TEST(IndexTemplateTest, NamesOfOthersAreNoFields) {
  const std::string mappings(IndexMappings());
  const std::string metrics = "/properties/metrics/properties";
  for (const std::string& name :
       {metrics + "/observedMetrics", metrics + "/stateOperators/properties/customMetrics",
        metrics + "/sources/properties/startOffset", metrics + "/sources/properties/endOffset",
        metrics + "/sources/properties/latestOffset", metrics + "/sources/properties/metrics",
        metrics + "/sink/properties/metrics", std::string("/properties/fields"),
        std::string("/properties/job/properties/killedTasksSummary")}) {
    EXPECT_EQ(At(mappings, name), R"({"type":"object","enabled":false})") << name;
  }
}

// Texts from a log may have any length: a long keyword is not indexed, rather than rejected.
TEST(IndexTemplateTest, NoTextIsTooLong) {
  dom::parser parser;
  for (const auto& [name, type] : Fields()) {
    if (type != "keyword" || name == "kind" || name == "id") continue;
    std::string pointer = "/properties/" + name;
    for (size_t dot = pointer.find('.'); dot != std::string::npos; dot = pointer.find('.')) {
      pointer.replace(dot, 1, "/properties/");
    }
    // Lucene takes 32,766 bytes; a character has at most 4.
    const std::string most = At(std::string(IndexMappings()), pointer + "/ignore_above");
    ASSERT_FALSE(most.empty()) << name;
    EXPECT_LE(std::stoi(most) * 4, 32766) << name;
  }
  EXPECT_EQ(Fields().at("message"), "text");
  EXPECT_EQ(Fields().at("error.stack"), "text");
  EXPECT_EQ(Fields().at("error.message"), "text");
}

TEST(IndexTemplateTest, AWildcardMatchesAllNamesOfThePattern) {
  OpenSearchOptions options;
  EXPECT_EQ(IndexWildcard(options), "monitor-yarn-*-*");
  options.index = "events";
  EXPECT_EQ(IndexWildcard(options), "events");
}

}  // namespace
}  // namespace sparktail
