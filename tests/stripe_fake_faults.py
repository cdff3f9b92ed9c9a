"""Faults drawn by seed: what the network and Stripe's own servers do to a request."""

import random

KINDS = (
    "drop_before",
    "drop_after",
    "rate_limited",
    "error_500_before",
    "error_500_after",
    "timeout",
    "truncated",
    "html_502",
    "conflict",
)


class Faults:
    """Draw a fault, or none, from the seed and the running number of a request alone."""

    def __init__(self, seed, rate, kinds=KINDS):
        unknown = set(kinds) - set(KINDS)
        if unknown:
            raise ValueError(f"unknown kinds of faults: {', '.join(sorted(unknown))}")
        self.seed, self.rate, self.kinds = seed, rate, tuple(kinds)

    def draw(self, number):
        """Return the kind of the fault or None, and whether a drawn `html_502` executes the request."""
        dice = random.Random(f"{self.seed}:{number}")  # noqa: S311 - it must repeat, not surprise
        if dice.random() >= self.rate:
            return None, False
        return dice.choice(self.kinds), dice.random() < 0.5
