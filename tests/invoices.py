"""An issued invoice to start from, and short ways to change it."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from billing_engine.model.invoice import (
    Buyer,
    ContractUse,
    Invoice,
    InvoiceDraft,
    InvoiceEntry,
    InvoiceLine,
    InvoiceSetoff,
    Seller,
)
from billing_engine.model.period import Month
from billing_engine.model.sla_terms import Setoff

SUMMER = timezone(timedelta(hours=2))

SELLER = Seller(
    name="Nordlicht Software d.o.o.",
    address="Bulevar kralja Aleksandra 28\n11000 Beograd",
    country="RS",
    vat_id="RS101234567",
    registration_number="20654321",
    email="billing@nordlicht.example",
    phone="+381 11 555 0123",
    website="nordlicht.example",
    bank="Banka Beograd",
    iban="RS35160005010001234567",
    bic="DBDBRSBG",
)
BUYER = Buyer(
    customer="C1",
    name="Hansen & Søn Logistik GmbH",
    address="Am Kaiserkai 62\n20457 Hamburg",
    country="DE",
    vat_id="DE123456789",
    email="ap@hansen.example",
    language="en",
)
FEE = InvoiceLine(1, "fee", "K1", "Premium", "October 2026", Decimal(1), "MON", Decimal(360), Decimal("360.00"))
TIME = InvoiceLine(
    2, "tariff", "K1", "After hours", "2 time entries", Decimal(150), "MIN", Decimal(100), Decimal("250.00")
)
USE = ContractUse("K1", "Premium", "2016-01-01", "Europe/Belgrade", 720 * 60, 450 * 60, 0)
ENTRY = InvoiceEntry(
    entry="E1",
    contract="K1",
    ticket="SD-1",
    severity="T3",
    activity="support",
    started_at="2026-10-01T16:40:00+02:00",
    ended_at="2026-10-01T18:10:00+02:00",
    worked_seconds=90 * 60,
    billed_seconds=150 * 60,
    amount=Decimal("200.00"),
    reason="20 min covered, counted as 30; 70 min after hours, 2 started hours at 100.00",
)

BEFORE_TAX = InvoiceSetoff(1, "CR-1", "CL-7", "Uptime of October 2026", Decimal("72.00"), Setoff.BEFORE_TAX)
AFTER_TAX = InvoiceSetoff(2, "CR-2", "CL-9", "Late solution of SD-1042", Decimal("45.00"), Setoff.AFTER_TAX)


def invoice(number: str = "2026-000118", **changes) -> Invoice:
    """Issue an invoice of one line; `changes` are of its draft, totals follow lines and setoffs unless given."""
    lines = changes.pop("lines", (FEE,))
    reductions = [s.amount for s in changes.get("setoffs", ()) if s.setoff is Setoff.BEFORE_TAX]
    net = sum((line.amount for line in lines), Decimal(0)) - sum(reductions)
    draft = {
        "customer": "C1",
        "period": Month(2026, 10),
        "currency": "EUR",
        "seller": SELLER,
        "buyer": BUYER,
        "lines": tuple(lines),
        "entries": (),
        "uses": (USE,),
        "net": net,
        "tax_percent": Decimal(20),
        "tax_note": "",
        "tax": net / 5,
        "gross": net + net / 5,
        "payment_days": 14,
        "holiday_source": "holidays 0.109",
    }
    return Invoice(number, date(2026, 11, 2), date(2026, 11, 16), InvoiceDraft(**{**draft, **changes}))


def many_entries(count: int, contract: str = "K1") -> tuple[InvoiceEntry, ...]:
    """Make entries SD-0, SD-1 and so on, three hours apart."""
    first = datetime(2026, 10, 1, 8, 0, tzinfo=SUMMER)
    starts = [first + timedelta(hours=3 * number) for number in range(count)]
    return tuple(
        replace(
            ENTRY,
            entry=f"{contract}-{number}",
            contract=contract,
            ticket=f"SD-{number}",
            started_at=start.isoformat(),
            ended_at=(start + timedelta(minutes=90)).isoformat(),
        )
        for number, start in enumerate(starts)
    )
