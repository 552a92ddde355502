"""How much of a counted test to run, and with which random numbers. tests/support/seed.h decides the same for C++."""
import os
import random

# 1, or 10 for the full counts.
SCALE = max(1, int(os.environ.get("SPARKTAIL_TEST_SCALE") or 1))
FIXED = 20261121


def choose():
    """SPARKTAIL_TEST_SEED if it is set. Otherwise fixed at scale 1, so that no ordinary run depends on luck; random above."""
    given = os.environ.get("SPARKTAIL_TEST_SEED")
    if given:
        return int(given)
    return FIXED if SCALE == 1 else random.SystemRandom().randrange(1 << 32)


SEED = choose()


def rng(*names):
    """A random source of its own for each use, so that one test run alone has the numbers of the whole run."""
    return random.Random("/".join(map(str, (SEED, *names))))


def counts(number):
    """A tenth of a full count in the ordinary run, all of it in --full."""
    return max(1, number * min(SCALE, 10) // 10)
