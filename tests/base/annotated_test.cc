#include "ingest/base/annotated.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

TEST(AnnotatedTest, AnErrorKeepsItsCodeAndItsMessage) {
  const absl::Status status = Annotated(absl::NotFoundError("no such file"), "/a: cannot read it");
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "/a: cannot read it: no such file");
  EXPECT_TRUE(Annotated(absl::OkStatus(), "x").ok());
}

}  // namespace
}  // namespace sparktail
