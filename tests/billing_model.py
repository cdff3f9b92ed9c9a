"""A plain model of the whole books, to hold the engine against: what b2bee's customers owe, recomputed from raw rows.

It shares no code with `billing_engine` and none of its words: rows are dicts of text as they stand in the CSV files,
months are "2026-10", money is whole cents, time is whole minutes. It walks every minute of an entry and every day of a
fee, keeps no caches that matter, and remembers of what was issued only the documents themselves. What b2bee's list says
is written out below once more.
"""

import calendar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Belgrade")
HOLIDAYS = {
    *(date(2026, month, day) for month, day in ((11, 11),)),
    *(date(2027, month, day) for month, day in ((1, 1), (1, 2), (1, 7), (2, 15), (2, 16), (4, 30), (11, 11))),
    *(date(2027, 5, day) for day in (1, 2, 3, 4)),
    *(date(2028, month, day) for month, day in ((1, 1), (1, 2), (1, 3), (1, 7), (2, 15), (2, 16))),
}
"""Serbia's, from October 2026 to March 2028."""

FEES = {"basic": 0, "standard": 200, "premium": 360, "out-of-package": 0}
HOURS = {"basic": 1, "standard": 5, "premium": 12}
DISCOUNT = {"premium": 10}
T1_HOURS = {"basic": (9, 17), "standard": (8, 18), "premium": (7, 22), "dedicated": (9, 17)}
T2_HOURS = {"basic": (9, 17), "standard": (9, 17), "premium": (7, 22), "dedicated": (9, 17)}
TARIFFS = {"working": (50, 30), "after_hours": (100, 60), "holiday": (150, 60)}
"""Per hour, and in minutes the started unit, which is the least that is charged, too."""
TITLES = {"working": "Working day", "after_hours": "After hours and weekend", "holiday": "Public holiday"}
UNIT, OVERAGE_UNIT, OVERAGE_RATE = 30, 60, 50
TAX, PAYMENT_DAYS = 20, 14
INTERVALS = {"": 1, "month": 1, "quarter": 3, "year": 12}


# --- months, days, cents ----------------------------------------------------------------------------------------------


def month_of(day):
    """Name the month of a day."""
    return f"{day.year}-{day.month:02d}"


def plus(month, number):
    """Name the month so many later."""
    year, index = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + number, 12)
    return f"{year}-{index + 1:02d}"


@lru_cache
def days_of(month):
    """List the days of a month."""
    year, number = int(month[:4]), int(month[5:])
    return [date(year, number, day) for day in range(1, calendar.monthrange(year, number)[1] + 1)]


def months_between(first, last):
    """List months, both included."""
    found = []
    while first <= last:
        found.append(first)
        first = plus(first, 1)
    return found


def len_in_months(days):
    """Count days as months: each is as much of one as its month has days."""
    return sum((Fraction(1, len(days_of(month_of(day)))) for day in days), Fraction(0))


def days_between(line):
    """List the days that a line is for."""
    first, last = date.fromisoformat(line.service_from), date.fromisoformat(line.service_to)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def in_pieces(days):
    """Keep days together that follow each other."""
    pieces = []
    for day in days:
        if pieces and pieces[-1][-1] + timedelta(days=1) == day:
            pieces[-1].append(day)
        else:
            pieces.append([day])
    return pieces


def cents(amount):
    """Round an exact amount half up to cents (R12)."""
    return floor(Fraction(amount) * 100 + Fraction(1, 2))


def whole(minutes, unit):
    """Count each started unit whole."""
    return ceil(Fraction(minutes, unit)) * unit


def day_or_none(text):
    """Read a day that may be missing."""
    return date.fromisoformat(text) if text else None


# --- what is issued ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A line of an invoice; time is counted in minutes, its amount in cents."""

    kind: str
    contract: str
    quantity: int
    amount: int
    period: str
    title: str = ""
    service_from: str = ""
    service_to: str = ""


@dataclass(frozen=True)
class Worked:
    """An entry on the annex."""

    entry: str
    contract: str
    billed: int
    amount: int


@dataclass(frozen=True)
class Use:
    """What an invoice took of a contract's month, in minutes."""

    contract: str
    period: str
    included: int
    used: int
    overage: int
    overage_billed: int
    service_from: str
    service_to: str


@dataclass(frozen=True)
class Setoff:
    """What a credit took off an invoice, or what a credit note gave back to it."""

    credit: str
    kind: str
    amount: int


@dataclass(frozen=True)
class Returned:
    """What a credit note takes back of a line."""

    position: int
    amount: int
    service_from: str = ""
    service_to: str = ""


@dataclass
class Note:
    """A credit note."""

    number: str
    invoice: str
    issued_on: date
    rebill: bool
    lines: list
    reversals: list
    net: int
    tax: int

    @property
    def gross(self):
        return self.net + self.tax

    @property
    def charged(self):
        return sum(line.amount for line in self.lines)


@dataclass
class Bill:
    """What an invoice must say, and what became of it."""

    customer: str
    buyer: str
    period: str
    lines: list
    entries: list
    uses: list
    expenses: list
    setoffs: list = field(default_factory=list)
    number: str = ""
    issued_on: date | None = None
    payments: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    granted: int = 0
    """Cents of overpayment that became credits."""

    @property
    def charged(self):
        return sum(line.amount for line in self.lines)

    def set_off(self, kind):
        return sum(one.amount for one in self.setoffs if one.kind == kind)

    @property
    def net(self):
        return self.charged - self.set_off("before_tax")

    @property
    def tax(self):
        return cents(Fraction(self.net * TAX, 100 * 100))

    @property
    def gross(self):
        return self.net + self.tax

    @property
    def due(self):
        return self.gross - self.set_off("after_tax")

    @property
    def due_on(self):
        return self.issued_on + timedelta(days=PAYMENT_DAYS)

    @property
    def live(self):
        """Tell whether it was not credited to be billed anew."""
        return not any(note.rebill for note in self.notes)

    def settled(self, by=date.max):
        """Add up what came in and was credited by the end of a day; credit notes count up to what is due."""
        credited = sum(note.gross for note in self.notes if note.issued_on <= by)
        return sum(amount for day, amount in self.payments if day <= by) + min(self.due, credited)

    @property
    def open(self):
        return max(0, self.due - self.settled())

    def status(self, today):
        if not self.open:
            credited = bool(self.notes) and sum(note.charged for note in self.notes) >= self.charged
            return "credited" if credited else "paid"
        if today > self.due_on:
            return "overdue"
        return "partly_paid" if self.payments else "open"

    def left_of_line(self, position):
        return self.lines[position - 1].amount - sum(line.amount for line in self.returned(position))

    def returned(self, position):
        """List what credit notes took of a line, oldest first."""
        return [line for note in self.notes for line in note.lines if line.position == position]

    def charged_days(self, position):
        """List the days that a fee line charges and that were not given back."""
        line = self.lines[position - 1]
        back = {day for one in self.returned(position) if one.service_from for day in days_between(one)}
        return [day for day in days_between(line) if day not in back]


@dataclass
class Credit:
    """A credit and where its cents went."""

    number: str
    customer: str
    amount: int
    kind: str
    granted_on: date
    expires_on: date | None
    left: int
    applied: int = 0
    expired: int = 0
    refunded: int = 0


@dataclass
class Plan:
    """What a run does for a customer."""

    outcome: str
    bill: Bill | None = None
    notes: list = field(default_factory=list)
    """Invoice and lines of each credit note over prepaid fees."""
    held: set = field(default_factory=set)


# --- rating -----------------------------------------------------------------------------------------------------------


def start_of(entry):
    """Read when an entry starts, on Belgrade's clock."""
    return datetime.fromisoformat(entry["started_at"]).astimezone(ZONE)


def in_order(entry):
    """Sort entries by start, then id (R4)."""
    return datetime.fromisoformat(entry["started_at"]).timestamp(), entry["entry"]


def minutes_of(entry):
    """Count the minutes that an entry took."""
    started, ended = (datetime.fromisoformat(entry[name]).timestamp() for name in ("started_at", "ended_at"))
    return round(ended - started) // 60


def tariff_at(moment):
    """Name the tariff of a moment (R1)."""
    if moment.date() in HOLIDAYS:
        return "holiday"
    return "working" if moment.weekday() < 5 and 9 <= moment.hour < 17 else "after_hours"


def payer_at(moment, package, severity):
    """Say who pays for a moment of support: the package or a tariff (R2)."""
    works = moment.weekday() < 5 and moment.date() not in HOLIDAYS
    hours = (9, 17)
    if severity == "T1":
        works, hours = True, T1_HOURS.get(package)
    elif severity == "T2":
        hours = T2_HOURS.get(package)
    covered = package != "out-of-package" and works and hours[0] <= moment.hour < hours[1]
    return "covered" if covered else tariff_at(moment)


@lru_cache(maxsize=10_000)
def walk(started_at, minutes, skipped, package, severity):
    """Count the minutes of each payer, minute by minute, without the first ones; None as package knows tariffs only."""
    counts = {}
    begin = datetime.fromisoformat(started_at).timestamp()
    for minute in range(skipped, minutes):
        moment = datetime.fromtimestamp(begin + minute * 60, ZONE)
        payer = tariff_at(moment) if package is None else payer_at(moment, package, severity)
        counts[payer] = counts.get(payer, 0) + 1
    return counts


class Rating:
    """One contract's month: entries go in one after the other, lines come out."""

    def __init__(self, contract, month, included, left, overage_before, billed_before):
        self.contract, self.month, self.package = contract, month, contract["package"]
        self.included, self.left = included, left
        self.overage_before, self.billed_before = overage_before, billed_before
        self.used = self.overage = self.overage_billed = 0
        self.tariffs = {name: [] for name in TARIFFS}
        self.development, self.free, self.worked, self.held = [], [], [], []

    def add(self, entry):
        """Rate an entry, or hold it."""
        activity, outcome, minutes = entry["activity"], entry["outcome"], minutes_of(entry)
        rate = self.contract["development_rate"]
        must_wait = (
            (activity == "change_request_analysis" and not outcome)
            or (activity == "development" and not rate)
            or (activity == "on_site" and self.package != "dedicated")
        )
        if must_wait:
            self.held.append(entry["entry"])
        elif activity == "development":
            amount = Fraction(rate) * (100 - DISCOUNT.get(self.package, 0)) / 100 * minutes / 60
            self.development.append((minutes, amount))
            self.note(entry, minutes, cents(amount))
        elif outcome == "offer_accepted":
            self.free.append(minutes)
            self.note(entry, minutes, 0)
        elif outcome == "unfounded" and entry["severity"] == "T1":
            self.add_unfounded(entry, minutes)
        elif activity == "change_request_analysis" and self.has_hours_or_coverage():
            self.note(entry, self.take(minutes), 0)
        else:
            package = None if activity == "change_request_analysis" else self.package
            self.price(entry, walk(entry["started_at"], minutes, 0, package, entry["severity"]), 0)

    def has_hours_or_coverage(self):
        return self.package != "out-of-package" or bool(Fraction(self.contract["included_hours"] or 0))

    def add_unfounded(self, entry, minutes):
        """Take a false alarm from the allowance, or what is left of it for its first minutes (R6)."""
        if whole(minutes, UNIT) <= self.left:
            self.note(entry, self.take(minutes), 0)
            return
        free = self.left
        self.used += free
        self.left = 0
        self.price(entry, walk(entry["started_at"], minutes, min(free, minutes), None, ""), free)

    def price(self, entry, counts, billed):
        """Charge the minutes of each payer, rounded once per payer (R3)."""
        amount = 0
        for payer, minutes in counts.items():
            if payer == "covered":
                billed += self.take(minutes)
            else:
                rate, unit = TARIFFS[payer]
                self.tariffs[payer].append(whole(minutes, unit))
                billed += whole(minutes, unit)
                amount += cents(Fraction(rate * whole(minutes, unit), 60))
        self.note(entry, billed, amount)

    def take(self, minutes):
        """Take covered time from the allowance, then as overage (R4, R5); returns what was counted."""
        units = whole(minutes, UNIT)
        within = min(units, self.left)
        self.left -= within
        self.used += within
        self.overage += units - within
        return units

    def note(self, entry, billed, amount):
        self.worked.append(Worked(entry["entry"], self.contract["contract"], billed, amount))

    def lines(self):
        """Add up the lines, without fees and expenses."""
        found = []
        if self.overage:
            started = whole(self.overage_before + self.overage, OVERAGE_UNIT)
            self.overage_billed = max(0, started - self.billed_before)
            rate = Fraction(self.contract["hourly_rate"] or OVERAGE_RATE)
            found.append(self.line("overage", self.overage_billed, cents(rate * self.overage_billed / 60)))
        for name, billed in self.tariffs.items():
            if billed:
                amount = cents(Fraction(TARIFFS[name][0] * sum(billed), 60))
                found.append(self.line("tariff", sum(billed), amount, f"Support: {TITLES[name]}"))
        if sum(cents(amount) for _, amount in self.development) == cents(sum(amount for _, amount in self.development)):
            total = sum(minutes for minutes, _ in self.development), sum(amount for _, amount in self.development)
            self.development = [total] if self.development else []
        found += [self.line("development", minutes, cents(amount)) for minutes, amount in self.development]
        if self.free:
            found.append(self.line("analysis", sum(self.free), 0))
        return found

    def line(self, kind, minutes, amount, title=""):
        return Line(kind, self.contract["contract"], minutes, amount, self.month, title)

    def use(self):
        """Say what was taken; once the lines are added up."""
        days = [day for day in days_of(self.month) if runs_on(self.contract, day)]
        first, last = (days[0].isoformat(), days[-1].isoformat()) if days else ("", "")
        taken = self.included, self.used, self.overage, self.overage_billed
        return Use(self.contract["contract"], self.month, *taken, first, last)


def runs_on(contract, day):
    """Tell whether a contract runs on a day."""
    return contract["starts_on"] <= day.isoformat() and day.isoformat() <= (contract["ends_on"] or "9999")


def monthly_fee(contract):
    """Tell the price of a whole month, in units of money."""
    own = contract["monthly_fee"]
    return Fraction(own if own != "" else FEES[contract["package"]]) * int(contract["quantity"])


def allowance(contract, month):
    """Tell the minutes that a month includes, by days in a part month, rounded up to a unit (R10)."""
    own = contract["included_hours"]
    hours = Fraction(own if own != "" else HOURS.get(contract["package"], 0)) * int(contract["quantity"])
    days = days_of(month)
    active = sum(runs_on(contract, day) for day in days)
    if active == len(days):
        return int(hours * 60)
    return int(min(hours * 60, whole(hours * 60 * active / len(days), UNIT)))


def runs_that_charge(contract, month):
    """Name the months whose runs charge a contract's fee of a month."""
    start = contract["starts_on"][:7]
    length = INTERVALS[contract["fee_interval"]]
    first = start
    while plus(first, length) <= month:
        first = plus(first, length)
    if contract["fee_timing"] == "advance":
        return {plus(first, -1), start} if first == start else {plus(first, -1)}
    return {min(plus(first, length - 1), contract["ends_on"][:7] or "9999-12")}


# --- the books --------------------------------------------------------------------------------------------------------


class Model:
    """Everything that was imported and done, and what must have come of it."""

    def __init__(self):
        self.customers, self.contracts, self.entries, self.expenses = {}, {}, {}, {}
        self.bills, self.notes, self.credits = [], [], []
        self.closed = {}
        """Months that a run finished, by customer."""

    # --- looking things up ---

    def contracts_of(self, customer):
        found = [contract for contract in self.contracts.values() if contract["customer"] == customer]
        return sorted(found, key=lambda contract: contract["contract"])

    def live_bills(self, customer):
        return [bill for bill in self.bills if bill.customer == customer and bill.live]

    def bill(self, number):
        return next(bill for bill in self.bills if bill.number == number)

    def credit(self, number):
        return next(credit for credit in self.credits if credit.number == number)

    def unbilled(self, customer):
        """List the entries and expenses that stand on no live invoice."""
        live = self.live_bills(customer)
        billed = {one.entry for bill in live for one in bill.entries} | {one for bill in live for one in bill.expenses}
        entries = [row for row in self.entries.values() if row["customer"] == customer and row["entry"] not in billed]
        costs = [row for row in self.expenses.values() if row["customer"] == customer and row["expense"] not in billed]
        return sorted(entries, key=in_order), sorted(costs, key=lambda row: (row["spent_on"], row["expense"]))

    # --- planning ---

    def plan(self, customer, month, on):
        """Work out what the run of a month does for a customer on a day."""
        entries, costs = self.unbilled(customer)
        issued = next((bill for bill in self.live_bills(customer) if bill.period == month), None)
        of_month = [row["entry"] for row in entries if month_of(start_of(row)) == month]
        of_month += [row["expense"] for row in costs if row["spent_on"][:7] == month]
        if issued is not None:
            return Plan("already_issued", issued, held=set(of_month))
        plan = Plan("nothing_to_bill", notes=self.fees_to_return(customer))
        lines, annex, uses, passed_on = {}, [], [], []
        months = [month, *sorted(closed for closed in self.closed.get(customer, ()) if closed < month)]
        for period in months:
            taken, unplaced = self.assign(customer, period, entries, costs)
            plan.held |= unplaced
            for contract in self.contracts_of(customer):
                name = contract["contract"]
                own_entries, own_costs = taken[name]
                fees = self.fees(contract, month) if period == month else []
                runs = any(runs_on(contract, day) for day in days_of(period))
                if not (fees or own_entries or own_costs or (runs and period == month)):
                    continue
                rating = self.rate(contract, period, own_entries)
                found = [*fees, *rating.lines(), *(self.cost_line(contract, period, row) for row in own_costs)]
                lines.setdefault(name, []).extend(found)
                annex += rating.worked
                uses.append(rating.use())
                passed_on += [row["expense"] for row in own_costs]
                plan.held |= set(rating.held)
        if any(line.amount for found in lines.values() for line in found):
            plan.outcome = "to_issue"
            buyer = self.customers[customer]["name"]
            listed = [line for name in self.in_order(lines, uses, month) for line in lines[name]]
            plan.bill = Bill(customer, buyer, month, listed, annex, uses, sorted(passed_on))
            plan.bill.setoffs = self.setoffs(customer, plan.bill, on)
        return plan

    @staticmethod
    def in_order(contracts, uses, month):
        """Put contracts of the month itself before those that have late work alone."""
        current = {use.contract for use in uses if use.period == month}
        return sorted(contracts, key=lambda contract: (contract not in current, contract))

    def assign(self, customer, month, entries, costs):
        """Give a month's work to the customer's contracts (T5); returns what each takes, and what none does."""
        contracts = self.contracts_of(customer)
        taken, unplaced = {contract["contract"]: ([], []) for contract in contracts}, set()
        for row in entries:
            day = start_of(row).date()
            if month_of(day) != month:
                continue
            takers = [
                contract["contract"]
                for contract in contracts
                if runs_on(contract, day) and row["contract"] in ("", contract["contract"])
            ]
            if len(takers) == 1:
                taken[takers[0]][0].append(row)
            else:
                unplaced.add(row["entry"])
        for row in costs:
            if row["spent_on"][:7] != month:
                continue
            takers = [one["contract"] for one in contracts if runs_on(one, date.fromisoformat(row["spent_on"]))]
            if takers:
                taken[takers[0]][1].append(row)
            else:
                unplaced.add(row["expense"])
        return taken, unplaced

    def rate(self, contract, month, entries):
        """Rate entries against what live invoices left of the contract's month (R11)."""
        uses = [
            use
            for bill in self.live_bills(contract["customer"])
            for use in bill.uses
            if (use.contract, use.period) == (contract["contract"], month)
        ]
        included = allowance(contract, month)
        known = max((use for use in uses if use.service_from), key=lambda use: len(days_between(use)), default=None)
        if known is not None:
            more_days = sum(runs_on(contract, day) for day in days_of(month)) > len(days_between(known))
            included = max(included, known.included) if more_days else known.included
        left = max(0, included - sum(use.used for use in uses))
        before = sum(use.overage for use in uses), sum(use.overage_billed for use in uses)
        rating = Rating(contract, month, included, left, *before)
        for entry in entries:
            rating.add(entry)
        return rating

    @staticmethod
    def cost_line(contract, month, row):
        return Line("expense", contract["contract"], 1, cents(Fraction(row["amount"])), month, row["description"])

    # --- fees ---

    def fees(self, contract, month):
        """Charge each day of the contract that falls due now, or fell due in a closed month, and was not charged."""
        charged = set()
        for bill in self.live_bills(contract["customer"]):
            for position, line in enumerate(bill.lines, 1):
                if line.kind == "fee" and line.contract == contract["contract"]:
                    charged |= set(bill.charged_days(position))
        closed = self.closed.get(contract["customer"], set())
        fee = monthly_fee(contract)
        pieces = []
        for service in months_between(contract["starts_on"][:7], contract["ends_on"][:7] or plus(month, 30)):
            runs = runs_that_charge(contract, service)
            if month not in runs and not (fee and runs & closed):
                continue
            pieces += in_pieces(day for day in days_of(service) if runs_on(contract, day) and day not in charged)
        lines = []
        for group in self.together(pieces):
            first, last = group[0], group[-1]
            months = len(months_between(month_of(first), month_of(last))) if self.is_whole(group) else 0
            amount = cents(fee * len_in_months(group))
            quantity = int(contract["quantity"]) * months or 1
            span = first.isoformat(), last.isoformat()
            lines.append(Line("fee", contract["contract"], quantity, amount, month_of(last), "", *span))
        return lines

    @staticmethod
    def is_whole(days):
        return (days[0], days[-1]) == (days_of(month_of(days[0]))[0], days_of(month_of(days[-1]))[-1])

    def together(self, pieces):
        """Put whole months that follow each other on one line."""
        groups = []
        for piece in pieces:
            follows = groups and groups[-1][-1] + timedelta(days=1) == piece[0]
            if follows and self.is_whole(groups[-1]) and self.is_whole(piece):
                groups[-1] = groups[-1] + piece
            else:
                groups.append(piece)
        return groups

    def fees_to_return(self, customer):
        """Find what was charged for days on which a contract does not run: invoices, and lines to credit (R10)."""
        notes = []
        for bill in sorted(self.live_bills(customer), key=lambda bill: bill.number):
            lines = []
            for position, line in enumerate(bill.lines, 1):
                if line.kind != "fee":
                    continue
                contract = self.contracts[line.contract]
                for piece in in_pieces(bill.charged_days(position)):
                    for days in in_pieces(day for day in piece if not runs_on(contract, day)):
                        amount = self.worth(bill, position, days, [one for one in lines if one.position == position])
                        if amount:
                            lines.append(Returned(position, amount, days[0].isoformat(), days[-1].isoformat()))
            if lines:
                notes.append((bill, lines))
        return notes

    @staticmethod
    def worth(bill, position, days, more):
        """Tell what some days of a fee are worth: their share of what is left of it, rounded in one sum with others."""
        line = bill.lines[position - 1]
        credited = [*bill.returned(position), *more]
        left, charged = Fraction(line.amount, 100), len_in_months(days_between(line))
        returned = Fraction(0)
        for one in credited:
            if not one.service_from:
                left = max(Fraction(0), left - Fraction(one.amount, 100))
                continue
            months = len_in_months(days_between(one))
            returned += left * months / charged
            left, charged = left - left * months / charged, charged - months
        returned += left * len_in_months(days) / charged
        back = sum(one.amount for one in credited if one.service_from)
        rest = line.amount - sum(one.amount for one in credited)
        return max(0, min(rest, cents(returned) - back))

    # --- credits ---

    def setoffs(self, customer, bill, on):
        """Take credits off, oldest first: those before tax off the charges, those after tax off the total (S2, S3)."""
        usable = [
            credit
            for credit in self.credits
            if credit.customer == customer and credit.granted_on <= on and (credit.expires_on or on) >= on
        ]
        usable.sort(key=lambda credit: (credit.granted_on, credit.number))
        taken = []
        for kind, charged in (("before_tax", bill.charged), ("after_tax", None)):
            bill.setoffs = taken
            rest = bill.gross if charged is None else charged
            for credit in usable:
                part = min(rest, credit.left) if credit.kind == kind else 0
                if part:
                    taken = [*taken, Setoff(credit.number, kind, part)]
                    rest -= part
        return taken

    def grant(self, customer, amount, kind, granted_on, expires_on=None):
        """Grant a credit under the next number of its year."""
        earlier = sum(credit.granted_on.year == granted_on.year for credit in self.credits)
        number = f"CR-{granted_on.year}-{earlier + 1:05d}"
        self.credits.append(Credit(number, customer, amount, kind, granted_on, expires_on, amount))
        return self.credits[-1]

    def expire(self, on, customer=None):
        """Let credits lapse whose last day is over, all or a customer's."""
        for credit in self.credits:
            if credit.expires_on is not None and credit.expires_on < on and customer in (None, credit.customer):
                credit.expired += credit.left
                credit.left = 0

    # --- doing ---

    def run(self, month, on, customers=None):
        """Run a month, for all customers or some; returns what became of each."""
        outcomes = {}
        for customer in sorted(self.customers if customers is None else customers):
            plan = self.plan(customer, month, on)
            outcomes[customer] = plan.outcome
            if plan.outcome == "already_issued":
                continue
            if plan.outcome == "to_issue":
                self.issue(plan.bill, on)
                outcomes[customer] = "issued"
            for bill, lines in plan.notes:
                self.write_note(bill, lines, on)
            self.closed.setdefault(customer, set()).add(month)
        return outcomes

    def issue(self, bill, on):
        earlier = sum(other.period[:4] == bill.period[:4] for other in self.bills)
        bill.number, bill.issued_on = f"{bill.period[:4]}-{earlier + 1:06d}", on
        for setoff in bill.setoffs:
            credit = self.credit(setoff.credit)
            credit.left -= setoff.amount
            credit.applied += setoff.amount
        self.bills.append(bill)

    def credit_invoice(self, bill, wanted, on, *, rebill=False):
        """Credit amounts by position, or all that is left; returns the credit note, None where that can not be."""
        left = {position: bill.left_of_line(position) for position in range(1, len(bill.lines) + 1)}
        parts = {position: amount for position, amount in left.items() if amount} if wanted is None else wanted
        lines = [Returned(position, amount) for position, amount in sorted(parts.items())]
        if not lines or (rebill and (bill.notes or wanted is not None)):
            return None
        if any(not 0 < line.amount <= left.get(line.position, 0) for line in lines):
            return None
        if rebill:
            self.closed[bill.customer].discard(bill.period)
        return self.write_note(bill, lines, on, rebill=rebill)

    def write_note(self, bill, lines, on, *, rebill=False):
        """Write a credit note: its net amount is what is left at most, and the last one takes the rest of the tax."""
        charged = sum(line.amount for line in lines)
        net_left = bill.net - sum(note.net for note in bill.notes)
        tax_left = bill.tax - sum(note.tax for note in bill.notes)
        net = min(charged, net_left)
        tax = tax_left if net == net_left else min(tax_left, cents(Fraction(net * TAX, 100 * 100)))
        back = {"before_tax": charged - net}
        beyond = max(0, sum(note.gross for note in bill.notes) + net + tax - bill.due)
        given = [(one.credit, one.kind, one.amount) for note in bill.notes for one in note.reversals]
        back["after_tax"] = beyond - sum(amount for _, kind, amount in given if kind == "after_tax")
        reversals = []
        for setoff in reversed(bill.setoffs):
            before = sum(amount for credit, _, amount in given if credit == setoff.credit)
            part = min(setoff.amount - before, back[setoff.kind])
            if part > 0:
                back[setoff.kind] -= part
                reversals.insert(0, Setoff(setoff.credit, setoff.kind, part))
                credit = self.credit(setoff.credit)
                credit.left += part
                credit.applied -= part
        number = f"CN-{on.year}-{sum(note.issued_on.year == on.year for note in self.notes) + 1:06d}"
        note = Note(number, bill.number, on, rebill, lines, reversals, net, tax)
        bill.notes.append(note)
        self.notes.append(note)
        self.settle(bill)
        return note

    def pay(self, bill, amount, paid_on):
        """Record a payment; what is too much becomes a credit."""
        bill.payments.append((paid_on, amount))
        return self.settle(bill)

    def settle(self, bill):
        over = bill.settled() - bill.due - bill.granted
        if over <= 0:
            return None
        days = sorted({bill.issued_on, *(day for day, _ in bill.payments), *(note.issued_on for note in bill.notes)})
        day = next(day for day in days if bill.settled(by=day) == bill.settled())
        bill.granted += over
        return self.grant(bill.customer, over, "after_tax", max(day, bill.issued_on))

    def refund(self, credit, amount, on):
        """Pay a credit out, in part; tells whether that can be."""
        gone = on < credit.granted_on or (credit.expires_on is not None and credit.expires_on < on)
        if gone or not 0 < amount <= credit.left:
            return False
        credit.left -= amount
        credit.refunded += amount
        return True
