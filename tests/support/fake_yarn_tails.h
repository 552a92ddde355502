#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/sources/yarn/yarn_tail.h"

namespace sparktail::testing {

// Keeps everything that a YARN source passes to its tails. Logs are known by "container/file".
class FakeYarnTails : public YarnTailMaker {
 public:
  static std::string NameOf(const YarnLog& log) {
    return log.name.address.container + "/" + log.name.file;
  }

  bool HasRoom() override { return has_room; }
  std::unique_ptr<YarnLogTail> MakeTail(const YarnLog& log) override {
    if (finished) return nullptr;
    made.push_back(log);
    return std::make_unique<Tail>(this, NameOf(log));
  }
  uint64_t NextJobKey(const YarnOrigin&) override { return jobs_begin; }
  uint64_t NextBatchKey(const YarnOrigin&) override { return batches_begin; }
  void OnJobs(const YarnOrigin& origin, const std::vector<FinishedJob>& some) override {
    origins.push_back(origin);
    jobs_together.push_back(some.size());
    jobs.insert(jobs.end(), some.begin(), some.end());
  }
  void OnBatches(const YarnOrigin&, const std::vector<SparkBatch>& some) override {
    batches.insert(batches.end(), some.begin(), some.end());
  }
  void OnReports(absl::Time, const std::vector<AppReport>& some) override { reports = some; }

  bool has_room = true;
  bool finished = false;                  // the sinks have all logs to their ends
  std::map<std::string, uint64_t> begin;  // where to start reading, if not at the beginning
  uint64_t jobs_begin = 0;
  uint64_t batches_begin = 0;

  std::map<std::string, std::string> logs;
  std::vector<std::string> ended;
  std::vector<std::string> inexact;
  std::vector<YarnLog> made;
  std::vector<FinishedJob> jobs;
  std::vector<size_t> jobs_together;  // how many came at once
  std::vector<YarnOrigin> origins;    // of the jobs
  std::vector<SparkBatch> batches;
  std::vector<AppReport> reports;  // the last ones

 private:
  class Tail : public YarnLogTail {
   public:
    Tail(FakeYarnTails* all, std::string name) : all_(all), name_(std::move(name)) {}
    uint64_t begin() const override {
      const auto found = all_->begin.find(name_);
      return found == all_->begin.end() ? 0 : found->second;
    }
    void OnBytes(std::string_view bytes) override { all_->logs[name_] += bytes; }
    void SetInexact() override { all_->inexact.push_back(name_); }
    void EndTurn() override {}
    bool Tick(absl::Time, bool) override { return false; }
    void End() override { all_->ended.push_back(name_); }

   private:
    FakeYarnTails* all_;
    const std::string name_;
  };
};

}  // namespace sparktail::testing
