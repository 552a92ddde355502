// The least work that gives the right answer: find each progress event, drop its white space, write
// it. It checks no prefix, keeps no context and trusts the log. `sparktail parse` is measured
// against it.
//   c++ -O2 -std=c++20 limit.cc -lsimdjson -o limit      limit read|mmap LOG >DOCUMENTS
#include <fcntl.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {
using std::string_view;
constexpr string_view kMarker = " Streaming query made progress: {\n";
constexpr string_view kEnd = "\n}\n";
constexpr size_t kBlock = 256 << 10;
std::vector<char> out(2 * kBlock);
size_t used = 0;
long count = 0, rows = 0, batches = 0, trigger = 0;

[[noreturn]] void Die(const char* what) { std::perror(what), std::exit(1); }
size_t FindPlain(string_view text, string_view needle) {
  const void* hit = memmem(text.data(), text.size(), needle.data(), needle.size());
  return hit == nullptr ? text.npos : static_cast<const char*>(hit) - text.data();
}
#if defined(__x86_64__)
// Compares two bytes of the needle, 64 places a step; the rest only where both agree.
__attribute__((target("avx2"))) size_t FindAvx2(string_view text, string_view needle) {
  const size_t near = needle.size() / 3, far = needle.size() - 2;
  const __m256i a = _mm256_set1_epi8(needle[near]), b = _mm256_set1_epi8(needle[far]);
  size_t p = 0;
  for (; p + 64 + needle.size() <= text.size(); p += 64) {
    const auto* x = reinterpret_cast<const __m256i_u*>(&text[p + near]);
    const auto* y = reinterpret_cast<const __m256i_u*>(&text[p + far]);
    const __m256i low = _mm256_and_si256(_mm256_cmpeq_epi8(a, x[0]), _mm256_cmpeq_epi8(b, y[0]));
    const __m256i high = _mm256_and_si256(_mm256_cmpeq_epi8(a, x[1]), _mm256_cmpeq_epi8(b, y[1]));
    const __m256i any = _mm256_or_si256(low, high);
    if (_mm256_testz_si256(any, any)) continue;
    uint64_t hits = static_cast<uint32_t>(_mm256_movemask_epi8(low)) |
                    static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(high))) << 32;
    for (; hits != 0; hits &= hits - 1) {
      const size_t hit = p + __builtin_ctzll(hits);
      if (std::memcmp(&text[hit], needle.data(), needle.size()) == 0) return hit;
    }
  }
  const size_t hit = FindPlain(text.substr(p), needle);
  return hit == text.npos ? hit : p + hit;
}
const auto Find = __builtin_cpu_supports("avx2") ? FindAvx2 : FindPlain;
#else
const auto Find = FindPlain;
#endif
// Spark's own field stands before any of the same name deeper down, so the first is the right one.
long Number(string_view json, string_view key) {
  const size_t at = FindPlain(json, key);
  return at == json.npos ? 0 : std::strtol(&json[at + key.size()], nullptr, 10);
}
void Flush() {
  if (write(STDOUT_FILENO, out.data(), std::exchange(used, 0)) < 0) Die("write");
}
void Write(string_view json) {
  if (out.size() < used + json.size() + 64) out.resize(used + json.size() + 2 * kBlock);
  size_t size = 0;
  if (simdjson::minify(json.data(), json.size(), &out[used], size) != simdjson::SUCCESS) return;
  const string_view small(&out[used], size);
  batches += Number(small, "\"batchId\":");
  rows += Number(small, "\"numInputRows\":");
  trigger += Number(small, "\"triggerExecution\":");
  ++count;
  used += size;
  out[used++] = '\n';
  if (used > kBlock) Flush();
}
// Writes every whole event of `text`; returns where the part begins that must be seen again with
// what follows.
size_t Eat(string_view text) {
  for (size_t at = 0;;) {
    const size_t marker = Find(text.substr(at), kMarker);
    if (marker == text.npos)
      return std::max(at, text.size() - std::min(text.size(), kMarker.size() - 1));
    const string_view json = text.substr(at + marker + kMarker.size() - 2);
    const size_t end = Find(json, kEnd);
    if (end == text.npos) return at + marker;
    Write(json.substr(0, end + 2));
    at = json.data() + end + 2 - text.data();
  }
}

}  // namespace
int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: limit read|mmap LOG >DOCUMENTS\n"), 2;
  const int in = open(argv[2], O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (in < 0 || fstat(in, &info) != 0) Die(argv[2]);
  if (string_view(argv[1]) == "mmap" && info.st_size > 0) {
    void* data = mmap(nullptr, info.st_size, PROT_READ, MAP_SHARED, in, 0);
    if (data == MAP_FAILED) Die("mmap");
    Eat({static_cast<const char*>(data), static_cast<size_t>(info.st_size)});
  } else {
    std::vector<char> buffer(2 * kBlock);
    ssize_t n = 0;
    for (size_t kept = 0; (n = read(in, &buffer[kept], kBlock)) > 0;) {
      const size_t all = kept + n, done = Eat({buffer.data(), all});
      kept = all - done;
      std::memmove(buffer.data(), &buffer[done], kept);
      if (buffer.size() < kept + kBlock) buffer.resize(2 * buffer.size());
    }
    if (n < 0) Die("read");
  }
  Flush();
  std::fprintf(stderr, "count %ld, rows %ld, batch ids %ld, triggerExecution %ld\n", count, rows,
               batches, trigger);
}
