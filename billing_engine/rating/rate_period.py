"""Rate a contract's month: entries in, priced charges out (R1 to R9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from billing_engine.model.charge import Charge, ChargeKind, HeldEntry, OverageShare, Statement
from billing_engine.model.contract import Contract, Terms, terms_of
from billing_engine.model.money import ZERO, price_of_time, round_money
from billing_engine.model.time_entry import Activity, Expense, TimeEntry, in_order
from billing_engine.model.timeline import Span, Timeline
from billing_engine.rating.allowance import Allowance
from billing_engine.rating.fees import month_fee
from billing_engine.rating.hold import hold_reason
from billing_engine.rating.increments import (
    Piece,
    entries_of,
    round_classes,
    round_up,
    spans_of,
    started_units,
    worked_seconds,
)
from billing_engine.rating.jobs import Job, Rule, group_jobs
from billing_engine.rating.rate_card import COVERED, RateCard
from billing_engine.rating.rollover import Standing

# An enum's member costs a look-up, and these are asked for every entry.
_ALLOWANCE, _TARIFF = ChargeKind.ALLOWANCE, ChargeKind.TARIFF
_ANALYSIS, _BY_CLOCK = Activity.CHANGE_REQUEST_ANALYSIS, Rule.BY_CLOCK


def rate_period(
    contract: Contract,
    card: RateCard,
    entries: Iterable[TimeEntry],
    expenses: Sequence[Expense] = (),
    fees: Sequence[Charge] | None = None,
    standing: Standing | None = None,
) -> Statement:
    """Rate a contract's entries and expenses of the card's month.

    Every entry must belong to the contract and start in the month; their order does not matter. `fees` are those that
    the statement charges, the month's own unless given. `standing` is what invoices left of the month, all unless given
    (R11).
    """
    terms = terms_of(contract, card.package, card.month, card.price_list.rating.covered_increment_seconds)
    standing = Standing.untouched(terms.included_seconds) if standing is None else standing
    period = _Period(card, terms, standing)
    billable = []
    for entry in sorted(entries, key=in_order):
        reason = hold_reason(entry, card, terms)
        if reason is None:
            billable.append(entry)
        else:
            period.held.append(HeldEntry(entry, reason))
    for rule, job in group_jobs(billable, card.price_list):
        period.add(rule, job)
    period.add_overage()
    return Statement(
        contract=contract,
        month=card.month,
        currency=card.price_list.currency,
        price_list=card.price_list.name,
        price_list_version=card.price_list.version,
        price_list_hash=card.price_list.content_hash,
        time_zone=card.price_list.zone.key,
        package_title=card.package.title,
        included_seconds=standing.included_seconds,
        used_seconds=period.allowance.used_seconds,
        charges=(
            *(month_fee(contract, card) if fees is None else fees),
            *period.charges,
            *_expense_charges(expenses, card),
        ),
        overage_shares=tuple(period.overage_shares),
        held=tuple(period.held),
        drawn=period.allowance.drawn(card.month),
        overage_before=standing.overage_seconds,
    )


def _expense_charges(expenses: Sequence[Expense], card: RateCard) -> list[Charge]:
    ordered = sorted(expenses, key=lambda expense: (expense.spent_on, expense.expense))
    return [_expense_charge(expense, card.price_list.currency) for expense in ordered]


def _expense_charge(expense: Expense, currency: str) -> Charge:
    cost = round_money(expense.amount, currency)
    return Charge(ChargeKind.EXPENSE, "", (), 0, 0, cost, cost, expense.description, expense=expense)


class _Period:
    """What has been charged so far, job after job in order of start."""

    def __init__(self, card: RateCard, terms: Terms, standing: Standing) -> None:
        self.card = card
        self.terms = terms
        self.standing = standing
        self.currency = card.price_list.currency
        self.allowance = Allowance(standing.left_seconds, standing.carried)
        self.charges: list[Charge] = []
        self.held: list[HeldEntry] = []
        self.overage_shares: list[OverageShare] = []

    def add(self, rule: Rule, job: Job) -> None:
        """Charge the entries of a job by its rule."""
        if rule is _BY_CLOCK:
            self._add_by_clock(job)
        elif rule is Rule.UNFOUNDED:
            self._add_unfounded(job)
        elif rule is Rule.DEVELOPMENT:
            self._add_development(job)
        else:
            seconds = _worked(job)
            self.charges.append(Charge(ChargeKind.ANALYSIS, "", job, seconds, seconds, ZERO, ZERO))

    def add_overage(self) -> None:
        """Charge all covered time beyond the allowance at once (R5).

        Late work is added to what was counted before, and what was billed for that is not billed again (R11); it may
        fit into the started hours that were.
        """
        worked, before = self.allowance.overage_seconds, self.standing
        if worked:
            started = round_up(before.overage_seconds + worked, self.card.price_list.rating.overage_increment_seconds)
            billed = max(0, started - before.overage_billed_seconds)
            rate = self.terms.overage_rate_per_hour
            entries = tuple(entry for share in self.overage_shares for entry in share.entries)
            self._charge_time(ChargeKind.OVERAGE, entries, worked, billed, rate)

    def _add_by_clock(self, job: Job) -> None:
        if len(job) == 1:
            (entry,) = job
            value = timeline_of(entry, self.card).value_throughout(entry.started_at, entry.ended_at)
            if value is not None:
                worked = entry.ended_at - entry.started_at
                self._add_class(value, job, worked, started_units(worked, value, self.card))
                return
        self._add_pieces(
            Piece(entry, span)
            for entry in job
            for span in timeline_of(entry, self.card).split(entry.started_at, entry.ended_at)
        )

    def _add_pieces(self, pieces: Iterable[Piece]) -> None:
        for value, part, billed in round_classes(pieces, self.card):
            self._add_class(value, entries_of(part), worked_seconds(part), billed, spans_of(part))

    def _add_class(self, value: int, job: Job, worked: int, billed: int, spans: tuple[Span, ...] = ()) -> None:
        if value == COVERED:
            self._add_covered(job, worked, billed, spans)
            return
        tariff = self.card.tariffs[value]
        rate = self.terms.hourly_rate if tariff.rate_per_hour is None else tariff.rate_per_hour
        if rate is None:
            raise AssertionError("work that a missing rate would price is held")
        amount = price_of_time(billed, rate, self.currency)
        self.charges.append(Charge(_TARIFF, tariff.name, job, worked, billed, rate, amount, tariff.title, spans))

    def _add_covered(self, job: Job, worked: int, billed: int, spans: tuple[Span, ...] = ()) -> None:
        carried = self.allowance.draw_carried(billed) if self.allowance.carried else ()
        before = sum(lot.seconds for lot in carried) if carried else 0
        drawn = before + self.allowance.draw_down(billed - before)
        within = min(worked, drawn)
        if drawn or not billed:
            charge = Charge(_ALLOWANCE, "", job, within, drawn, ZERO, ZERO, "", spans)
            self.charges.append(charge._replace(carried=carried) if carried else charge)
        if drawn < billed:
            self.overage_shares.append(OverageShare(job, worked - within, billed - drawn, spans))

    def _add_development(self, job: Job) -> None:
        """Bill development exactly as long as it took (R8)."""
        rate = self.terms.development_rate_per_hour
        if rate is None:
            raise AssertionError("an entry without a development rate is held")
        seconds = _worked(job)
        self._charge_time(ChargeKind.DEVELOPMENT, job, seconds, seconds, rate)

    def _add_unfounded(self, job: Job) -> None:
        """Take a false alarm from the allowance if it fits, else what is left of it, and the rest by tariff (R6)."""
        worked = _worked(job)
        units = round_up(worked, self.card.price_list.rating.covered_increment_seconds)
        left = self.allowance.left_of(units)
        if units == left:
            self._add_covered(job, worked, units)
            return
        first, rest = cut_job(job, left, self.card)
        if left:
            self._add_covered(entries_of(first), worked_seconds(first), left, spans_of(first))
        self._add_pieces(rest)

    def _charge_time(self, kind: ChargeKind, job: Job, worked: int, billed: int, rate: Decimal) -> None:
        amount = price_of_time(billed, rate, self.currency)
        self.charges.append(Charge(kind, "", job, worked, billed, rate, amount))


def timeline_of(entry: TimeEntry, card: RateCard) -> Timeline:
    """Find the timeline that tells which class pays for each instant of an entry (R1, R2, R7)."""
    return card.analysis if entry.activity == _ANALYSIS else card.by_severity[entry.severity]


def cut_job(job: Job, seconds: int, card: RateCard) -> tuple[list[Piece], list[Piece]]:
    """Cut a job after its first `seconds` of work; what follows is split by tariff (R6)."""
    first, rest = [], []
    for entry in job:
        middle = min(entry.started_at + seconds, entry.ended_at)
        seconds -= middle - entry.started_at
        if entry.started_at < middle:
            first.append(Piece(entry, Span(entry.started_at, middle, COVERED)))
        rest += [Piece(entry, span) for span in card.uncovered.split(middle, entry.ended_at)]
    return first, rest


def _worked(job: Job) -> int:
    return sum(entry.worked_seconds for entry in job)
