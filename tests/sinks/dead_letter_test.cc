#include "sinks/dead_letter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using testing::FaultyOs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RecordingLog;
using ::testing::SizeIs;
using testing::TempDir;
using Call = FaultyOs::Call;

constexpr uint64_t kMiB = uint64_t{1} << 20;

class DeadLetterTest : public ::testing::Test {
 protected:
  DeadLetterTest() : directory_(folder_ / "dead-letter/search") {
    os_.SetNow(absl::FromUnixMillis(1'795'276'340'123));
  }

  std::unique_ptr<DeadLetters> Make(uint64_t max_bytes = kMiB) {
    return std::make_unique<DeadLetters>(&os_, &log_, folder_ / "dead-letter", "search", max_bytes);
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> paths;
    if (!std::filesystem::exists(directory_)) return paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  std::string AllContent() const {
    std::string all;
    for (const std::string& path : Files()) all += BytesOf(path);
    return all;
  }
  static std::string Line(const std::string& document, const std::string& cause = "why") {
    return R"({"time":"2026-11-21T15:52:20.123Z","sink":"search","cause":")" + cause +
           R"(","document":)" + document + "}\n";
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  const std::string directory_;
};

TEST_F(DeadLetterTest, KeepsDocumentAndCause) {
  const auto letters = Make();
  ASSERT_TRUE(letters->Add("{\"id\":1}", "a \"bad\" one").ok());
  EXPECT_EQ(letters->count(), 0U);
  ASSERT_TRUE(letters->Sync().ok());
  EXPECT_EQ(letters->count(), 1U);
  ASSERT_THAT(Files(), SizeIs(1));
  EXPECT_EQ(Files()[0], directory_ + "/20261121T155220Z.ndjson");
  EXPECT_EQ(AllContent(), Line("{\"id\":1}", "a \\\"bad\\\" one"));
  EXPECT_TRUE(log_.Has(Files()[0]));
}

TEST_F(DeadLetterTest, InvalidJsonIsStoredAsAString) {
  const auto letters = Make();
  ASSERT_TRUE(letters->Add("{\"id\":", "why").ok());
  ASSERT_TRUE(letters->Add("{\n}", "why").ok());
  ASSERT_TRUE(letters->Add("\xff", "why").ok());
  EXPECT_EQ(AllContent(), Line(R"("{\"id\":")") + Line(R"("{\n}")") + Line("\"\xEF\xBF\xBD\""));
}

TEST_F(DeadLetterTest, NobodyElseReadsThem) {
  const auto letters = Make();
  ASSERT_TRUE(letters->Add("{}", "why").ok());
  struct stat info {};
  ASSERT_EQ(::stat(Files()[0].c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(directory_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
}

TEST_F(DeadLetterTest, NothingIsCreatedBeforeItIsNeeded) {
  const auto letters = Make();
  EXPECT_TRUE(letters->Sync().ok());
  EXPECT_TRUE(letters->Rollback().ok());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "dead-letter"));
}

TEST_F(DeadLetterTest, RollbackForgetsWhatIsNotDurable) {
  {
    const auto letters = Make();
    ASSERT_TRUE(letters->Add("1", "why").ok());
    ASSERT_TRUE(letters->Sync().ok());
    ASSERT_TRUE(letters->Add("2", "why").ok());
    ASSERT_TRUE(letters->Rollback().ok());
    ASSERT_TRUE(letters->Add("3", "why").ok());
    ASSERT_TRUE(letters->Sync().ok());
    EXPECT_EQ(letters->count(), 2U);
    ASSERT_TRUE(letters->Add("4", "why").ok());
  }
  EXPECT_EQ(AllContent(), Line("1") + Line("3"));
}

TEST_F(DeadLetterTest, NoEmptyFileIsLeft) {
  {
    const auto letters = Make();
    ASSERT_TRUE(letters->Add("1", "why").ok());
    ASSERT_TRUE(letters->Rollback().ok());
  }
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(DeadLetterTest, EachProcessBeginsItsOwnFile) {
  for (const char* document : {"1", "2", "3"}) {
    const auto letters = Make();
    ASSERT_TRUE(letters->Add(document, "why").ok());
    ASSERT_TRUE(letters->Sync().ok());
  }
  ASSERT_THAT(Files(), SizeIs(3));
  EXPECT_EQ(Files()[0], directory_ + "/20261121T155220Z.1.ndjson");
}

TEST_F(DeadLetterTest, FilesRotate) {
  const auto letters = Make(100 * kMiB);
  const std::string document = "\"" + std::string(5 * kMiB, 'x') + "\"";
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(letters->Add(document, "why").ok());
    ASSERT_TRUE(letters->Sync().ok());
  }
  EXPECT_THAT(Files(), SizeIs(2));
  EXPECT_EQ(AllContent().size(), 8 * Line(document).size());
}

TEST_F(DeadLetterTest, FullIsAnErrorUntilThereIsRoom) {
  const std::string document = "\"" + std::string(400'000, 'x') + "\"";
  {
    const auto letters = Make(kMiB);
    ASSERT_TRUE(letters->Add(document, "why").ok());
    ASSERT_TRUE(letters->Sync().ok());
  }
  const auto letters = Make(kMiB);
  ASSERT_TRUE(letters->Add(document, "why").ok());
  const absl::Status status = letters->Add(document, "why");
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(directory_));
  ASSERT_TRUE(letters->Sync().ok());
  EXPECT_EQ(AllContent().size(), 2 * Line(document).size());
  std::filesystem::remove(directory_ + "/20261121T155220Z.ndjson");
  EXPECT_TRUE(letters->Add(document, "why").ok());
}

// The n-th call fails, once or for ever: what was synced is there, once and whole, and nothing
// else.
TEST_F(DeadLetterTest, AnyCallFails) {
  for (const bool from_then_on : {false, true}) {
    for (const size_t most_written : {SIZE_MAX, size_t{10}}) {
      os_.set_most_written(most_written);
      for (size_t n = 1;; ++n) {
        std::filesystem::remove_all(folder_ / "dead-letter");
        std::string durable;
        {
          const auto letters = Make();
          os_.Fail({.n = n, .from_then_on = from_then_on});
          for (int i = 0; i < 4; ++i) {
            const std::string document = std::to_string(i);
            absl::Status status = letters->Add(document, "why");
            if (status.ok()) status = letters->Sync();
            if (status.ok()) {
              durable += Line(document);
            } else {
              EXPECT_TRUE(absl::IsUnavailable(status)) << status;
              const bool went_back = letters->Rollback().ok() || letters->Rollback().ok();
              ASSERT_TRUE(went_back || from_then_on);
            }
          }
          os_.Heal();
        }
        ASSERT_EQ(AllContent(), durable) << n << " " << os_.first_failure();
        ASSERT_EQ(os_.open_files(), 0U);
        if (os_.failed() == 0) break;
      }
    }
  }
}

}  // namespace
}  // namespace sparktail
