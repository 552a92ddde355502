#include "parsers/literal_scanner.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string_view>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "parsers/literal_scanner.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef SPARKTAIL_ANCHOR_BUCKETS  // Highway compiles this file once for each instruction set
#define SPARKTAIL_ANCHOR_BUCKETS
namespace sparktail {
namespace {

constexpr size_t kAnchorSize = 3;

// Returns the buckets that may hold a literal whose anchor is at `text`.
inline uint8_t AnchorBuckets(const LiteralScanner::Tables& tables, const uint8_t* text) {
  uint8_t buckets = 0xff;
  for (size_t byte = 0; byte < kAnchorSize; ++byte) {
    buckets &= tables.low[byte][text[byte] & 15] & tables.high[byte][text[byte] >> 4];
  }
  return buckets;
}

}  // namespace
}  // namespace sparktail
#endif  // SPARKTAIL_ANCHOR_BUCKETS

HWY_BEFORE_NAMESPACE();
namespace sparktail {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// At most 64 lanes: kPadding is large enough for that.
using Bytes = hn::CappedTag<uint8_t, 64>;
using Vec = hn::Vec<Bytes>;

#if HWY_TARGET == HWY_SCALAR

// Vectors of one byte have no table look-up, so this version works byte by byte.
size_t NextCandidate(const LiteralScanner::Tables& tables, const uint8_t* text, size_t from,
                     size_t end) {
  for (size_t at = from; at < end; ++at) {
    if (AnchorBuckets(tables, text + at) != 0) return at;
  }
  return end;
}

#else

HWY_INLINE Vec Buckets(Vec low, Vec high, Vec bytes) {
  const Vec by_low = hn::TableLookupBytes(low, hn::And(bytes, hn::Set(Bytes(), 15)));
  const Vec by_high = hn::TableLookupBytes(high, hn::ShiftRight<4>(bytes));
  return hn::And(by_low, by_high);
}

// Returns the first position in [from, end) whose three bytes may be an anchor; end if there is
// none.
size_t NextCandidate(const LiteralScanner::Tables& tables, const uint8_t* text, size_t from,
                     size_t end) {
  const Bytes d;
  const size_t lanes = hn::Lanes(d);
  // Single variables, because the vectors of some machines have no fixed size and cannot be
  // members.
  const Vec low0 = hn::LoadDup128(d, tables.low[0].data());
  const Vec low1 = hn::LoadDup128(d, tables.low[1].data());
  const Vec low2 = hn::LoadDup128(d, tables.low[2].data());
  const Vec high0 = hn::LoadDup128(d, tables.high[0].data());
  const Vec high1 = hn::LoadDup128(d, tables.high[1].data());
  const Vec high2 = hn::LoadDup128(d, tables.high[2].data());
  const auto buckets_at = [&](size_t at) HWY_ATTR {
    const Vec a = Buckets(low0, high0, hn::LoadU(d, text + at));
    const Vec b = Buckets(low1, high1, hn::LoadU(d, text + at + 1));
    const Vec c = Buckets(low2, high2, hn::LoadU(d, text + at + 2));
    return hn::And(a, hn::And(b, c));
  };
  const Vec zero = hn::Zero(d);
  size_t at = from;
  while (at < end) {
    if (at + 2 * lanes <= end) {
      const Vec both = hn::Or(buckets_at(at), buckets_at(at + lanes));
      if (hn::AllFalse(d, hn::Ne(both, zero))) {
        at += 2 * lanes;
        continue;
      }
    }
    const intptr_t lane = hn::FindFirstTrue(d, hn::Ne(buckets_at(at), zero));
    if (lane >= 0) return std::min(end, at + static_cast<size_t>(lane));
    at += lanes;
  }
  return end;
}

#endif  // HWY_TARGET == HWY_SCALAR

// Returns the first position in [from, end) of a '\n' that is followed by a byte other than a
// space; end if there is none.
size_t NextUnindentedLine(const uint8_t* text, size_t from, size_t end) {
  const Bytes d;
  const size_t lanes = hn::Lanes(d);
  const Vec newline = hn::Set(d, '\n');
  const Vec space = hn::Set(d, ' ');
  for (size_t at = from; at < end; at += lanes) {
    const auto is_newline = hn::Eq(hn::LoadU(d, text + at), newline);
    const auto is_indent = hn::Eq(hn::LoadU(d, text + at + 1), space);
    const intptr_t lane = hn::FindFirstTrue(d, hn::AndNot(is_indent, is_newline));
    if (lane >= 0) return std::min(end, at + static_cast<size_t>(lane));
  }
  return end;
}

}  // namespace HWY_NAMESPACE
}  // namespace sparktail
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace sparktail {

HWY_EXPORT(NextCandidate);
HWY_EXPORT(NextUnindentedLine);

namespace {

const uint8_t* Unsigned(const char* text) { return reinterpret_cast<const uint8_t*>(text); }

}  // namespace

LiteralScanner::LiteralScanner(std::vector<Literal> literals) : literals_(std::move(literals)) {
  std::vector<std::string_view> anchors;  // literals with equal anchors share a bucket
  for (size_t i = 0; i < literals_.size(); ++i) {
    const auto& [text, offset] = literals_[i];
    assert(text.size() >= offset + kAnchorSize);
    longest_ = std::max(longest_, text.size());
    const std::string_view anchor = std::string_view(text).substr(offset, kAnchorSize);
    const auto known = std::find(anchors.begin(), anchors.end(), anchor);
    const size_t bucket = static_cast<size_t>(known - anchors.begin()) % buckets_.size();
    if (known == anchors.end()) anchors.push_back(anchor);
    buckets_[bucket].push_back(i);
    for (size_t byte = 0; byte < kAnchorSize; ++byte) {
      const auto value = static_cast<uint8_t>(anchor[byte]);
      tables_.low[byte][value & 15] |= static_cast<uint8_t>(1U << bucket);
      tables_.high[byte][value >> 4] |= static_cast<uint8_t>(1U << bucket);
    }
  }
}

std::optional<LiteralScanner::Hit> LiteralScanner::Find(PaddedView text, size_t from) const {
  const auto next = HWY_DYNAMIC_DISPATCH(NextCandidate);
  size_t at = from;
  while (at < text.size()) {
    at = next(tables_, Unsigned(text.data()), at, text.size());
    if (at >= text.size()) break;
    if (const std::optional<Hit> hit = Verify(text, at)) return hit;
    ++at;
  }
  return std::nullopt;
}

std::optional<LiteralScanner::Hit> LiteralScanner::Verify(PaddedView text, size_t anchor) const {
  const uint8_t candidates = AnchorBuckets(tables_, Unsigned(text.data()) + anchor);
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    if ((candidates >> bucket & 1) == 0) continue;
    for (const size_t i : buckets_[bucket]) {
      const auto& [literal, offset] = literals_[i];
      if (anchor < offset) continue;
      const size_t begin = anchor - offset;
      if (text.size() - begin < literal.size()) continue;
      if (std::memcmp(text.data() + begin, literal.data(), literal.size()) == 0) {
        return Hit{i, begin, anchor};
      }
    }
  }
  return std::nullopt;
}

size_t FindUnindentedLine(PaddedView text, size_t from) {
  if (text.size() < 2 || from >= text.size() - 1) return text.size();
  const size_t end = text.size() - 1;
  const size_t at = HWY_DYNAMIC_DISPATCH(NextUnindentedLine)(Unsigned(text.data()), from, end);
  return at == end ? text.size() : at;
}

}  // namespace sparktail

#endif  // HWY_ONCE
