#include "parsers/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace sparktail {
namespace {

void WriteAll(JsonWriter* json) {
  json->Open();
  json->Text("text", "a \"b\"\n");
  json->Text("empty", "");
  json->KnownText("omitted", "");
  json->Raw("raw", "[1,2]");
  json->KnownRaw("omitted", "");
  json->Integer("least", INT64_MIN);
  json->KnownInteger("omitted", std::nullopt);
  json->KnownInteger("zero", 0);
  json->Count("most", UINT64_MAX);
  json->Boolean("yes", true);
  json->Boolean("no", false);
  json->Open("nothing");
  json->Close();
  json->OpenArray("objects");
  json->Open();
  json->Integer("n", 1);
  json->Close();
  json->Open();
  json->Close();
  json->CloseArray();
  json->Texts("texts", {"x", "y"});
  json->Texts("none", {});
  json->Close();
}

TEST(JsonWriterTest, WritesCompactJson) {
  ByteBuffer out;
  JsonWriter json(&out);
  WriteAll(&json);
  EXPECT_EQ(out.view(),
            R"({"text":"a \"b\"\n","empty":"","raw":[1,2],"least":-9223372036854775808,)"
            R"("zero":0,"most":18446744073709551615,"yes":true,"no":false,"nothing":{},)"
            R"("objects":[{"n":1},{}],"texts":["x","y"],"none":[]})");
}

TEST(JsonWriterTest, WritesIndentedJson) {
  ByteBuffer out;
  JsonWriter json(&out, JsonWriter::Layout::kIndented);
  WriteAll(&json);
  EXPECT_EQ(out.view(), R"({
  "text": "a \"b\"\n",
  "empty": "",
  "raw": [1,2],
  "least": -9223372036854775808,
  "zero": 0,
  "most": 18446744073709551615,
  "yes": true,
  "no": false,
  "nothing": {},
  "objects": [
    {
      "n": 1
    },
    {}
  ],
  "texts": [
    "x",
    "y"
  ],
  "none": []
})");
}

TEST(JsonWriterTest, MembersWithoutTheirObjectGetCommasBetween) {
  ByteBuffer out;
  JsonWriter first(&out);
  first.Text("a", "1");
  first.Text("b", "2");
  JsonWriter more = JsonWriter::Continue(&out);
  more.Text("c", "3");
  EXPECT_EQ(out.view(), R"("a":"1","b":"2","c":"3")");
}

TEST(JsonWriterTest, SaysWhetherTextsWereUtf8) {
  ByteBuffer out;
  JsonWriter json(&out);
  json.Open();
  json.Text("a", "ä");
  EXPECT_TRUE(json.valid_utf8());
  json.Text("b", "\xFF");
  json.Text("c", "c");
  json.Close();
  EXPECT_FALSE(json.valid_utf8());
  EXPECT_EQ(out.view(), "{\"a\":\"ä\",\"b\":\"\uFFFD\",\"c\":\"c\"}");
}

}  // namespace
}  // namespace sparktail
