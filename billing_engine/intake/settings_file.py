"""The settings file: seller, tax, payment, numbering, reminders; and the commented sample that `init` writes."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from billing_engine.intake.document_settings import DocumentsTable, MailTable
from billing_engine.intake.fields import Country, Title
from billing_engine.intake.tax_settings import TaxSettings
from billing_engine.intake.toml_file import Amount, Table, check_toml, load_toml
from billing_engine.model.identifiers import iban_problem, vat_id_problem
from billing_engine.model.invoice import Seller
from billing_engine.model.receivables import LEVELS
from billing_engine.model.settings import Limits, MailTerms, Settings, StripeTerms

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


def _iban(text: str) -> str:
    if text and (problem := iban_problem(text)):
        raise ValueError(problem)
    return text


class SellerTable(Table):
    id: Annotated[str, AfterValidator(_identifier)] = ""
    name: Title
    address: Annotated[list[Text], Field(min_length=1, max_length=8)]
    postal_code: Text = ""
    city: Text = ""
    country: Country
    vat_id: Text = ""
    registration_number: Text = ""
    email: Text = ""
    phone: Text = ""
    website: Text = ""
    contact: Text = ""
    bank: Text = ""
    iban: Annotated[Text, AfterValidator(_iban)] = ""
    bic: Text = ""


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
    tax: TaxSettings = TaxSettings()
    payment: PaymentTable = PaymentTable()
    invoice: InvoiceTable = InvoiceTable()
    credit_note: CreditNoteTable = CreditNoteTable()
    limits: LimitsTable = LimitsTable()
    reminders: RemindersTable = RemindersTable()
    stripe: StripeTable = StripeTable()
    documents: DocumentsTable = DocumentsTable()
    mail: MailTable = MailTable()
    price_lists: PriceListsTable = PriceListsTable()

    @classmethod
    def misfits(cls, data: dict[str, Any]) -> list[str]:
        """Keep numbers of invoices and credit notes apart: one number names one document; and look at the VAT id."""
        return [*_alike_forms(data), *_wrong_vat_id(data)]


def _alike_forms(data: dict[str, Any]) -> list[str]:
    forms = [_form(data, "invoice", InvoiceTable()), _form(data, "credit_note", CreditNoteTable())]
    bare = [re.sub(r"\{number:0\dd\}", "{number}", str(form)) for form in forms]
    if bare[0] != bare[1]:  # leading zeros alone do not keep them apart: 10 is 10
        return []
    return [f"credit_note.number_format: must differ from invoice.number_format; found {forms[1]!r} for both"]


def _wrong_vat_id(data: dict[str, Any]) -> list[str]:
    seller = data.get("seller")
    given = (seller.get("vat_id"), seller.get("country")) if isinstance(seller, dict) else ("", "")
    if not all(isinstance(one, str) and one for one in given):
        return []
    problem = vat_id_problem(*map(str, given))
    return [f"seller.vat_id: {problem}"] if problem else []


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
        tax=file.tax.table(),
        payment_days=file.payment.days,
        number_format=file.invoice.number_format,
        fiscal_year_starts=file.invoice.fiscal_year_starts,
        limits=Limits(**file.limits.model_dump()),
        credit_note_number_format=file.credit_note.number_format,
        reminder_days=tuple(file.reminders.days),
        zero_invoices=file.invoice.zero_invoices,
        stripe=StripeTerms(**file.stripe.model_dump()),
        documents=file.documents.terms(path.parent),
        mail=MailTerms(**file.mail.model_dump()),
        price_list_folders=tuple(path.parent / folder for folder in file.price_lists.folders),
    )
