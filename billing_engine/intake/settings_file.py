"""The settings file: seller, tax, payment, numbering, reminders; and the commented sample that `init` writes."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from billing_engine.intake.fields import Country, Title
from billing_engine.intake.toml_file import Amount, Table, check_toml, load_toml
from billing_engine.model.invoice import Seller
from billing_engine.model.receivables import LEVELS
from billing_engine.model.settings import Limits, Settings, StripeTerms

SAMPLE = """\
# Settings of the billing engine. `billing-engine init` wrote this sample; it works at once.
# Replace the seller by your own company before you send an invoice to anybody.

[seller]
name = "Sample Support d.o.o."
address = [
    "Bulevar kralja Aleksandra 1",
    "11000 Beograd",
    "Serbia",
]
country = "RS"                       # ISO 3166 code
vat_id = "RS100000024"
registration_number = "00000000"
email = "billing@example.com"
phone = "+381 11 000 00 00"
website = "www.example.com"
bank = "Sample Bank"
iban = "RS35260005601001611379"
bic = "SMPLRSBG"
# id = "sample"                        # tells sellers that share a database apart: each has its own series of numbers

[tax]
vat_percent = 20                     # the one standard rate; leave it out when no VAT is charged
# vat_note = "No VAT is charged: ..."  # the legal reference, printed when vat_percent is left out

[payment]
days = 14                            # from the day of issue to the day it is due

[invoice]
number_format = "{year}-{number:06d}"  # {year} is the billing period's fiscal year; numbers begin at 1 with it
fiscal_year_starts = 1               # month in which the fiscal year begins; 4 makes March 2027 part of 2026
zero_invoices = false                # true: customers whose month comes to 0.00 get an invoice too

[credit_note]
number_format = "CN-{year}-{number:06d}"  # {year} is that of the day of issue; another form than the invoices'

[limits]                             # an invoice beyond them is parked until `billing-engine release` lets it pass
largest_total = 1000000              # in the invoice's currency, tax included
most_lines = 1000
# most_times_last_month = 5          # times the total of the month before

[reminders]
days = [7, 14, 28]                   # days after the due day from which the 1st, 2nd and last reminder are drafted

[stripe]                             # for customers with a stripe_mode; keys come from the environment alone
collection_method = "send_invoice"   # Stripe mails the invoice; "charge_automatically" charges the customer's card
# invoice_url = "https://billing.example.com/{number}.pdf"  # where a customer finds the PDF of a long invoice

[price_lists]
folders = []                         # your own price lists, such as ["my_price_lists"]; paths are relative to this file
"""

_LONGEST_FORMAT = 50


def _number_format(text: str) -> str:
    """Allow fixed text, {year}, and {number} with leading zeros: anything more could hide or repeat a number."""
    shape = re.fullmatch(r"(?:[A-Za-z0-9/._ -]|\{year\}|\{number(?::0[1-9]d)?\})*", text, re.ASCII)
    if shape is None or text.count("{year}") != 1 or text.count("{number") != 1 or len(text) > _LONGEST_FORMAT:
        raise ValueError('allowed is a text with {year} and {number}, such as "{year}-{number:06d}"')
    return text


Text = Annotated[str, Field(max_length=200)]


def _identifier(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]{0,40}", text, re.ASCII) is None:
        raise ValueError("allowed are up to 40 letters, digits, - and _")
    return text


class SellerTable(Table):
    id: Annotated[str, AfterValidator(_identifier)] = ""
    name: Title
    address: Annotated[list[Text], Field(min_length=1, max_length=8)]
    country: Country
    vat_id: Text = ""
    registration_number: Text = ""
    email: Text = ""
    phone: Text = ""
    website: Text = ""
    bank: Text = ""
    iban: Text = ""
    bic: Text = ""


class TaxTable(Table):
    vat_percent: Annotated[Amount, Field(le=100)] | None = None
    vat_note: Text = ""


class PaymentTable(Table):
    days: Annotated[int, Field(ge=0, le=365)] = 14


class InvoiceTable(Table):
    number_format: Annotated[str, AfterValidator(_number_format)] = "{year}-{number:06d}"
    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)] = 1
    zero_invoices: bool = False


class LimitsTable(Table):
    largest_total: Annotated[Amount, Field(gt=0)] = Decimal(1_000_000)
    most_lines: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    most_times_last_month: Annotated[Amount, Field(ge=1)] | None = None


class CreditNoteTable(Table):
    number_format: Annotated[str, AfterValidator(_number_format)] = "CN-{year}-{number:06d}"


def _growing(days: list[int]) -> list[int]:
    if len(days) != LEVELS or days != sorted(set(days)):
        raise ValueError(f"allowed are {LEVELS} numbers of days, each larger than the one before")
    return days


Days = Annotated[int, Field(ge=1, le=365)]


class RemindersTable(Table):
    days: Annotated[list[Days], AfterValidator(_growing)] = [7, 14, 28]


def _url(text: str) -> str:
    path = r"[A-Za-z0-9/._~%?&=+-]*"
    if re.fullmatch(rf"https://[A-Za-z0-9.-]+(:[0-9]+)?/{path}(\{{number\}})?{path}", text) is None:
        raise ValueError("allowed is an address such as https://billing.example.com/{number}.pdf")
    return text


class StripeTable(Table):
    collection_method: Literal["send_invoice", "charge_automatically"] = "send_invoice"
    invoice_url: Annotated[Text, AfterValidator(_url)] = ""


class PriceListsTable(Table):
    folders: tuple[str, ...] = Field(default=(), strict=False)


class SettingsFile(Table):
    seller: SellerTable
    tax: TaxTable = TaxTable()
    payment: PaymentTable = PaymentTable()
    invoice: InvoiceTable = InvoiceTable()
    credit_note: CreditNoteTable = CreditNoteTable()
    limits: LimitsTable = LimitsTable()
    reminders: RemindersTable = RemindersTable()
    stripe: StripeTable = StripeTable()
    price_lists: PriceListsTable = PriceListsTable()

    @classmethod
    def misfits(cls, data: dict[str, Any]) -> list[str]:
        """Keep numbers of invoices and credit notes apart: one number names one document."""
        forms = [_form(data, "invoice", InvoiceTable()), _form(data, "credit_note", CreditNoteTable())]
        bare = [re.sub(r"\{number:0\dd\}", "{number}", str(form)) for form in forms]
        if bare[0] != bare[1]:  # leading zeros alone do not keep them apart: 10 is 10
            return []
        return [f"credit_note.number_format: must differ from invoice.number_format; found {forms[1]!r} for both"]


def _form(data: dict[str, Any], name: str, table: InvoiceTable | CreditNoteTable) -> object:
    given = data.get(name)
    return given.get("number_format", table.number_format) if isinstance(given, dict) else table.number_format


def read_settings(path: Path) -> Settings:
    """Read a settings file; raises InvalidFileError with all its problems."""
    file = check_toml(path, load_toml(path), SettingsFile)
    seller = file.seller.model_dump(exclude={"id"}) | {"address": "\n".join(file.seller.address)}
    return Settings(
        seller=Seller(**seller),
        seller_id=file.seller.id,
        vat_percent=file.tax.vat_percent,
        vat_note=file.tax.vat_note,
        payment_days=file.payment.days,
        number_format=file.invoice.number_format,
        fiscal_year_starts=file.invoice.fiscal_year_starts,
        limits=Limits(**file.limits.model_dump()),
        credit_note_number_format=file.credit_note.number_format,
        reminder_days=tuple(file.reminders.days),
        zero_invoices=file.invoice.zero_invoices,
        stripe=StripeTerms(**file.stripe.model_dump()),
        price_list_folders=tuple(path.parent / folder for folder in file.price_lists.folders),
    )
