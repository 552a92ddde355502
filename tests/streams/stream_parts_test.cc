#include "ingest/streams/stream_parts.h"

#include <gtest/gtest.h>

#include "ingest/streams/content_stream.h"
#include "ingest/streams/source.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

TEST(StreamPartsTest, TheyAreThoseOfTheSource) {
  testing::FaultyOs os;
  testing::RecordingLog log;
  SourceConfiguration configuration;
  configuration.name = "src";
  configuration.environment = "test";
  SourceParts parts;
  parts.os = &os;
  parts.log = &log;
  parts.configuration = &configuration;
  parts.host = "node1";
  parts.parser.max_event_bytes = 77;
  size_t observed = 0;
  parts.observe = [&](const EventBuffer&) { ++observed; };
  const StreamParts streams = PartsOfStreams(parts, nullptr, absl::Seconds(3));
  EXPECT_EQ(streams.os, &os);
  EXPECT_EQ(streams.log, &log);
  EXPECT_EQ(streams.source, "src");
  EXPECT_EQ(streams.environment, "test");
  EXPECT_EQ(streams.host, "node1");
  EXPECT_EQ(streams.output, nullptr);
  const ContentShare share(streams);
  EXPECT_EQ(share.os, &os);
  EXPECT_EQ(share.parser.max_event_bytes, 77U);
  EXPECT_EQ(share.record_timeout, absl::Seconds(3));
  share.observe({});
  EXPECT_EQ(observed, 1U);
}

}  // namespace
}  // namespace sparktail
