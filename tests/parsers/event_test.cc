#include "parsers/event.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sparktail {
namespace {

void Add(std::string_view document, uint64_t offset, EventBuffer* events) {
  EventRef event;
  event.begin = events->bytes.size();
  events->bytes.Append(document);
  event.end = events->bytes.size();
  events->bytes.Append('\n');
  event.offset = offset;
  events->events.push_back(event);
}

std::vector<std::string> Documents(const EventBuffer& events) {
  std::vector<std::string> documents;
  for (const EventRef& event : events.events) documents.emplace_back(events.document(event));
  return documents;
}

TEST(EventBufferTest, KeepIfKeepsOrderAndPutsDocumentsTogether) {
  EventBuffer events;
  Add("{\"n\":0}", 0, &events);
  Add("{\"n\":10}", 10, &events);
  Add("{\"n\":200}", 200, &events);
  Add("{\"n\":3000}", 3000, &events);
  events.KeepIf([](const EventRef& event) { return event.offset != 0 && event.offset != 200; });
  EXPECT_EQ(Documents(events), (std::vector<std::string>{"{\"n\":10}", "{\"n\":3000}"}));
  EXPECT_EQ(events.bytes.view(), "{\"n\":10}\n{\"n\":3000}\n");
  EXPECT_EQ(events.events[1].offset, 3000);
}

TEST(EventBufferTest, KeepIfLeavesABufferAloneOfWhichAllIsKept) {
  EventBuffer events;
  Add("{\"n\":0}", 0, &events);
  const char* before = events.bytes.view().data();
  events.KeepIf([](const EventRef&) { return true; });
  EXPECT_EQ(events.bytes.view().data(), before);
  EXPECT_EQ(events.events.size(), 1);
}

TEST(EventBufferTest, KeepIfMayDropAll) {
  EventBuffer events;
  Add("{\"n\":0}", 0, &events);
  events.KeepIf([](const EventRef&) { return false; });
  EXPECT_TRUE(events.events.empty());
  EXPECT_TRUE(events.bytes.view().empty());
}

}  // namespace
}  // namespace sparktail
