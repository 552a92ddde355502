#include "ingest/cli/progress_bar.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fake_os.h"

namespace sparktail {
namespace {

constexpr uint64_t kLarge = ProgressBar::kLargeInput;
constexpr int kFd = 2;

absl::Time At(int64_t milliseconds) { return absl::UnixEpoch() + absl::Milliseconds(milliseconds); }

TEST(ProgressBarTest, SaysHowFarHowFastAndHowMuch) {
  EXPECT_EQ(ProgressBar::Format(0, 100, 0, absl::Seconds(1)),
            "[" + std::string(30, '.') + "]   0 %  0.0 MB/s  0 events");
  EXPECT_EQ(ProgressBar::Format(50'000'000, 100'000'000, 5, absl::Seconds(2)),
            "[" + std::string(15, '#') + std::string(15, '.') + "]  50 %  25.0 MB/s  5 events");
  EXPECT_EQ(ProgressBar::Format(100'000'000, 100'000'000, 12345, absl::Seconds(1)),
            "[" + std::string(30, '#') + "] 100 %  100.0 MB/s  12345 events");
}

TEST(ProgressBarTest, OddFiguresDoNoHarm) {
  // A file that grew, one without a size, no time at all, the largest numbers.
  EXPECT_NE(ProgressBar::Format(300, 100, 0, absl::Seconds(1)).find("] 100 %"), std::string::npos);
  EXPECT_NE(ProgressBar::Format(0, 0, 0, absl::ZeroDuration()).find("] 100 %"), std::string::npos);
  EXPECT_NE(ProgressBar::Format(1, 2, 0, -absl::Seconds(1)).find("]  50 %"), std::string::npos);
  EXPECT_NE(ProgressBar::Format(UINT64_MAX, UINT64_MAX, UINT64_MAX, absl::ZeroDuration())
                .find("18446744073709551615 events"),
            std::string::npos);
}

TEST(ProgressBarTest, DrawsAndClearsItself) {
  FakeOs os;
  {
    ProgressBar bar(&os, kFd, /*enabled=*/true, kLarge);
    bar.Update(0, 0, At(0));
    EXPECT_EQ(os.written[kFd], "");  // what is quickly done needs no bar
    bar.Update(kLarge / 2, 5, At(1000));
    EXPECT_EQ(os.written[kFd],
              "\r\x1b[K" + ProgressBar::Format(kLarge / 2, kLarge, 5, absl::Seconds(1)));
    os.written.clear();
  }
  EXPECT_EQ(os.written[kFd], "\r\x1b[K");
}

TEST(ProgressBarTest, DrawsAFewTimesASecondAtMost) {
  FakeOs os;
  ProgressBar bar(&os, kFd, /*enabled=*/true, kLarge);
  for (int64_t millisecond = 0; millisecond <= 1000; ++millisecond) {
    bar.Update(static_cast<uint64_t>(millisecond), 0, At(millisecond));
  }
  EXPECT_LE(os.calls(), 5U);
  EXPECT_GE(os.calls(), 1U);
}

TEST(ProgressBarTest, IsSilentIfDisabledOrSmallOrUndrawn) {
  FakeOs os;
  {
    ProgressBar disabled(&os, kFd, /*enabled=*/false, kLarge);
    ProgressBar small(&os, kFd, /*enabled=*/true, kLarge - 1);
    ProgressBar unknown(&os, kFd, /*enabled=*/true, 0);
    for (ProgressBar* bar : {&disabled, &small, &unknown}) {
      bar->Update(1, 0, At(0));
      bar->Update(2, 0, At(10'000));
    }
    ProgressBar undrawn(&os, kFd, /*enabled=*/true, kLarge);
    undrawn.Update(1, 0, At(0));
  }
  EXPECT_EQ(os.calls(), 0U);
}

TEST(ProgressBarTest, AFailedWriteDoesNoHarm) {
  FakeOs os;
  os.FailAlways(FakeOs::Call::kWrite, kFd, absl::UnavailableError("gone"));
  ProgressBar bar(&os, kFd, /*enabled=*/true, kLarge);
  bar.Update(1, 0, At(0));
  bar.Update(2, 0, At(1000));
  bar.Update(3, 0, At(2000));
}

}  // namespace
}  // namespace sparktail
