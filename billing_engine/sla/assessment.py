"""What a claim comes to before other claims are looked at: reasons against it, its worth, the figures in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_engine.model.instant import Instant, local_date
from billing_engine.model.money import ZERO
from billing_engine.model.period import Month
from billing_engine.model.price_list import PriceList
from billing_engine.model.sla_terms import RefusalReason


@dataclass(frozen=True, slots=True)
class Assessment:
    """One claim by itself."""

    reasons: dict[RefusalReason, str]
    """Each with the figures behind it, as a sentence."""
    price_list: PriceList | None = None
    """Under whose terms it was assessed; None when no agreement takes such a claim."""
    percent: Decimal = ZERO
    amount: Decimal = ZERO
    """Before the month's cap."""
    currency: str = ""
    worth: str = ""
    """What it is worth and why, as a sentence."""
    breached_at: Instant | None = None
    cap: Decimal | None = None
    """All that may be given for breaches in the breach's month; None is no cap (C2)."""
    decide_by: date | None = None

    @property
    def cap_name(self) -> str:
        """The cap under which the claim falls, by price list and month of the breach; empty without one."""
        if self.breached_at is None or self.price_list is None:
            return ""
        day = local_date(self.breached_at, self.price_list.zone)
        return f"{self.price_list.name}/{Month(day.year, day.month)}"
