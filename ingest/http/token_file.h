#pragma once

#include <absl/status/status.h>

#include <string>

namespace sparktail {

// A token in a file that another program renews, such as a kubelet or a Vault agent.
class TokenFile {
 public:
  explicit TokenFile(std::string path) : path_(std::move(path)) {}

  // Reads the file again. After an error text() is unchanged. kUnavailable: the file can't be read.
  // kInvalidArgument: it holds no token. The message never contains the token.
  absl::Status Read();
  const std::string& text() const { return text_; }

 private:
  std::string path_;
  std::string text_;
};

}  // namespace sparktail
