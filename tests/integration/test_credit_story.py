"""Four months of one customer, from an outage to the last cent of its credit: every cent after every step."""

from datetime import date

from books import figures, pdf_text, setoffs

from billing_engine.model.sla_terms import Setoff


class Expected:
    """What the books have to show; each step says what it changes, and all of it is checked again."""

    def __init__(self, books):
        self._books = books
        self._ledger, self._credits, self._invoices, self._claims = {}, {}, {}, {}

    def after(self, *, ledger=None, left=None, invoices=None, claims=None):
        """Check the ledger by account, what is left of each credit, each invoice's figures and status, each claim."""
        self._ledger |= ledger or {}
        self._credits |= left or {}
        self._invoices |= invoices or {}
        self._claims |= claims or {}
        assert self._books.accounts() == self._ledger
        assert self._books.left() == self._credits
        found = self._books.billing.list_invoices()
        assert {one.number: f"{figures(one)} {one.status_on(one.issued_on)}" for one in found} == self._invoices
        assert self._books.claims() == self._claims
        self._books.check()


def test_four_months_from_outage_to_the_last_cent(books):
    """An outage in September ends as 800.00 on the invoices of November and December; nothing is lost on the way."""
    expected = Expected(books)

    # September: the fee is invoiced in advance, and paid in part. The service is down for eight days.
    books.take(customers=["C1,Aurora,CZ,EUR"], contracts=["K1,C1,trifft,premium,2026-01-01,,1000.00,"])
    september = books.issue("2026-09")
    expected.after(invoices={"2026-000001": "1000.00 200.00 1200.00 1200.00 open"})
    books.pay(september, "2026-09-20", "500.00")
    expected.after(invoices={"2026-000001": "1000.00 200.00 1200.00 1200.00 partly_paid"})
    books.take(outages=["O1,C1,2026-09-06T00:00,2026-09-14T00:00,,"])
    expected.after()

    # October: its invoice goes out before the claim comes. The claim is accepted and waits for September's payment.
    books.issue("2026-10")
    expected.after(invoices={"2026-000002": "1000.00 200.00 1200.00 1200.00 open"})
    books.take(claims=["CL-1,C1,uptime,2026-09,,,2026-10-02T09:30"])
    expected.after(claims={"CL-1": "received"})
    assert books.decide("2026-10-03 12:00") == {"CL-1": "pending"}
    expected.after(claims={"CL-1": "pending"})
    (sentence, first) = books.decision("CL-1").decision.explanation
    for figure in ("73.33 %", "11,520 minutes", "43,200", "80 %", "1,000.00 EUR", "800.00 EUR"):
        assert figure in sentence
    assert first == "It is taken off the invoices from November 2026 on, once the fee of September 2026 is paid."
    books.pay(september, "2026-10-08", "700.00")
    expected.after(
        claims={"CL-1": "accepted"},
        ledger={"granted": "-800.00", "available": "800.00"},
        left={"CR-2026-00001": "800.00"},
        invoices={"2026-000001": "1000.00 200.00 1200.00 1200.00 paid"},
    )
    books.take(outages=["O2,C1,2026-10-20T00:00,2026-10-23T00:00,,"])
    books.take(claims=["CL-2,C1,uptime,2026-09,,,2026-10-10T12:00"])
    assert books.decide("2026-10-11 12:00") == {"CL-2": "rejected already_claimed"}
    expected.after(claims={"CL-2": "rejected already_claimed"})

    # November: the customer moves to a smaller package on the 11th, so the credit is larger than the invoice.
    change = ["K1,C1,trifft,premium,2026-01-01,2026-11-10,1000.00,", "K2,C1,trifft,standard,2026-11-11,,300.00,"]
    books.take(contracts=change)
    expected.after()
    november = books.issue("2026-11")
    assert [str(line.amount) for line in november.draft.lines] == ["333.33", "200.00"]
    assert setoffs(november) == ["CL-1 533.33"]
    expected.after(
        ledger={"available": "266.67", "applied": "533.33"},
        left={"CR-2026-00001": "266.67"},
        invoices={"2026-000003": "0.00 0.00 0.00 0.00 paid"},
    )
    books.take(claims=["CL-3,C1,uptime,2026-10,,,2026-11-16T00:00:00"])
    assert books.decide("2026-11-16 09:00") == {"CL-3": "rejected too_late"}
    expected.after(claims={"CL-3": "rejected too_late"})
    (reason,) = books.decision("CL-3").decision.explanation
    assert "16 Nov 2026" in reason
    assert "15 Nov 2026" in reason

    # December: the rest of the credit, and a present that lowers what is due after tax.
    books.grant("15.00", "2026-11-30", reason="Thank you for your patience", setoff=Setoff.AFTER_TAX)
    expected.after(
        ledger={"granted": "-815.00", "available": "281.67"},
        left={"CR-2026-00002": "15.00"},
    )
    (plan,) = books.billing.plan(december_month := november.draft.period.next(), on=date(2026, 12, 1))
    expected.after()
    december = books.issue(december_month)
    assert plan.draft == december.draft
    assert setoffs(december) == ["CL-1 266.67", "CR-2026-00002 15.00"]
    expected.after(
        ledger={"available": "0.00", "applied": "815.00"},
        left={"CR-2026-00001": "0.00", "CR-2026-00002": "0.00"},
        invoices={"2026-000004": "33.33 6.67 40.00 25.00 open"},
    )
    books.pay(december, "2026-12-10")
    expected.after(invoices={"2026-000004": "33.33 6.67 40.00 25.00 paid"})

    # A second pass over everything changes nothing.
    before = books.dump()
    assert books.decide("2027-06-01 00:00") == {}
    books.billing.issue(december_month, date(2026, 12, 2))
    assert books.dump() == before
    assert setoffs(books.issue("2027-01")) == []
    expected.after(invoices={"2027-000001": "300.00 60.00 360.00 360.00 open"})
    _check_papers(books)


def _check_papers(books):
    """Read the PDFs: each shows its setoffs with the claim's number, and what is left to pay."""
    pages = {
        invoice.number: pdf_text(books.billing.read_invoice(invoice.number))
        for invoice in books.billing.list_invoices()
    }
    assert [number for number, text in pages.items() if "reference CL-1" in text] == ["2026-000003", "2026-000004"]
    said = {
        "2026-000001": ["1,000.00 VAT 20% 200.00 Total EUR 1,200.00"],
        "2026-000003": [
            "nothing to pay",
            "Monthly fee, November 2026, 10 of 30 days",
            "Monthly fee, November 2026, 20 of 30 days",
            "SLA credit, uptime in September 2026 Credit, reference CL-1 -533.33",
            "Charges 533.33 Credits -533.33 Net 0.00 VAT 20% 0.00 Total EUR 0.00",
        ],
        "2026-000004": [
            "SLA credit, uptime in September 2026 Credit, reference CL-1 -266.67",
            "Charges 300.00 Credits -266.67 Net 33.33 VAT 20% 6.67 Total EUR 40.00",
            "Thank you for your patience Credit, reference CR-2026-00002 -15.00",
            "Amount due EUR 25.00",
        ],
    }
    for number, parts in said.items():
        for part in parts:
            assert part in pages[number], (number, part, pages[number])
    assert "Credits" not in pages["2026-000001"] + pages["2026-000002"] + pages["2027-000001"]


LEDGER = [
    ("2026-10-08", "CR-2026-00001/available/1", "granted", "-800.00", ""),
    ("2026-10-08", "CR-2026-00001/available/1", "available", "800.00", ""),
    ("2026-11-01", "CR-2026-00001/applied/1", "available", "-533.33", "2026-000003"),
    ("2026-11-01", "CR-2026-00001/applied/1", "applied", "533.33", "2026-000003"),
    ("2026-12-01", "CR-2026-00001/applied/2", "available", "-266.67", "2026-000004"),
    ("2026-12-01", "CR-2026-00001/applied/2", "applied", "266.67", "2026-000004"),
]


def test_ledger_tells_the_story_in_order(books):
    """Each posting has both sides, its day, and the number of the invoice that it lowered."""
    books.take(
        customers=["C1,Aurora,CZ,EUR"],
        contracts=["K1,C1,trifft,premium,2026-01-01,2026-11-10,1000.00,", "K2,C1,trifft,standard,2026-11-11,,300.00,"],
        outages=["O1,C1,2026-09-06T00:00,2026-09-14T00:00,,"],
        claims=["CL-1,C1,uptime,2026-09,,,2026-10-02T09:30"],
    )
    september = books.issue("2026-09")
    books.issue("2026-10")
    books.decide("2026-10-03 12:00")
    books.pay(september, "2026-10-08")
    books.issue("2026-11")
    books.issue("2026-12")
    found = [
        (str(one.posted_on), one.posting, str(one.account), f"{one.amount:.2f}", one.invoice)
        for one in books.billing.sla.ledger("C1")
    ]
    assert found == LEDGER
    books.check()
