#pragma once

#include <cstdint>

namespace sparktail::testing {

// How much of a counted test to run: 1, or SPARKTAIL_TEST_SCALE (10 is the full count).
int Scale();

// The seed of a random test, printed so that a failure can be repeated. It is SPARKTAIL_TEST_SEED
// if that is set. Otherwise it is fixed at scale 1, so that no ordinary run depends on luck, and
// random above. tests/outside/seed.py decides the same for Python.
uint64_t Seed();

}  // namespace sparktail::testing
