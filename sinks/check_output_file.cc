#include "sinks/check_output_file.h"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "ingest/base/path.h"
#include "sinks/output_file.h"

namespace sparktail {
namespace {

// With less, the disk is full soon.
constexpr uint64_t kLittleSpace = uint64_t{256} << 20;

std::string Space(uint64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f GiB free",
                static_cast<double>(bytes) / static_cast<double>(uint64_t{1} << 30));
  return text.data();
}

// Returns why the file can't be appended to, or created.
absl::Status TryOutputFile(const std::string& path, Os* os) {
  const absl::StatusOr<Os::FileInfo> info = os->StatPath(path, /*follow_links=*/false);
  if (info.ok()) {
    const absl::StatusOr<int> fd = OpenOutputFile(os, path);
    if (fd.ok()) os->Close(*fd);
    return fd.status();
  }
  if (!absl::IsNotFound(info.status())) return Because(info.status(), "write to " + path);
  const std::string directory = ParentDirectory(path);
  const absl::Status status = TryToWrite(directory, os);
  if (absl::IsNotFound(status)) {
    return absl::NotFoundError("the directory " + directory +
                               " does not exist; make it (mkdir -p " + directory +
                               "), or name another path");
  }
  return Because(status, "make a file in " + directory);
}

}  // namespace

std::string WriteAdvice(const absl::Status& status) {
  if (absl::IsPermissionDenied(status)) {
    return "; let sparktail's user write there, or name another path";
  }
  if (absl::IsResourceExhausted(status)) return "; make room there, or name another path";
  return "";
}

absl::Status TryToWrite(const std::string& directory, Os* os) {
  const std::string path = directory + "/.sparktail-check-" + std::to_string(::getpid());
  const absl::StatusOr<int> fd = os->OpenToAppend(path, 0600);
  if (!fd.ok()) return fd.status();
  os->Close(*fd);
  return os->Remove(path);
}

bool CheckDirectory(const std::string& subject, const std::string& deed,
                    const std::string& directory, Os* os, CheckReport* report) {
  const absl::Status status = Because(TryToWrite(directory, os), deed + " in " + directory);
  if (status.ok()) return true;
  report->Broken(subject, std::string(status.message()) + WriteAdvice(status));
  return false;
}

void CheckSpace(const std::string& subject, const std::string& directory, CheckReport* report) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(directory, error);
  if (error) return;
  const std::string text = directory + ": " + Space(space.available);
  if (space.available >= kLittleSpace) return report->Ok(subject, text);
  report->Doubt(subject, text + ": when the disk is full, the sink pauses; make room there");
}

bool CheckOutputFile(const std::string& subject, const std::string& path, Os* os,
                     CheckReport* report) {
  const absl::Status status = TryOutputFile(path, os);
  if (!status.ok()) {
    report->Broken(subject, std::string(status.message()) + WriteAdvice(status));
    return false;
  }
  const bool is_there = os->StatPath(path, /*follow_links=*/false).ok();
  report->Ok(subject, path + (is_there ? " can be written to" : " can be made"));
  CheckSpace(subject, ParentDirectory(path), report);
  return true;
}

}  // namespace sparktail
