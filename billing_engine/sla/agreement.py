"""Which contract, and which version of its price list, holds for a ticket or a month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billing_engine.model.contract import Contract, currency_of, terms_of
from billing_engine.model.instant import Instant, local_date
from billing_engine.model.money import ZERO
from billing_engine.model.payment import Dues
from billing_engine.model.period import Month
from billing_engine.model.price_list import Package, PriceList, PriceListBook
from billing_engine.model.ticket import Outage, Pause, Ticket
from billing_engine.sla.clocks import Clocks


@dataclass(frozen=True, slots=True)
class Agreement:
    """A contract with the terms that hold for it."""

    contract: Contract
    price_list: PriceList
    package: Package

    @property
    def currency(self) -> str:
        return currency_of(self.contract, self.price_list)

    def monthly_fee(self) -> Decimal:
        """Return the fee of one unit for a whole month; a contract that has to name one and does not counts as none."""
        fee = self.contract.monthly_fee if self.contract.monthly_fee is not None else self.package.monthly_fee
        return fee if fee is not None else ZERO

    def fee_of(self, month: Month) -> Decimal:
        """Return the month's fee, by days where the contract runs for a part of it (R10)."""
        unit = self.price_list.rating.covered_increment_seconds
        return terms_of(self.contract, self.package, month, unit).fee

    def day_of(self, moment: Instant) -> date:
        """Tell the day of an instant on the price list's clock."""
        return local_date(moment, self.price_list.zone)


@dataclass(frozen=True, slots=True)
class CustomerSla:
    """All that decides a customer's service levels and claims."""

    customer: str
    contracts: Sequence[Contract]
    tickets: Mapping[str, Ticket]
    pauses: Mapping[str, Sequence[Pause]]
    """By ticket."""
    outages: Sequence[Outage]
    """Of the customer and of all customers."""
    book: PriceListBook
    as_of: Instant
    dues: Sequence[Dues] = ()
    """The issued invoices; none when fees count as paid."""
    clocks: Clocks = field(default_factory=Clocks)

    def agreement(self, contract: Contract, month: Month) -> Agreement:
        """Return a contract with its terms of a month; raises UnknownPriceListError or UnknownPackageError."""
        price_list = self.book.of_contract(contract.price_list, month, contract.starts_on)
        return Agreement(contract, price_list, price_list.package(contract.package))

    def agreement_on(self, contract: Contract, moment: Instant) -> Agreement:
        """Return a contract with its terms at a moment."""
        zone = self.book.zone(contract.price_list)
        day = local_date(moment, zone)
        return self.agreement(contract, Month(day.year, day.month))

    def in_month(self, month: Month) -> list[Agreement]:
        """Return the contracts that run in a month, in order of id."""
        active = [contract for contract in self.contracts if contract.active_days(month)]
        return [self.agreement(contract, month) for contract in sorted(active, key=lambda c: c.contract)]

    def concerned_by(self, ticket: Ticket) -> list[Agreement]:
        """Return the contracts that a ticket is about, in order of id: those it names, else all of the customer's."""
        named = [contract for contract in self.contracts if contract.contract in ticket.contracts]
        concerned = sorted(named or self.contracts, key=lambda c: c.contract)
        return [self.agreement_on(contract, ticket.opened_at) for contract in concerned]

    def agreements_of(self, ticket: Ticket) -> list[Agreement]:
        """Return the contracts whose clocks a ticket runs on.

        They are those of the day on which it was opened; on a day without any the one that began last before, else the
        first to come, so that a breach outside the subscription is still seen as one.
        """
        concerned = [a for a in self.concerned_by(ticket) if ticket.severity in a.package.targets]
        active = [a for a in concerned if a.contract.active_on(a.day_of(ticket.opened_at))]
        return active or _nearest(concerned, ticket.opened_at)


def _nearest(agreements: Iterable[Agreement], moment: Instant) -> list[Agreement]:
    ordered = sorted(agreements, key=lambda a: (a.contract.starts_on, a.contract.contract))
    before = [a for a in ordered if a.contract.starts_on <= a.day_of(moment)]
    return before[-1:] or ordered[:1]
