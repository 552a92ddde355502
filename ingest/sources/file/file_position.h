#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// A hash of some bytes of a file, and how many they are.
struct Fingerprint {
  uint32_t size = 0;
  uint64_t hash = 0;

  // XXH3-64, seed 0.
  static Fingerprint Of(std::string_view bytes);
  bool Matches(std::string_view bytes) const;
  bool operator==(const Fingerprint&) const = default;
};

// How much of a file's beginning, and of what stands before a cursor, is remembered.
inline constexpr size_t kPrefixSize = 4096;
inline constexpr size_t kMarkerSize = 256;

// Which file it is, whatever its name, device and inode are by now. FollowedFile keeps it up to
// date.
struct FileIdentity {
  std::string name;  // of the file among those of its source, for ever
  std::string path;  // under which it was first seen
  std::string real;  // where that pointed, if it was a link
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;        // as last seen
  int64_t modified_ns = 0;  // as last seen, since 1970
  Fingerprint prefix;       // the file's first bytes, at most kPrefixSize
  std::string after;        // name of the file before it in its rotation; empty: none
};

// A place in a file from which one of its streams is read on. LogTail keeps it.
struct ReadPlace {
  uint64_t raw = 0;              // byte of the file from which to read on
  uint64_t done = 0;             // what stands before it would not be missed
  uint64_t content = 0;          // offset in the stream's content that stands at `raw`
  Fingerprint marker;            // what stands before `raw`, at most kMarkerSize bytes
  std::string wrapping;          // none, cri, docker; empty: not known yet
  std::string std_stream;        // stdout, stderr; empty: the file is not wrapped
  uint64_t from = 0;             // events of records before this byte of the file are passed over
  int64_t since_ms = INT64_MIN;  // events older than this are passed over
  // Set by `sparktail offsets set`: the place is this offset of the content, and has to be found.
  std::optional<uint64_t> seek;
};

// The position of a cursor: a file and a place in it.
//
// An open file is this one if it is not shorter than `raw`, begins with the prefix, and has the
// marker right before `raw`. Device and inode only say where to look first: they are reused, and
// change with a remount. A short prefix proves little, since Spark's banners are alike in every
// run.
struct FilePosition {
  FileIdentity file;
  ReadPlace place;

  std::string ToJson() const;
  static std::optional<FilePosition> FromJson(std::string_view json);
};

}  // namespace sparktail
