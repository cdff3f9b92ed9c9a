"""The settings file: seller, tax, payment terms and numbering, and the commented sample that `init` writes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from billing_engine.intake.fields import Country, Title
from billing_engine.intake.toml_file import Amount, Table, check_toml, load_toml
from billing_engine.model.invoice import Seller
from billing_engine.model.settings import Settings

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

[tax]
vat_percent = 20                     # the one standard rate; leave it out when no VAT is charged
# vat_note = "No VAT is charged: ..."  # the legal reference, printed when vat_percent is left out

[payment]
days = 14                            # from the day of issue to the day it is due

[invoice]
number_format = "{year}-{number:06d}"  # {year} is the billing period's; numbers begin at 1 each year
zero_invoices = false                # true: customers whose month comes to 0.00 get an invoice too

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


class SellerTable(Table):
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
    zero_invoices: bool = False


class PriceListsTable(Table):
    folders: tuple[str, ...] = Field(default=(), strict=False)


class SettingsFile(Table):
    seller: SellerTable
    tax: TaxTable = TaxTable()
    payment: PaymentTable = PaymentTable()
    invoice: InvoiceTable = InvoiceTable()
    price_lists: PriceListsTable = PriceListsTable()


def read_settings(path: Path) -> Settings:
    """Read a settings file; raises InvalidFileError with all its problems."""
    file = check_toml(path, load_toml(path), SettingsFile)
    seller = file.seller.model_dump() | {"address": "\n".join(file.seller.address)}
    return Settings(
        seller=Seller(**seller),
        vat_percent=file.tax.vat_percent,
        vat_note=file.tax.vat_note,
        payment_days=file.payment.days,
        number_format=file.invoice.number_format,
        zero_invoices=file.invoice.zero_invoices,
        price_list_folders=tuple(path.parent / folder for folder in file.price_lists.folders),
    )
