"""Claims become decisions, decisions credits, credits lower invoices: over real SQLite files, to the cent."""

import io
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pypdf import PdfReader
from sla_builders import agreement, book, moment
from sqlalchemy import select

from billing_engine import BillingEngine, Month
from billing_engine.billing_run import RunOutcome
from billing_engine.claim_desk import Verdict
from billing_engine.documents.pdf import render_invoice
from billing_engine.errors import BillingError, ClaimError, CreditSpentError, UnknownCurrencyError
from billing_engine.model.invoice import Seller
from billing_engine.model.money import plain
from billing_engine.model.price_list import PriceListBook
from billing_engine.model.settings import Settings
from billing_engine.model.sla_terms import FirstPeriod, Setoff
from billing_engine.model.credit import Grant
from billing_engine.storage import credit_ledger
from billing_engine.storage.database import open_database
from billing_engine.storage.tables import metadata

HEADERS = {
    "customers": "customer,name,country,currency",
    "contracts": "contract,customer,price_list,package,starts_on,ends_on,monthly_fee,currency",
    "time_entries": "entry,customer,severity,started_at,ended_at",
    "expenses": "expense,customer,spent_on,description,amount",
    "tickets": "ticket,customer,severity,channel,opened_at,first_response_at,resolved_at,contracts",
    "ticket_pauses": "ticket,paused_at,resumed_at",
    "outages": "outage,customer,started_at,ended_at,cause,notified_at",
    "claims": "claim,customer,kind,period,ticket,breach_on,submitted_at",
    "payments": "payment,invoice,paid_on,amount",
}
SETTINGS = Settings(seller=Seller(name="Sample Support", address="Beograd", country="RS"), vat_percent=Decimal(20))
OCTOBER, NOVEMBER, DECEMBER, JANUARY = Month(2026, 10), Month(2026, 11), Month(2026, 12), Month(2027, 1)


class Books:
    """A database of its own in a folder, and short ways to work with it; customer "C1" unless told otherwise."""

    def __init__(self, folder, *lists, settings=SETTINGS):
        self.folder = folder
        self.database = open_database(f"sqlite:///{folder}/billing.db")
        self.billing = BillingEngine(self.database, book(*lists), settings)
        self.billing.upgrade_schema()
        self._folders = 0

    def read(self, *, skip_rejected=False, **files):
        """Import rows by file, given without their header; returns the report."""
        self._folders += 1
        path = self.folder / f"data-{self._folders}"
        path.mkdir()
        for name, rows in files.items():
            (path / f"{name}.csv").write_text("\n".join([HEADERS[name], *rows]) + "\n", encoding="utf-8")
        return self.billing.import_folder(path, skip_rejected=skip_rejected)

    def take(self, **files):
        """Import rows that are all good; returns new, changed and unchanged rows by file."""
        report = self.read(**files)
        assert report.rejected == []
        return {
            name: (count.added, count.changed, count.unchanged)
            for name, count in report.counts.items()
            if name.removesuffix(".csv") in files
        }

    def decide(self, as_of="2026-12-31 00:00", on=None, claim=None):
        """Decide by rule; returns status and reasons by claim."""
        day = date.fromisoformat(on or as_of[:10])
        return {s.claim.claim: self._said(s) for s in self.billing.sla.decide_claims(moment(as_of), day, claim)}

    def by_hand(self, claim, accepted, amount=None, note="as agreed by phone", as_of="2026-12-31 00:00"):
        """Decide by hand; returns the standing."""
        verdict = Verdict(accepted, None if amount is None else Decimal(amount), note)
        return self.billing.sla.decide_claim_by_hand(claim, verdict, moment(as_of), date.fromisoformat(as_of[:10]))

    def claims(self):
        """Return status and reasons by claim."""
        return {s.claim.claim: self._said(s) for s in self.billing.sla.claims()}

    @staticmethod
    def _said(standing):
        reasons = () if standing.decided is None else standing.decided.decision.reasons
        return " ".join([standing.status, *reasons])

    def decision(self, claim):
        """Return what was decided about a claim."""
        return next(s.decided for s in self.billing.sla.claims() if s.claim.claim == claim)

    def issue(self, month, on=None, customer="C1"):
        """Issue a month for all, on its first day unless told otherwise; returns the customer's invoice."""
        month = Month.parse(month) if isinstance(month, str) else month
        day = month.first_day if on is None else date.fromisoformat(on)
        plan = next(p for p in self.billing.issue(month, day) if p.customer.customer == customer)
        assert plan.outcome is RunOutcome.ISSUED, plan
        return self.billing.read_invoice(plan.invoice_number)

    def pay(self, invoice, on, amount=None):
        """Take in a payment, of all that is due unless told otherwise."""
        amount = plain(invoice.amount_due) if amount is None else amount
        self.take(payments=[f"P-{invoice.number}-{on}-{amount},{invoice.number},{on},{amount}"])

    def grant(self, amount, on="2026-09-01", customer="C1", reason="Sorry", **more):
        """Grant goodwill; returns the credit's number."""
        goodwill = Grant(customer, Decimal(amount), reason, **more)
        return self.billing.sla.grant_credit(goodwill, date.fromisoformat(on)).credit

    def refund(self, credit, amount=None, on="2026-12-31", reason="Paid out"):
        """Pay a credit out."""
        paid = None if amount is None else Decimal(amount)
        return self.billing.sla.refund_credit(credit, paid, reason, date.fromisoformat(on))

    def left(self):
        """Return what is left of each credit, by number."""
        return {credit.credit: plain(credit.remaining) for credit in self.billing.sla.credits()}

    def accounts(self):
        """Sum up the ledger by account."""
        sums = {}
        for entry in self.billing.sla.ledger():
            sums[str(entry.account)] = sums.get(entry.account, Decimal(0)) + entry.amount
        return {account: plain(amount) for account, amount in sums.items()}

    def check(self):
        """Hold credits, ledger and invoices against each other: every cent is accounted for."""
        postings, balances = {}, {}
        for entry in self.billing.sla.ledger():
            postings.setdefault(entry.posting, []).append(entry.amount)
            accounts = balances.setdefault(entry.credit, {})
            accounts[str(entry.account)] = accounts.get(str(entry.account), Decimal(0)) + entry.amount
        assert all(len(sides) == 2 and sum(sides) == 0 for sides in postings.values())
        for credit in self.billing.sla.credits():
            of = balances.pop(credit.credit)
            assert -of["granted"] == credit.amount
            assert of["available"] == credit.remaining >= 0
            used = sum(of.get(account, Decimal(0)) for account in ("applied", "expired", "refunded"))
            assert credit.amount == credit.remaining + used
        assert balances == {}
        applied = {}
        for invoice in self.billing.list_invoices():
            draft = self.billing.read_invoice(invoice.number).draft
            before = sum(s.amount for s in draft.setoffs if s.setoff is Setoff.BEFORE_TAX)
            after = sum(s.amount for s in draft.setoffs if s.setoff is Setoff.AFTER_TAX)
            assert draft.net == sum(line.amount for line in draft.lines) - before >= 0
            assert draft.gross == draft.net + draft.tax >= 0
            assert invoice.amount_due == draft.gross - after >= 0
            for setoff in draft.setoffs:
                key = (setoff.credit, invoice.number)
                applied[key] = applied.get(key, Decimal(0)) + setoff.amount
        on_ledger = {}
        for entry in self.billing.sla.ledger():
            if entry.account == "applied":
                key = (entry.credit, entry.invoice)
                on_ledger[key] = on_ledger.get(key, Decimal(0)) + entry.amount
        assert on_ledger == applied

    def dump(self):
        """Read the whole database."""
        with self.database.connect() as connection:
            return {
                table.name: connection.execute(select(table).order_by(*table.primary_key.columns)).all()
                for table in metadata.sorted_tables
            }


def figures(invoice):
    """Write an invoice's net, tax, gross and amount due."""
    draft = invoice.draft
    return " ".join(plain(amount) for amount in (draft.net, draft.tax, draft.gross, invoice.amount_due))


def setoffs(invoice):
    """Write an invoice's setoffs, in their order."""
    return [f"{setoff.reference} {plain(setoff.amount)}" for setoff in invoice.draft.setoffs]


def pdf_text(invoice):
    """Read an invoice's PDF, with plain single spaces."""
    pages = PdfReader(io.BytesIO(render_invoice(invoice))).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def row(rule, *values):
    """Name a table row by its rule."""
    return pytest.param(*values, id=rule)


@pytest.fixture
def books(tmp_path):
    """Open new books."""
    opened = Books(tmp_path)
    yield opened
    opened.check()
    opened.database.dispose()


@pytest.fixture
def opening(tmp_path):
    """Open new books with changed price lists or settings."""
    opened = []

    def opener(*lists, **changes):
        folder = tmp_path / f"books-{len(opened)}"
        folder.mkdir()
        opened.append(Books(folder, *lists, settings=replace(SETTINGS, **changes)))
        return opened[-1]

    yield opener
    for one in opened:
        one.check()
        one.database.dispose()


C1, C2 = "C1,Aurora,CZ,EUR", "C2,Balkan,UA,USD"
K1 = "K1,C1,trifft,premium,2026-01-01,,1000.00,"
K2 = "K2,C2,dpo-group,server,2026-01-01,,100.00,"
THREE_DAYS_DOWN = "O1,C1,2026-10-05T00:00,2026-10-08T00:00,,"
"""Of 44,700 minutes 4,320: 90.33 %, which is worth 60 % of a premium fee."""
CLAIM = "CL-1,C1,uptime,2026-10,,,2026-11-03T10:00"
LATE = "T1,C2,critical,helpdesk,2026-10-05T10:00,2026-10-05T12:00,2026-10-05T12:30,"
TICKET_CLAIM = "CL-2,C2,ticket,,T1,2026-10-05,2026-10-20T12:00"


def an_outage(books, *, fee="1000.00", claim=CLAIM, contract=K1):
    """Take in a customer of trifft with three days of outage in October and a claim for it."""
    books.take(customers=[C1], contracts=[contract.replace("1000.00", fee)], outages=[THREE_DAYS_DOWN], claims=[claim])


# --- import -----------------------------------------------------------------------------------------------------------

WHOLE_FOLDER = {
    "customers": [C1, C2],
    "contracts": [K1, K2],
    "tickets": [LATE],
    "ticket_pauses": ["T1,2026-10-05T10:05,2026-10-05T10:10", "T1,2026-10-05T10:15,"],
    "outages": [THREE_DAYS_DOWN, "O2,,2026-10-20T00:00,,maintenance,2026-10-01T00:00"],
    "claims": [CLAIM, TICKET_CLAIM],
}


def test_all_new_files_are_imported_and_twice_is_once(books):
    """The same folder again finds every row unchanged and writes nothing."""
    first = books.take(**WHOLE_FOLDER)
    assert first["tickets.csv"] == (1, 0, 0)
    assert first["ticket_pauses.csv"] == first["outages.csv"] == first["claims.csv"] == (2, 0, 0)
    invoice = books.issue(OCTOBER)
    books.pay(invoice, "2026-10-05")
    before = books.dump()
    again = books.take(
        **WHOLE_FOLDER, payments=[f"P-{invoice.number}-2026-10-05-1200.00,{invoice.number},2026-10-05,1200"]
    )
    assert all(added == changed == 0 and unchanged for added, changed, unchanged in again.values())
    assert books.dump() == before


REPLACED = [
    row("a ticket that was solved", "tickets", LATE.replace("12:30", "13:30"), ["resolved_at"]),
    row("a pause that ended", "ticket_pauses", "T1,2026-10-05T10:15,2026-10-05T10:20", ["resumed_at"]),
    row(
        "an outage that ended, with its cause", "outages", "O2,,2026-10-20T00:00,2026-10-20T01:00,outage,", ["ended_at"]
    ),
]


@pytest.mark.parametrize(("file", "changed", "columns"), REPLACED)
def test_what_goes_on_is_replaced(books, file, changed, columns):
    """Tickets, pauses and outages are known better later."""
    books.take(**WHOLE_FOLDER)
    before = books.dump()
    assert books.take(**{file: [changed]}) == {f"{file}.csv": (0, 1, 0)}
    after = books.dump()
    assert [name for name in before if before[name] != after[name]] == [f"billing_{file}"]


KEPT = [
    row("a claim's time of receipt", "claims", CLAIM.replace("11-03", "11-02"), "claim"),
    row("a claim's month", "claims", CLAIM.replace("2026-10", "2026-09"), "claim"),
    row("a payment's amount", "payments", "P1,2026-000001,2026-10-05,13", "payment"),
    row("a payment's day", "payments", "P1,2026-000001,2026-10-06,12", "payment"),
    row("a ticket's customer", "tickets", LATE.replace("C2", "C1").replace("critical", "P1"), "ticket"),
]


@pytest.mark.parametrize(("file", "changed", "column"), KEPT)
def test_claims_and_payments_never_change(books, file, changed, column):
    """What was received is kept as it was; a row that says otherwise is refused with its folder."""
    books.take(**WHOLE_FOLDER)
    books.issue(OCTOBER)
    books.take(payments=["P1,2026-000001,2026-10-05,12"])
    before = books.dump()
    report = books.read(**{file: [changed]}, expenses=["X1,C1,2026-10-05,Taxi,12.00"])
    assert not report.stored
    assert [(rejected.file, rejected.line, rejected.column) for rejected in report.rejected] == [
        (f"{file}.csv", 2, column)
    ]
    assert books.dump() == before


REFUSED = [
    row("payment for no invoice", "payments", "P1,2026-000009,2026-10-05,12.00", "invoice"),
    row("payment of nothing", "payments", "P1,2026-000001,2026-10-05,0.00", "amount"),
    row("payment below zero", "payments", "P1,2026-000001,2026-10-05,-5", "amount"),
    row("claim of nobody", "claims", CLAIM.replace("C1", "C9"), "customer"),
    row("claim without its month", "claims", "CL-9,C1,uptime,,,,2026-11-03T10:00", "period"),
    row("claim without its ticket", "claims", "CL-9,C2,ticket,,,2026-10-05,2026-11-03T10:00", "ticket"),
    row("claim of no kind", "claims", CLAIM.replace("uptime", "grudge"), "kind"),
    row("pause of no ticket", "ticket_pauses", "T9,2026-10-05T10:05,", "ticket"),
    row("pause that ends before", "ticket_pauses", "T1,2026-10-05T10:05,2026-10-05T10:00", "resumed_at"),
    row("outage that ends before", "outages", "O9,C1,2026-10-05T10:00,2026-10-05T09:00,,", "ended_at"),
    row("ticket of no severity", "tickets", LATE.replace("critical", "P9"), "severity"),
    row("ticket that was answered before", "tickets", LATE.replace("T12:00", "T09:00"), "first_response_at"),
]


@pytest.mark.parametrize(("file", "bad", "column"), REFUSED)
def test_refused_import_leaves_no_trace(books, file, bad, column):
    """One bad row keeps out good rows of every file beside it."""
    books.take(customers=[C1, C2], contracts=[K1, K2])
    books.issue(OCTOBER)
    before = books.dump()
    good = {
        "tickets": [LATE],
        "ticket_pauses": ["T1,2026-10-05T10:10,"],
        "outages": [THREE_DAYS_DOWN],
        "claims": [CLAIM.replace("CL-1", "CL-8")],
        "payments": ["P0,2026-000001,2026-10-05,12.00"],
        "customers": ["C3,Corvina,RS,EUR"],
    }
    good[file] = [*(rows for rows in good[file] if not rows.startswith(bad.split(",")[0] + ",T")), bad]
    if file == "tickets":
        good[file], good["ticket_pauses"] = [bad], []
    report = books.read(**good)
    assert not report.stored
    assert {(rejected.file, rejected.column) for rejected in report.rejected} == {(f"{file}.csv", column)}
    assert books.dump() == before


def test_skipping_takes_the_good_payments(books):
    """With skip_rejected a payment without invoice is reported and the others count."""
    books.take(customers=[C1], contracts=[K1])
    invoice = books.issue(OCTOBER)
    rows = [f"P1,{invoice.number},2026-10-05,200", "P2,2026-000009,2026-10-05,12.00"]
    report = books.read(skip_rejected=True, payments=rows)
    assert report.stored
    assert [rejected.line for rejected in report.rejected] == [3]
    assert books.billing.read_invoice(invoice.number).paid == 200


# --- deciding by rule -------------------------------------------------------------------------------------------------


def test_decision_keeps_reasons_figures_and_due_date(books):
    """All that a decision says is kept: reasons together, percent, amount, first period, words, last day."""
    wrong = "CL-3,C2,ticket,,T2,2026-10-06,2026-10-21T12:00"
    by_mail = "T2,C2,critical,email,2026-10-05T10:00,2026-10-05T10:10,2026-10-05T10:30,"
    books.take(customers=[C2], contracts=[K2], tickets=[LATE, by_mail], claims=[TICKET_CLAIM, wrong])
    assert books.decide() == {"CL-2": "accepted", "CL-3": "rejected not_helpdesk no_breach"}
    good, bad = books.decision("CL-2"), books.decision("CL-3")
    assert (good.decision.percent, good.decision.amount, good.decision.currency) == (25, Decimal("25.00"), "USD")
    assert (str(good.decision.applies_from), good.decision.due_on) == ("2026-11", date(2026, 10, 25))
    worth, first = good.decision.explanation
    for figure in ("T1", "5 Oct 2026 at 10:30", "25 %", "(K2)", "100.00 USD", "25.00 USD"):
        assert figure in worth
    assert first == "It is taken off the invoices from November 2026 on."
    assert (good.decided_on, good.by_rule, good.note) == (date(2026, 12, 31), True, "")
    assert (bad.decision.percent, bad.decision.amount, bad.decision.applies_from) == (0, 0, None)
    assert bad.decision.due_on == date(2026, 10, 26)
    assert bad.decision.explanation == (
        "Ticket T2 came by email, not by helpdesk.",
        "No first response or solution time of ticket T2 was missed on 6 Oct 2026.",
    )


def test_deciding_twice_decides_nothing_again(books):
    """A second run of the rules finds nothing open and writes nothing, also when tickets look different by then."""
    books.take(**WHOLE_FOLDER)
    assert books.decide() == {"CL-1": "pending", "CL-2": "rejected no_breach"}
    books.take(tickets=[LATE], ticket_pauses=["T1,2026-10-05T10:15,2026-10-05T10:15:01"])
    before = books.dump()
    assert books.decide("2027-03-01 00:00") == {}
    assert books.dump() == before
    with pytest.raises(ClaimError, match="no open claim 'CL-1'"):
        books.decide(claim="CL-1")


OPEN = [
    row("uptime: the month's last second", "uptime,2026-10,,,2026-10-05T10:00", "2026-10-31 23:59:59", "received"),
    row("uptime: the month is over", "uptime,2026-10,,,2026-10-05T10:00", "2026-11-01 00:00", "pending"),
    row("uptime: a month far off", "uptime,2030-10,,,2026-10-05T10:00", "2026-12-01 00:00", "received"),
    row("uptime: received later", CLAIM.removeprefix("CL-1,C1,"), "2026-11-03 09:59:59", "received"),
    row("uptime: received now", CLAIM.removeprefix("CL-1,C1,"), "2026-11-03 10:00", "pending"),
]


@pytest.mark.parametrize(("claim", "as_of", "status"), OPEN)
def test_claims_about_time_to_come_stay_received(books, claim, as_of, status):
    """A month is judged when it is over, and a claim when it is there; until then nobody decides."""
    an_outage(books, claim=f"CL-1,C1,{claim}")
    assert books.decide(as_of) == ({} if status == "received" else {"CL-1": status})
    assert books.claims() == {"CL-1": status}
    if status == "received":
        with pytest.raises(ClaimError, match="not over yet"):
            books.by_hand("CL-1", accepted=False, as_of=as_of)


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        row("C3: the day goes on", "2026-10-05 22:59:59", "received"),
        row("C3: it is over", "2026-10-05 23:00", "accepted"),
    ],
)
def test_a_breach_is_judged_when_its_day_is_over(books, as_of, status):
    """A claim that comes before the breach of its day is not turned down for it."""
    early = "CL-2,C2,ticket,,T1,2026-10-05,2026-10-05T10:10"
    books.take(customers=[C2], contracts=[K2], tickets=[LATE], claims=[early])
    books.decide(as_of)
    assert books.claims() == {"CL-2": status}


def test_customer_without_contracts_has_no_claim(books):
    """Who has no contract is told so, and for a month to come waits like everybody."""
    claims = ["A1,C1,uptime,2026-10,,,2026-11-06T10:00+02:00", "A2,C1,ticket,,T9,2026-10-05,2026-10-06T10:00+02:00",
              "A3,C1,uptime,2031-10,,,2026-11-06T10:00+02:00"]  # fmt: skip
    books.take(customers=[C1], claims=claims)
    assert books.decide() == {"A1": "rejected no_guarantee", "A2": "rejected unknown_ticket"}
    with pytest.raises(ClaimError, match="not over yet"):
        books.by_hand("A3", accepted=True, amount="5")
    assert books.billing.sla.credits() == []


def test_somebody_elses_ticket_and_contract_are_nobodys_claim(books):
    """A claim for another customer's ticket is refused, and takes nothing from the claim of whose it is."""
    books.take(customers=[C1, C2], contracts=[K1, K2], tickets=[LATE])
    books.take(claims=["CL-0,C1,ticket,,T1,2026-10-05,2026-10-06T12:00", TICKET_CLAIM])
    assert books.decide() == {"CL-0": "rejected unknown_ticket", "CL-2": "accepted"}
    report = books.read(
        tickets=[LATE.replace("T1,C2", "T5,C2") + "K1"], contracts=["K1,C2,dpo-group,server,2026-01-01,,100.00,"]
    )
    assert [(one.file, one.column) for one in report.rejected] == [
        ("contracts.csv", "customer"),
        ("tickets.csv", "contracts"),
    ]


def test_a_present_for_somebody_elses_ticket_blocks_nobody(books):
    """What is given by hand for a wrong ticket does not use up the right claim."""
    books.take(customers=[C1, C2], contracts=[K1, K2], tickets=[LATE])
    books.take(claims=["CL-0,C1,ticket,,T1,2026-10-05,2026-10-06T12:00", TICKET_CLAIM])
    assert books.by_hand("CL-0", accepted=True, amount="5").status == "accepted"
    assert books.decide() == {"CL-2": "accepted"}


def test_one_customers_trouble_keeps_no_claim_of_others_open(opening):
    """A price list that is gone fails its customer by name; the claims of all others are decided, their runs go on."""
    own = replace(agreement("trifft"), name="own")
    books = opening(own)
    customers = [f"C{n},Customer {n},CZ,EUR" for n in (1, 2, 3)]
    contracts = [K1, K1.replace("K1,C1,trifft", "K2,C2,own"), K1.replace("K1,C1", "K3,C3")]
    claims = [CLAIM.replace("CL-1,C1", f"CL-{n},C{n}") for n in (1, 2, 3)]
    books.take(customers=customers, contracts=contracts, outages=[THREE_DAYS_DOWN.replace("C1", "")], claims=claims)
    books.issue(OCTOBER)
    books.billing = BillingEngine(books.database, book(), SETTINGS)
    with pytest.raises(ClaimError, match="customer C2 were not decided: no price list 'own'"):
        books.decide()
    assert books.claims() == {"CL-1": "pending", "CL-2": "received", "CL-3": "pending"}


def test_one_customers_trouble_stops_no_payment_and_no_run(opening):
    """A credit whose price list is gone waits on; payments are stored, others are credited, only its customer fails."""
    own = replace(agreement("trifft"), name="own")
    books = opening(own)
    customers = [f"C{n},Customer {n},CZ,EUR" for n in (1, 2, 3)]
    contracts = [K1, K1.replace("K1,C1,trifft", "K2,C2,own"), K1.replace("K1,C1", "K3,C3")]
    claims = [CLAIM.replace("CL-1,C1", f"CL-{n},C{n}") for n in (1, 2, 3)]
    books.take(customers=customers, contracts=contracts, outages=[THREE_DAYS_DOWN.replace("C1", "")], claims=claims)
    books.issue(OCTOBER)
    books.decide()
    books.billing = BillingEngine(books.database, book(), SETTINGS)
    books.take(payments=[f"P{n},2026-00000{n},2026-12-31,1200.00" for n in (1, 2, 3)])
    assert books.claims() == {"CL-1": "accepted", "CL-2": "pending", "CL-3": "accepted"}
    plans = books.billing.issue(DECEMBER, date(2027, 1, 1))
    assert [plan.outcome for plan in plans] == [RunOutcome.ISSUED, RunOutcome.FAILED, RunOutcome.ISSUED]
    assert plans[1].reason.startswith("no price list 'own'")
    books.billing = BillingEngine(books.database, book(own), SETTINGS)
    assert setoffs(books.issue(DECEMBER, "2027-01-02", "C2")) == ["CL-2 600.00"]


# --- deciding by hand -------------------------------------------------------------------------------------------------


@pytest.fixture
def two_claims(books):
    """Take in a claim that the rules accept, and one that they reject."""
    late = "CL-3,C2,ticket,,T2,2026-10-06,2026-10-21T12:00"
    in_time = "T2,C2,critical,helpdesk,2026-10-06T10:00,2026-10-06T10:10,2026-10-06T12:30,"
    books.take(customers=[C2], contracts=[K2], tickets=[LATE, in_time], claims=[TICKET_CLAIM, late])
    return books


BY_HAND = [
    row("accepted as by rule", "CL-2", True, None, ("accepted", "25.00", "2026-11")),
    row("accepted with more", "CL-2", True, "40.00", ("accepted", "40.00", "2026-11")),
    row("accepted with nothing", "CL-2", True, "0", ("accepted", "0.00", "2026-11")),
    row("accepted against the rules", "CL-3", True, "5.50", ("accepted", "5.50", "None")),
    row("rejected against the rules", "CL-2", False, None, ("rejected", "0.00", "None")),
    row("rejected as by rule", "CL-3", False, None, ("rejected", "0.00", "None")),
]


@pytest.mark.parametrize(("claim", "accepted", "amount", "expected"), BY_HAND)
def test_decision_by_hand_is_kept_with_its_note(two_claims, claim, accepted, amount, expected):
    """Somebody's word goes before the rules', with why; what is accepted becomes a credit at once."""
    standing = two_claims.by_hand(claim, accepted, amount)
    decision = standing.decided.decision
    assert (standing.status, plain(decision.amount), str(decision.applies_from)) == expected
    kept = two_claims.decision(claim)
    assert kept == standing.decided
    assert (kept.by_rule, kept.note, kept.decision.explanation[-1]) == (
        False,
        "as agreed by phone",
        "as agreed by phone",
    )
    assert kept.decision.reasons == (("no_breach",) if claim == "CL-3" else ())
    worth = expected[1] != "0.00"
    assert list(two_claims.left().values()) == ([expected[1]] if worth else [])


WRONG_BY_HAND = [
    row("no such claim", {"claim": "CL-9"}, "there is no claim 'CL-9'"),
    row("no note", {"note": " "}, "needs a note"),
    row("worth nothing by rule and no amount", {"claim": "CL-3"}, r"worth nothing \(no_breach\); name an amount"),
    row("finer than cents", {"amount": "1.005"}, "1.005 is no amount of USD"),
    row("below zero", {"amount": "-1"}, "-1 is no amount of USD"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG_BY_HAND)
def test_wrong_decision_by_hand_changes_nothing(two_claims, changes, message):
    """What can not be decided so is said in a sentence, and the claim stays open."""
    before = two_claims.dump()
    with pytest.raises(ClaimError, match=message):
        two_claims.by_hand(**{"claim": "CL-2", "accepted": True} | changes)
    assert two_claims.dump() == before


@pytest.mark.parametrize("first_accepts", [True, False])
def test_decided_is_decided(two_claims, first_accepts):
    """Nobody decides a claim again, neither by hand nor by rule."""
    two_claims.by_hand("CL-2", accepted=first_accepts)
    before = two_claims.dump()
    with pytest.raises(ClaimError, match="was decided already"):
        two_claims.by_hand("CL-2", accepted=not first_accepts)
    with pytest.raises(ClaimError, match="no open claim"):
        two_claims.decide(claim="CL-2")
    assert two_claims.dump() == before


_UPTIME, _TICKET = "C1,uptime,2026-10,,,2026-11-0", "C2,ticket,,T1,2026-10-05,2026-10-0"
TWICE = [
    row("U5: one credit per month", f"A1,{_UPTIME}3T10:00+01:00", f"A2,{_UPTIME}4T10:00+01:00"),
    row("C3: one compensation per ticket", f"A1,{_TICKET}6T10:00+02:00", f"A2,{_TICKET}7T10:00+02:00"),
]


@pytest.mark.parametrize("first", ["rule", "hand"])
@pytest.mark.parametrize(("one", "two"), TWICE)
def test_never_twice_for_one_month_or_ticket(books, one, two, first):
    """The second claim for the same is already_claimed by rule, and refused by hand whatever its amount."""
    books.take(customers=[C1, C2], contracts=[K1, K2], outages=[THREE_DAYS_DOWN], tickets=[LATE], claims=[one])
    if first == "rule":
        books.decide()
    else:
        books.by_hand("A1", accepted=True, amount="1.00")
    books.take(claims=[two])
    before = books.dump()
    with pytest.raises(ClaimError, match="A2, or another one for the same, was decided already"):
        books.by_hand("A2", accepted=True, amount="1.00")
    assert books.dump() == before
    assert books.decide() == {"A2": "rejected already_claimed"}


@pytest.mark.parametrize(("one", "two"), TWICE)
def test_of_two_at_once_the_first_received_wins(books, one, two):
    """Decided together, the claim that came first is accepted, whatever the order of import."""
    books.take(customers=[C1, C2], contracts=[K1, K2], outages=[THREE_DAYS_DOWN], tickets=[LATE], claims=[two])
    books.take(claims=[one])
    decided = books.decide()
    assert [status.split()[0] for status in decided.values()] in (["pending", "rejected"], ["accepted", "rejected"])
    assert decided["A2"] == "rejected already_claimed"


def test_a_rejected_claim_leaves_the_month_to_another(books):
    """Only an accepted claim uses up its month: after a rejection by hand the next one counts."""
    an_outage(books)
    books.take(claims=["CL-9,C1,uptime,2026-10,,,2026-11-04T10:00"])
    books.by_hand("CL-1", accepted=False)
    assert books.decide() == {"CL-9": "pending"}


# --- U5: until the fee is paid ----------------------------------------------------------------------------------------


def test_credit_waits_until_the_month_is_paid_in_full(books):
    """Part payments leave an accepted claim pending; the last one grants the credit as of its day, and once only."""
    an_outage(books)
    october, november = books.issue(OCTOBER), books.issue(NOVEMBER)
    assert books.decide("2026-11-05 00:00") == {"CL-1": "pending"}
    books.pay(november, "2026-11-06")
    books.pay(october, "2026-11-07", "600.00")
    assert (books.claims(), books.left()) == ({"CL-1": "pending"}, {})
    assert books.billing.read_invoice(october.number).status == "partly_paid"
    books.pay(october, "2026-11-20", "599.99")
    assert books.claims() == {"CL-1": "pending"}
    books.pay(october, "2026-11-21", "0.01")
    (credit,) = books.billing.sla.credits()
    assert (credit.claim, credit.amount, credit.granted_on) == ("CL-1", Decimal("600.00"), date(2026, 11, 21))
    assert (credit.setoff, str(credit.applies_from), credit.reason) == (
        Setoff.BEFORE_TAX, "2026-12", "SLA credit, uptime in October 2026",
    )  # fmt: skip
    books.pay(october, "2026-11-22", "5.00")
    books.decide()
    assert len(books.billing.sla.credits()) == 1
    assert setoffs(books.issue(DECEMBER)) == ["CL-1 600.00"]


GRANTED_ON = [
    row("U5: paid before the decision", "2026-10-20", "2026-11-05", "2026-11-05"),
    row("U5: paid on the day of the decision", "2026-11-05", "2026-11-05", "2026-11-05"),
    row("U5: paid after the decision", "2026-11-20", "2026-11-05", "2026-11-20"),
]


@pytest.mark.parametrize(("paid", "decided", "granted"), GRANTED_ON)
def test_day_of_the_grant(books, paid, decided, granted):
    """A credit is of the day on which both decision and payment are there, in whatever order they come."""
    an_outage(books)
    october = books.issue(OCTOBER)
    if paid < decided:
        books.pay(october, paid)
        books.decide(f"{decided} 00:00")
    else:
        books.decide(f"{decided} 00:00")
        books.pay(october, paid)
    assert [str(credit.granted_on) for credit in books.billing.sla.credits()] == [granted]


def test_a_month_without_invoice_stays_pending(books):
    """A fee that was never asked for was never paid."""
    an_outage(books)
    books.decide()
    books.issue(DECEMBER)
    assert (books.claims(), books.left()) == ({"CL-1": "pending"}, {})


def test_a_month_paid_by_credits_alone_is_paid(books):
    """An invoice that a credit covers whole is paid on its day, so a credit for its month follows at once."""
    an_outage(books)
    books.grant("1000.00")
    october = books.issue(OCTOBER)
    assert (figures(october), october.status) == ("0.00 0.00 0.00 0.00", "paid")
    books.decide("2026-11-05 00:00")
    assert books.claims() == {"CL-1": "accepted"}


def test_credit_that_waited_for_its_own_invoice_is_granted_after_it(books):
    """A claim decided before its month is invoiced is granted when that invoice is issued and fully set off."""
    an_outage(books)
    books.decide("2026-11-05 00:00")
    books.grant("1000.00")
    books.issue(OCTOBER, "2026-11-09")
    assert books.claims() == {"CL-1": "accepted"}
    assert [str(credit.granted_on) for credit in books.billing.sla.credits()] == ["2026-09-01", "2026-11-09"]


def test_a_credit_follows_the_list_that_gives_it(opening):
    """Setoff and expiry are those of the month's list: no older contract's, and no later version's, change them."""
    trifft = agreement("trifft")
    other = replace(trifft.credit, setoff=Setoff.AFTER_TAX, expires_after_months=1)
    older = replace(trifft, name="older", credit=other)
    later = replace(trifft, valid_from=date(2027, 1, 1), credit=other)
    books = opening(older)
    lists = [*book(older).versions("trifft"), later, older]
    books.billing = BillingEngine(books.database, PriceListBook(lists), SETTINGS)
    an_outage(books)
    books.take(contracts=["K0,C1,older,premium,2025-01-01,2025-12-31,1000.00,"])
    books.pay(books.issue(OCTOBER), "2026-10-09")
    books.decide("2026-11-05 00:00")
    (credit,) = books.billing.sla.credits()
    assert (credit.setoff, credit.expires_on) == (Setoff.BEFORE_TAX, None)


# --- C3, C4 through real invoices -------------------------------------------------------------------------------------

UNPAID = [
    row("C3: issued, nothing paid", "2026-10-01", [], "rejected unpaid_invoice"),
    row("C3: paid in part", "2026-10-01", [("2026-10-02", "119.99")], "rejected unpaid_invoice"),
    row("C3: paid in full the day before", "2026-10-01", [("2026-10-04", "120.00")], "accepted"),
    row("C3: paid in full on the day", "2026-10-01", [("2026-10-02", "20"), ("2026-10-05", "100")], "accepted"),
    row("C3: paid the day after", "2026-10-01", [("2026-10-06", "120.00")], "rejected unpaid_invoice"),
    row("C3: issued on the day", "2026-10-05", [], "rejected unpaid_invoice"),
    row("C3: issued the day after", "2026-10-06", [], "accepted"),
]


@pytest.mark.parametrize(("issued", "payments", "status"), UNPAID)
def test_an_unpaid_invoice_at_the_breach_refuses_compensation(books, issued, payments, status):
    """What counts is what was issued and paid on the day of the breach, not what is known later."""
    books.take(customers=[C2], contracts=[K2], tickets=[LATE], claims=[TICKET_CLAIM])
    october = books.issue(OCTOBER, issued, "C2")
    for day, amount in payments:
        books.pay(october, day, amount)
    assert books.decide() == {"CL-2": status}


@pytest.mark.parametrize(
    ("submitted", "free", "first"),
    [
        row("C4: received in October", "2026-10-31T23:59:59", [OCTOBER], NOVEMBER),
        row("C4: received on the first second of November", "2026-11-01T00:00:00", [OCTOBER, NOVEMBER], DECEMBER),
    ],
)
def test_first_period_that_begins_after_the_request(books, submitted, free, first):
    """Compensation lowers the invoice of the first period that begins after the request came, and none before."""
    claim = TICKET_CLAIM.replace("2026-10-20T12:00", submitted)
    books.take(customers=[C2], contracts=[K2], tickets=[LATE], claims=[claim])
    assert books.decide() == {"CL-2": "accepted"}
    for month in free:
        assert setoffs(books.issue(month, "2027-01-01", "C2")) == []
    assert setoffs(books.issue(first, "2027-01-01", "C2")) == ["CL-2 25.00"]


def test_next_invoice_where_the_list_says_so(opening):
    """A list with first_period = next_invoice sets off in the month of receipt already."""
    trifft = agreement("trifft")
    books = opening(replace(trifft, credit=replace(trifft.credit, first_period=FirstPeriod.NEXT_INVOICE)))
    an_outage(books)
    books.pay(books.issue(OCTOBER), "2026-10-09")
    books.decide("2026-11-05 00:00")
    assert setoffs(books.issue(NOVEMBER, "2026-11-30")) == ["CL-1 600.00"]


def test_compensation_of_a_month_stops_at_its_cap(books):
    """C2: with one subscription the first breach takes all of the month's 25 %, the second, decided later, nothing."""
    second = LATE.replace("T1", "T2").replace("10-05", "10-06")
    books.take(customers=[C2], contracts=[K2], tickets=[LATE, second], claims=[TICKET_CLAIM])
    books.decide()
    books.take(claims=["CL-3,C2,ticket,,T2,2026-10-06,2026-10-21T12:00"])
    assert books.decide() == {"CL-3": "accepted"}
    assert books.decision("CL-3").decision.amount == 0
    assert books.left() == {"CR-2026-00001": "25.00"}


# --- S2, S3: setting off ----------------------------------------------------------------------------------------------


def test_oldest_first_never_below_zero_the_rest_is_carried(books):
    """Credits go in order of their day, then number; an invoice stops at 0.00 and the rest waits for the next."""
    books.take(customers=[C1], contracts=[K1.replace("1000.00", "100.00")])
    for amount, day in (
        ("30.00", "2026-09-03"),
        ("50.00", "2026-09-01"),
        ("60.00", "2026-09-03"),
        ("70.00", "2026-09-02"),
    ):
        books.grant(amount, day)
    october = books.issue(OCTOBER)
    assert setoffs(october) == ["CR-2026-00002 50.00", "CR-2026-00004 50.00"]
    assert figures(october) == "0.00 0.00 0.00 0.00"
    november = books.issue(NOVEMBER)
    assert setoffs(november) == ["CR-2026-00004 20.00", "CR-2026-00001 30.00", "CR-2026-00003 50.00"]
    assert figures(november) == "0.00 0.00 0.00 0.00"
    assert setoffs(december := books.issue(DECEMBER)) == ["CR-2026-00003 10.00"]
    assert figures(december) == "90.00 18.00 108.00 108.00"
    assert books.accounts() == {"granted": "-210.00", "available": "0.00", "applied": "210.00"}


SETOFF = [
    row("S3: before tax lowers the VAT", Setoff.BEFORE_TAX, "33.33", "66.67 13.33 80.00 80.00", "0.00"),
    row("S3: before tax down to a cent", Setoff.BEFORE_TAX, "99.99", "0.01 0.00 0.01 0.01", "0.00"),
    row("S3: before tax to zero", Setoff.BEFORE_TAX, "100.00", "0.00 0.00 0.00 0.00", "0.00"),
    row("S3: before tax no further than the net", Setoff.BEFORE_TAX, "120.00", "0.00 0.00 0.00 0.00", "20.00"),
    row("S3: after tax leaves net and VAT", Setoff.AFTER_TAX, "33.33", "100.00 20.00 120.00 86.67", "0.00"),
    row("S3: after tax to zero", Setoff.AFTER_TAX, "120.00", "100.00 20.00 120.00 0.00", "0.00"),
    row("S3: after tax no further than the gross", Setoff.AFTER_TAX, "120.01", "100.00 20.00 120.00 0.00", "0.01"),
]


@pytest.mark.parametrize(("mode", "amount", "expected", "left"), SETOFF)
def test_before_and_after_tax_to_the_cent(books, mode, amount, expected, left):
    """With 20 % VAT, before tax lowers what is taxed, after tax what is due."""
    books.take(customers=[C1], contracts=[K1.replace("1000.00", "100.00")])
    books.grant(amount, setoff=mode)
    (plan,) = books.billing.plan(OCTOBER, on=OCTOBER.first_day)
    october = books.issue(OCTOBER)
    assert plan.draft == october.draft
    assert figures(october) == expected
    assert books.left() == {"CR-2026-00001": left}


def test_before_tax_goes_before_after_tax(books):
    """Whatever their age, price reductions make up the tax first; then payments, in their own order, what is due."""
    books.take(customers=[C1], contracts=[K1.replace("1000.00", "100.00")])
    books.grant("30.00", "2026-09-01", setoff=Setoff.AFTER_TAX)
    books.grant("40.00", "2026-09-02")
    books.grant("50.00", "2026-09-03", setoff=Setoff.AFTER_TAX)
    october = books.issue(OCTOBER)
    assert setoffs(october) == ["CR-2026-00002 40.00", "CR-2026-00001 30.00", "CR-2026-00003 42.00"]
    assert figures(october) == "60.00 12.00 72.00 0.00"
    text = pdf_text(october)
    for part in ("Charges 100.00", "Credits -40.00", "Net 60.00", "VAT 20% 12.00", "nothing to pay"):
        assert part in text, text


def test_a_list_that_sets_off_after_tax(opening):
    """A claim's credit follows setoff = after_tax of its list."""
    trifft = agreement("trifft")
    books = opening(replace(trifft, credit=replace(trifft.credit, setoff=Setoff.AFTER_TAX)))
    an_outage(books)
    books.pay(books.issue(OCTOBER), "2026-10-09")
    books.decide("2026-11-05 00:00")
    december = books.issue(DECEMBER)
    assert (setoffs(december), figures(december)) == (["CL-1 600.00"], "1000.00 200.00 1200.00 600.00")
    assert "reference CL-1" in pdf_text(december)


def test_another_currency_is_never_set_off(books):
    """A credit in dollars stays whole beside invoices in euro."""
    books.take(customers=["C1,Aurora,CZ,"], contracts=[K1])
    books.grant("10.00", currency="USD")
    books.grant("10.00", currency="USD", setoff=Setoff.AFTER_TAX)
    books.grant("20.00")
    assert setoffs(books.issue(OCTOBER)) == ["CR-2026-00003 20.00"]
    assert books.left() == {"CR-2026-00001": "10.00", "CR-2026-00002": "10.00", "CR-2026-00003": "0.00"}
    books.refund("CR-2026-00001")


def test_a_credit_is_its_customers_alone(books):
    """Nobody's invoice is lowered by somebody else's credit."""
    books.take(customers=[C1, "C3,Corvina,CZ,EUR"], contracts=[K1, K1.replace("K1,C1", "K3,C3")])
    books.grant("10.00", customer="C3")
    assert setoffs(books.issue(OCTOBER)) == []
    assert [invoice.draft.net for invoice in books.billing.list_invoices()] == [1000, 990]


def test_zero_invoice_is_issued_and_paid_and_says_so(books):
    """An invoice that credits cover whole gets its number, owes nothing, is paid, and asks for nothing."""
    books.take(customers=[C1], contracts=[K1])
    books.grant("1500.00", reason="Sorry for the <b>bad</b> week\n\x1b[31m")
    october = books.issue(OCTOBER)
    assert (october.number, figures(october), october.status) == ("2026-000001", "0.00 0.00 0.00 0.00", "paid")
    text = pdf_text(october)
    assert "nothing to pay" in text
    assert "reference CR-2026-00001" in text
    assert "<b>bad</b> week" in text
    assert "IBAN" not in text
    assert books.billing.list_invoices()[0].status == "paid"


def test_status_follows_payments_and_the_amount_due_stays(books):
    """Open, partly paid, paid; what was due when it was issued is on the invoice for good, in its PDF too."""
    books.take(customers=[C1], contracts=[K1])
    october = books.issue(OCTOBER)
    seen, paper = [], render_invoice(october)
    for amount in (None, "0.01", "1199.98", "0.01", "50.00"):
        if amount is not None:
            books.pay(october, f"2026-10-1{len(seen)}", amount)
        now = books.billing.read_invoice(october.number)
        assert render_invoice(now) == paper
        seen.append((now.status, plain(now.paid), plain(now.amount_due)))
    assert seen == [
        ("open", "0.00", "1200.00"), ("partly_paid", "0.01", "1200.00"), ("partly_paid", "1199.99", "1200.00"),
        ("paid", "1200.00", "1200.00"), ("paid", "1250.00", "1200.00"),
    ]  # fmt: skip


# --- goodwill, refund, expiry -----------------------------------------------------------------------------------------

WRONG_GOODWILL = [
    row("no such customer", {"customer": "C9"}, BillingError, "no customer 'C9'"),
    row("no contract, so no currency", {"customer": "C4"}, BillingError, "name one"),
    row("several currencies", {"customer": "C3"}, BillingError, "several currencies"),
    row("nothing", {"amount": "0"}, BillingError, "no amount above 0"),
    row("below zero", {"amount": "-1"}, BillingError, "no amount above 0"),
    row("finer than cents", {"amount": "0.001"}, BillingError, "no amount above 0"),
    row("finer than yen", {"amount": "0.5", "currency": "JPY"}, BillingError, "no amount above 0 of JPY"),
    row("no currency", {"currency": "eur"}, UnknownCurrencyError, "no ISO 4217"),
    row("no reason", {"reason": " \n"}, BillingError, "needs a reason"),
    row(
        "expired before it is granted", {"expires_on": date(2026, 8, 31)}, BillingError, "can not expire on 2026-08-31"
    ),
]


@pytest.mark.parametrize(("changes", "error", "message"), WRONG_GOODWILL)
def test_wrong_goodwill_is_refused(books, changes, error, message):
    """What is no credit is refused in a sentence, without a number taken."""
    books.take(
        customers=[C1, "C3,Corvina,CZ,", "C4,Dunav,CZ,EUR"],
        contracts=[K1, "K3,C3,trifft,premium,2026-01-01,,10,EUR", "K4,C3,trifft,premium,2026-01-01,,10,USD"],
    )
    before = books.dump()
    with pytest.raises(error, match=message):
        books.grant(**{"amount": "10.00"} | changes)
    assert books.dump() == before


def test_goodwill_takes_the_contracts_currency(books):
    """Without a currency it is that of the customer's contracts; with one it is that one."""
    books.take(customers=[C1, C2], contracts=[K1, K2])
    books.grant("10.00", customer="C2")
    books.grant("10", customer="C2", currency="JPY", expires_on=date(2026, 9, 1))
    assert [(c.currency, c.source, c.reference) for c in books.billing.sla.credits()] == [
        ("USD", "goodwill", "CR-2026-00001"), ("JPY", "goodwill", "CR-2026-00002"),
    ]  # fmt: skip


def test_refund_takes_a_part_then_the_rest(books):
    """What is paid out is gone from the credit; more than is left, or nothing, is refused."""
    books.take(customers=[C1], contracts=[K1.replace("1000.00", "30.00")])
    credit = books.grant("100.00")
    books.issue(OCTOBER)
    assert books.refund(credit, "20.00").remaining == 50
    for amount, message in (
        ("50.01", "less left"),
        ("0", "no amount above 0"),
        ("-1", "no amount"),
        ("0.001", "no amount"),
    ):
        with pytest.raises(CreditSpentError, match=message):
            books.refund(credit, amount)
    assert books.refund(credit).remaining == 0
    with pytest.raises(CreditSpentError):
        books.refund(credit)
    with pytest.raises(CreditSpentError, match="no credit 'CR-2026-00009'"):
        books.refund("CR-2026-00009")
    assert books.accounts() == {"granted": "-100.00", "available": "0.00", "applied": "30.00", "refunded": "70.00"}
    assert setoffs(books.issue(NOVEMBER)) == []


def test_refund_needs_a_reason(books):
    """Like a grant, a refund says why."""
    books.take(customers=[C1], contracts=[K1])
    credit = books.grant("10.00")
    with pytest.raises(BillingError, match="needs a reason"):
        books.refund(credit, reason=" ")
    assert books.left() == {credit: "10.00"}


@pytest.mark.parametrize(
    ("issued", "expected"),
    [
        row("S1: usable on its last day", "2026-10-15", {"available": "0.00", "applied": "10.00"}),
        row("S1: expired the day after", "2026-10-16", {"available": "0.00", "expired": "10.00"}),
    ],
)
def test_goodwill_expires_after_its_last_day(books, issued, expected):
    """On its last day a credit is set off; on the next it lapses, in the preview as in the run."""
    books.take(customers=[C1], contracts=[K1])
    books.grant("10.00", expires_on=date(2026, 10, 15))
    (plan,) = books.billing.plan(OCTOBER, on=date.fromisoformat(issued))
    october = books.issue(OCTOBER, issued)
    assert plan.draft == october.draft
    assert books.accounts() == {"granted": "-10.00"} | expected


def test_what_expired_is_not_paid_out(books):
    """A credit after its last day is not refunded either; on it, it is."""
    books.take(customers=[C1], contracts=[K1])
    credit = books.grant("10.00", expires_on=date(2026, 10, 15))
    with pytest.raises(CreditSpentError, match="expired after 2026-10-15"):
        books.refund(credit, on="2026-10-16")
    assert books.refund(credit, "4.00", on="2026-10-15").remaining == 6
    books.issue(OCTOBER, "2026-10-16")
    assert books.accounts() == {"granted": "-10.00", "available": "0.00", "refunded": "4.00", "expired": "6.00"}


EXPIRY = [
    row("expires_after_months: from the end of a month into February", "2026-11-30", 3, "2027-02-28"),
    row("expires_after_months: into a leap day", "2027-11-30", 3, "2028-02-29"),
    row("expires_after_months: from a leap day", "2028-02-29", 12, "2029-02-28"),
    row("expires_after_months: over a year's end", "2026-12-15", 1, "2027-01-15"),
]


@pytest.mark.parametrize(("paid", "months", "last_day"), EXPIRY)
def test_credit_of_a_list_that_lets_it_expire(opening, paid, months, last_day):
    """So many months after the grant is the last day on which a claim's credit is set off."""
    trifft = agreement("trifft")
    terms = replace(trifft.credit, expires_after_months=months, first_period=FirstPeriod.NEXT_INVOICE)
    for extra, left in ((0, "applied"), (1, "expired")):
        books = opening(replace(trifft, credit=terms))
        an_outage(books)
        october = books.issue(OCTOBER)
        books.decide("2026-11-05 00:00")
        books.pay(october, paid)
        (credit,) = books.billing.sla.credits()
        assert (str(credit.granted_on), str(credit.expires_on)) == (paid, last_day)
        day = date.fromisoformat(last_day) + timedelta(days=extra)
        books.issue(Month(day.year, day.month), str(day))
        assert books.accounts() == {"granted": "-600.00", "available": "0.00", left: "600.00"}


def test_run_of_a_customer_with_nothing_to_bill_lets_credits_expire(books):
    """Expiry is booked by a run also where there is no invoice."""
    books.take(customers=[C1], contracts=["K1,C1,trifft,free,2026-01-01,,,"])
    books.grant("10.00", expires_on=date(2026, 10, 15), currency="EUR")
    plans = books.billing.issue(OCTOBER, date(2026, 11, 1))
    assert [plan.outcome for plan in plans] == [RunOutcome.NOTHING_TO_BILL]
    assert books.accounts() == {"granted": "-10.00", "available": "0.00", "expired": "10.00"}


# --- reports and termination ------------------------------------------------------------------------------------------


def test_report_of_a_month(books):
    """A report has the month's tickets, uptime, claims and credits of one customer, and leaves out quiet ones."""
    books.take(**WHOLE_FOLDER | {"customers": [C1, C2, "C3,Corvina,CZ,EUR"], "ticket_pauses": []})
    books.pay(books.issue(OCTOBER), "2026-10-09")
    books.decide("2026-11-05 00:00")
    first, second = books.billing.sla.report(OCTOBER, moment("2026-11-05 00:00"))
    assert (first.customer.customer, first.tickets, first.as_of) == ("C1", 0, "2026-11-05T00:00:00+01:00")
    assert [str(one.effective_uptime) for one in first.availability] == ["90.33"]
    assert [(one.claim.claim, one.decision.amount) for one in first.claims] == [("CL-1", 600)]
    assert [(credit.reference, credit.remaining) for credit in first.credits] == [("CL-1", 600)]
    assert (second.customer.customer, second.tickets) == ("C2", 1)
    assert [(t.severity, t.kind, t.met, t.breached) for t in second.targets] == [
        ("critical", "first_response", 0, 1), ("critical", "solution", 1, 0),
    ]  # fmt: skip
    assert [(case.ticket, case.elapsed_minutes) for case in second.worst] == [("T1", 120)]
    assert books.billing.sla.report(OCTOBER, moment("2026-11-05 00:00"), "C3") == []
    with pytest.raises(BillingError, match="no customer 'C9'"):
        books.billing.sla.report(OCTOBER, moment("2026-11-05 00:00"), "C9")


BAD_MONTHS = (7, 8, 9)


@pytest.fixture
def three_bad_months(books):
    """Take in three bad months, each claimed in time, two contracts, and October paid in advance."""
    books.take(
        customers=[C1],
        contracts=[K1, "K9,C1,b2bee,standard,2026-01-01,,,"],
        outages=[f"O{m},C1,2026-0{m}-05T00:00,2026-0{m}-08T00:00,," for m in BAD_MONTHS],
        claims=[f"CL-{m},C1,uptime,2026-0{m},,,2026-{m + 1:02d}-03T10:00+02:00" for m in BAD_MONTHS],
    )
    books.pay(books.issue(OCTOBER), "2026-10-02")
    return books


def test_right_to_terminate_and_what_is_paid_back(three_bad_months):
    """U6: after three bad months, claimed in time, the days after the end are paid back, of the contract concerned."""
    books = three_bad_months
    refund = books.billing.sla.termination("C1", date(2026, 10, 10), moment("2026-10-10 12:00"))
    (right,) = refund.rights
    assert right.startswith("Contract K1 may be terminated by the customer")
    assert (refund.parts, refund.amount) == ((("2026-000001", Decimal("677.42")),), Decimal("677.42"))  # 1000 x 21 / 31
    report = books.billing.sla.report(Month(2026, 9), moment("2026-10-10 12:00"))
    assert report[0].termination == right
    credit = books.billing.sla.grant_credit(Grant.of_refund(refund), date(2026, 10, 10))
    assert (credit.source, credit.reason) == ("termination", "Fees paid for days after 10 Oct 2026")
    books.refund(credit.credit, on="2026-10-12")
    assert books.accounts() == {"granted": "-677.42", "available": "0.00", "refunded": "677.42"}


def test_fees_are_paid_back_once(three_bad_months):
    """Booking the same termination again, or of another day, is refused."""
    for day in (date(2026, 10, 10), date(2026, 10, 11)):
        refund = three_bad_months.billing.sla.termination("C1", day, moment("2026-10-12 12:00"))
        goodwill = Grant.of_refund(refund)
        if day.day == 10:
            three_bad_months.billing.sla.grant_credit(goodwill, day)
        else:
            with pytest.raises(BillingError, match="paid back as CR-2026-00001 before"):
                three_bad_months.billing.sla.grant_credit(goodwill, day)
    assert three_bad_months.accounts() == {"granted": "-677.42", "available": "677.42"}


NO_RIGHT = [
    row("U6: two months only", "2026-09-30"),
    row("U6: a good month between", "2026-11-30"),
    row("U6: long before", "2025-01-31"),
]


@pytest.mark.parametrize("day", NO_RIGHT)
def test_without_the_right_nothing_is_paid_back(three_bad_months, day):
    """No right, no refund."""
    refund = three_bad_months.billing.sla.termination("C1", date.fromisoformat(day), moment("2026-12-12 12:00"))
    assert (refund.rights, refund.parts, refund.amount) == ((), (), 0)


def test_refund_by_days_in_a_leap_february(books):
    """29 days make the month of a leap year: 1000.00 x 9 / 29."""
    books.take(
        customers=[C1],
        contracts=[K1],
        outages=[f"O{m},C1,2028-{m:02d}-05T00:00,2028-{m:02d}-08T00:00,," for m in (1,)]
        + [f"P{m},C1,2027-{m}-05T00:00,2027-{m}-08T00:00,," for m in (11, 12)],
        claims=["A,C1,uptime,2027-11,,,2027-12-15T23:59:59", "B,C1,uptime,2027-12,,,2028-01-15T23:59:59",
                "C,C1,uptime,2028-01,,,2028-02-15T23:59:59"],
    )  # fmt: skip
    books.pay(books.issue("2028-02"), "2028-02-02")
    refund = books.billing.sla.termination("C1", date(2028, 2, 20), moment("2028-02-20 12:00"))
    assert refund.amount == Decimal("310.34")


# --- transactions -----------------------------------------------------------------------------------------------------


def test_host_transaction_takes_everything_back(books):
    """With connection= nothing is committed: the host's rollback undoes decision, grant, refund, import and run."""
    an_outage(books)
    books.pay(books.issue(OCTOBER), "2026-10-09")
    before = books.dump()
    sla, day = books.billing.sla, date(2026, 11, 5)
    with books.database.connect() as connection:
        transaction = connection.begin()
        sla.decide_claims(moment("2026-11-05 00:00"), day, connection=connection)
        granted = sla.grant_credit(Grant("C1", Decimal("5.00"), "Sorry"), day, connection=connection)
        sla.refund_credit(granted.credit, Decimal("1.00"), "Paid", day, connection=connection)
        books.billing.issue(DECEMBER, date(2026, 12, 1), connection=connection)
        assert [plain(c.remaining) for c in sla.credits(connection=connection)] == ["0.00", "0.00"]
        assert len(sla.ledger(connection=connection)) == 10
        transaction.rollback()
    assert books.dump() == before
    assert books.decide("2026-11-05 00:00") == {"CL-1": "accepted"}


def test_refusal_in_a_host_transaction_keeps_the_host_going(books):
    """A refused decision or grant raises and leaves what the host did before, and does after, to be committed."""
    an_outage(books)
    day = date(2026, 11, 5)
    with books.database.begin() as connection:
        with pytest.raises(BillingError):
            books.billing.sla.grant_credit(Grant("C1", Decimal(0), "Sorry"), day, connection=connection)
        with pytest.raises(ClaimError):
            books.billing.sla.decide_claims(moment("2026-11-05 00:00"), day, "CL-9", connection=connection)
        books.billing.sla.grant_credit(Grant("C1", Decimal("5.00"), "Sorry"), day, connection=connection)
    assert books.left() == {"CR-2026-00001": "5.00"}


def test_dying_between_decision_and_grant_leaves_neither(books, monkeypatch):
    """A decision and its credit are one transaction: a failure in between leaves the claim open."""
    an_outage(books)
    books.pay(books.issue(OCTOBER), "2026-10-09")
    before = books.dump()

    def fail(connection, credit):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(credit_ledger, "grant_credit", fail)
        with pytest.raises(OSError, match="disk"):
            books.decide("2026-11-05 00:00")
    assert books.dump() == before
    assert books.decide("2026-11-05 00:00") == {"CL-1": "accepted"}


def test_failing_issue_spends_no_credit(books, monkeypatch):
    """A run that fails after the setoff was written gives it back, with the number of the invoice."""
    from billing_engine.storage import invoices

    books.take(customers=[C1], contracts=[K1])
    books.grant("10.00")
    before = books.dump()

    def fail(connection, series, year):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(invoices, "next_number", fail)
        (plan,) = books.billing.issue(OCTOBER, OCTOBER.first_day)
    assert (plan.outcome, plan.reason) == (RunOutcome.FAILED, "OSError: the disk is full")
    assert books.dump() == before
    assert setoffs(books.issue(OCTOBER)) == ["CR-2026-00001 10.00"]


def test_deciding_and_paying_during_a_run_counts_for_who_comes_later(books):
    """What happens between two customers of a run is seen by the second, and nothing is lost."""
    books.take(
        customers=[C1, "C3,Corvina,CZ,EUR"], contracts=[K1, K1.replace("K1,C1", "K3,C3")],
        outages=[THREE_DAYS_DOWN.replace("C1", "C3")], claims=[CLAIM.replace("C1", "C3")],
    )  # fmt: skip
    october = books.issue(OCTOBER, customer="C3")
    done = []

    def meanwhile(plan):
        if not done:
            done.append(books.decide("2026-11-05 00:00"))
            books.pay(october, "2026-11-06")

    books.billing.issue(DECEMBER, date(2026, 12, 1), on_progress=meanwhile)
    assert [setoffs(books.billing.read_invoice(number)) for number in ("2026-000003", "2026-000004")] == [
        [],
        ["CL-1 600.00"],
    ]


def test_many_claims_at_once(books):
    """Five hundred claims of one customer are decided together, each by its own ticket."""
    days = {f"T{n}": f"2026-10-{n % 28 + 1:02d}" for n in range(2, 501)}
    tickets = [f"{ticket},C2,low,helpdesk,{day}T10:00,{day}T12:00,{day}T12:30," for ticket, day in days.items()]
    claims = [f"A-{ticket},C2,ticket,,{ticket},{day},2026-11-01T12:00" for ticket, day in days.items()]
    late, for_it = LATE.replace("10-05", "10-30"), "A-T1,C2,ticket,,T1,2026-10-30,2026-11-01T12:00"
    books.take(customers=[C2], contracts=[K2], tickets=[late, *tickets], claims=[for_it, *claims])
    decided = books.decide("2026-11-02 00:00")
    assert (len(decided), decided.pop("A-T1"), set(decided.values())) == (500, "accepted", {"rejected no_breach"})
    assert books.decide("2026-11-02 00:00") == {}
