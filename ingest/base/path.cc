#include "ingest/base/path.h"

namespace sparktail {

std::string ParentDirectory(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string PathIn(const std::string& directory, std::string_view name) {
  std::string path = directory == "/" ? std::string() : directory;
  return path.append("/").append(name);
}

}  // namespace sparktail
