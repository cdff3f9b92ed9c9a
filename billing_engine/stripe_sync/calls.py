"""What is asked of Stripe, as values: steps that make or change something there, and looks that do not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from billing_engine.model.delivery import DeliveryOutcome

Thing = Mapping[str, Any]
"""An object of Stripe's, as plain data."""


KEPT = "is_kept"
"""Marks an answer that was kept from before: what it says may be otherwise by now."""


class Said(StrEnum):
    """What an answer, or none, means for the same call again."""

    YES = "yes"
    NO = "no"
    """It was refused, and nothing was done: the same again is refused, too."""
    UNKNOWN = "unknown"
    """It may have been done: only the same key may be sent again, or somebody has to look."""
    BUSY = "busy"
    """It was not done, and is to be sent again later."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe said."""

    said: Said
    thing: Thing = field(default_factory=dict)
    message: str = ""
    code: str = ""
    status: int = 0
    """Of HTTP; 0 where there was no answer."""
    replayed: bool = False
    """Whether it is what was kept under the key, from an earlier time."""


@dataclass(frozen=True, slots=True)
class Look:
    """Read one object, or with `each` all of a list; changes nothing."""

    operation: str
    params: Mapping[str, Any]
    each: bool = False
    keep_as: str = ""
    """Name of the step under which the answer is kept, where later steps build on it."""
    pick: Callable[[Any], Thing] | None = None
    """Makes of what was read what the step needs of it, and may refuse it; what is kept is small."""


@dataclass(frozen=True, slots=True)
class Find:
    """How to tell whether a step was done although nobody heard the answer."""

    look: Look
    choose: Callable[[Any], Thing | None]
    """Makes of what was read the step's answer; None where it was not done."""


@dataclass(frozen=True, slots=True)
class Step:
    """Make or change one object: once, whatever happens meanwhile."""

    step: str
    operation: str
    params: Mapping[str, Any]
    find: Find
    scope: str = ""
    """What it is done once for; empty is the delivery."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a delivery ended well."""

    outcome: DeliveryOutcome
    stripe_id: str = ""
    note: str = ""
    invoice: Thing | None = None
    """The invoice as it was finalized, where it is one of ours."""


Ask = Look | Step
Flow = Generator[list[Ask], list[Any], Ended]
"""A delivery, step by step: yields what it asks, several at once where they do not need each other, gets what they came
to, in the same order, and returns how it ended. It decides from these answers alone, so that it can be gone through
again after a crash with those that were kept. Raises StripeRefusedError where it can not go on.

A step comes to the object, pared; a look to the object, pared, None where there is none, to the list, or to what `pick`
made of it."""
