#include "tests/support/seed.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

namespace sparktail::testing {
namespace {

constexpr uint64_t kFixedSeed = 20261121;

uint64_t ChooseSeed() {
  if (const char* given = std::getenv("SPARKTAIL_TEST_SEED"); given != nullptr && *given != '\0') {
    return std::strtoull(given, nullptr, 10);
  }
  return Scale() == 1 ? kFixedSeed : std::random_device()();
}

}  // namespace

int Scale() {
  const char* scale = std::getenv("SPARKTAIL_TEST_SCALE");
  return scale == nullptr ? 1 : std::max(1, std::atoi(scale));
}

uint64_t Seed() {
  static const uint64_t seed = [] {
    const uint64_t value = ChooseSeed();
    std::cout << "SPARKTAIL_TEST_SEED=" << value << std::endl;
    return value;
  }();
  return seed;
}

}  // namespace sparktail::testing
