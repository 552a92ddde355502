#pragma once

#include <absl/status/status.h>

#include <string>

namespace sparktail {

// A token in a file that others renew, as kubelets and Vault agents do.
class TokenFile {
 public:
  explicit TokenFile(std::string path) : path_(std::move(path)) {}

  // Reads it anew. On an error text() is what it was. kUnavailable: it can't be read;
  // kInvalidArgument: what is there is no token. The token is never in the message.
  absl::Status Read();
  const std::string& text() const { return text_; }

 private:
  std::string path_;
  std::string text_;
};

}  // namespace sparktail
