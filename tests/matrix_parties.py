# ruff: noqa: RUF001 - Serbian has letters that look like Latin ones
"""Who stands on the documents of the matrix: sellers with their settings, buyers, and price lists by language."""

import json
from pathlib import Path
from typing import NamedTuple

from billing_engine.intake.price_list_file import read_price_lists
from billing_engine.intake.settings_file import read_settings

_SETTINGS = """\
[seller]
name = {name}
address = [{street}]
postal_code = "{postal_code}"
city = {city}
country = "{country}"
vat_id = "{vat_id}"
registration_number = "{registration}"
email = "billing@support.example"
phone = "{phone}"
website = "support.example"
contact = {contact}
bank = {bank}
iban = "{iban}"
bic = "{bic}"

[tax]
vat_percent = {standard}
{home}

[[tax.rates]]
name = "reduced"
percent = {reduced}

[[tax.rules]]
customers = ["abroad"]
vat_id = true
tax = "reverse_charge"
note = {abroad}

[[tax.rules]]
services = ["expense"]
tax = "reduced"

[[tax.rules]]
vat_id = false
customers = ["{country}"]
tax = "exempt"
note = {exempt}

[limits]
largest_total = 900000000

[invoice]
number_format = "{key}-{{year}}-{{number:06d}}"

[credit_note]
number_format = "CN-{key}-{{year}}-{{number:06d}}"

[documents]
sepa_qr = true
second_language = "{second}"
footer = {footer}
"""

_SELLERS = {
    "RS": {
        "name": "Severna svetlost softver d.o.o.",
        "street": "Bulevar kralja Aleksandra 28",
        "postal_code": "11000",
        "city": "Beograd",
        "vat_id": "RS100000024",
        "registration": "20654321",
        "phone": "+381 11 555 01 23",
        "contact": "Mila Petrović",
        "bank": "Banka Beograd",
        "iban": "RS35260005601001611379",
        "bic": "DBDBRSBG",
        "standard": 20,
        "reduced": 10,
        "abroad": "Mesto prometa je u inostranstvu, član 12. stav 4. Zakona o PDV",
        "exempt": "Oslobođeno PDV, član 25. Zakona o PDV",
        "footer": "Registrovano u Agenciji za privredne registre, BD 12345/2006",
    },
    "RS-CYRL": {
        "name": "Северна светлост софтвер д.о.о.",
        "street": "Булевар краља Александра 28",
        "city": "Београд",
        "contact": "Мила Петровић",
        "bank": "Банка Београд",
        "abroad": "Место промета је у иностранству, члан 12. став 4. Закона о ПДВ",
        "exempt": "Ослобођено ПДВ, члан 25. Закона о ПДВ",
        "footer": "Регистровано у Агенцији за привредне регистре, БД 12345/2006",
    },
    "DE": {
        "name": "Nordlicht Software GmbH",
        "street": "Große Bleichen 21",
        "postal_code": "20354",
        "city": "Hamburg",
        "vat_id": "DE129273398",
        "registration": "HRB 123456",
        "phone": "+49 40 555 01 23",
        "contact": "Jörg Müller",
        "bank": "Commerzbank",
        "iban": "DE89370400440532013000",
        "bic": "COBADEFFXXX",
        "standard": 19,
        "reduced": 7,
        "abroad": "Steuerschuldnerschaft des Leistungsempfängers, § 13b UStG",
        "exempt": "Steuerfrei nach § 4 Nr. 21 UStG",
        "footer": "Amtsgericht Hamburg, HRB 123456 · Geschäftsführer: Jörg Müller",
    },
    "PL": {
        "name": "Zorza Oprogramowanie Sp. z o.o.",
        "street": "ul. Świętokrzyska 14",
        "postal_code": "00-050",
        "city": "Warszawa",
        "vat_id": "PL7740001454",
        "registration": "0000123456",
        "phone": "+48 22 555 01 23",
        "contact": "Łucja Wiśniewska",
        "bank": "Bank Polski",
        "iban": "PL61109010140000071219812874",
        "bic": "WBKPPLPP",
        "standard": 23,
        "reduced": 8,
        "abroad": "odwrotne obciążenie, art. 28b ustawy o VAT",
        "exempt": "zwolnienie: art. 43 ust. 1 ustawy o VAT",
        "footer": "Sąd Rejonowy dla m.st. Warszawy, KRS 0000123456",
    },
    "CZ": {
        "name": "Severní záře Software s.r.o.",
        "street": "Žižkova 27",
        "postal_code": "130 00",
        "city": "Praha 3",
        "vat_id": "CZ27082440",
        "registration": "27082440",
        "phone": "+420 222 555 123",
        "contact": "Kateřina Dvořáčková",
        "bank": "Česká banka",
        "iban": "CZ6508000000192000145399",
        "bic": "GIBACZPX",
        "standard": 21,
        "reduced": 12,
        "abroad": "Daň odvede zákazník, § 9 odst. 1 zákona o DPH",
        "exempt": "Osvobozeno od DPH, § 57 zákona o DPH",
        "footer": "Městský soud v Praze, oddíl C, vložka 12345",
    },
}
_HOME = {"RS": ("RSD", "117.1947"), "PL": ("PLN", "4.2613"), "CZ": ("CZK", "24.315")}
_SCALE = {"EUR": 1, "PLN": 4, "CZK": 25, "RSD": 117}


class Who(NamedTuple):
    """A buyer."""

    name: str
    street: str
    postal_code: str
    city: str
    vat_id: str


BUYERS = {
    "IE": Who("Ó Súilleabháin & Daughters Ltd", "12 Harbour Road", "D02 X285", "Dublin", "IE6433435F"),
    "DE": Who("Hansen & Söhne Logistik GmbH", "Am Kaiserkai 62", "20457", "Hamburg", "DE136695976"),
    "PL": Who("Żółw i Ślimak Spedycja Sp. z o.o.", "ul. Długa 7", "80-831", "Gdańsk", "PL5260001246"),
    "CZ": Who("Příbramská strojírna s.r.o.", "Křižíkova 5", "261 01", "Příbram", "CZ25123891"),
    "RS": Who("Šumadija Đerdap Čačak d.o.o.", "Knez Mihailova 12", "11000", "Beograd", "RS101134702"),
    "RS-CYRL": Who("Чачанска љубичица д.о.о.", "Кнез Михаилова 12", "11000", "Београд", "RS101134702"),
}

WORDS = {
    "en": ("Premium", "Working day", "Nights and weekends", "Public holiday", "Train and hotel"),
    "de": ("Premium", "Werktag", "Nacht und Wochenende", "Feiertag", "Bahn und Hotel"),
    "pl": ("Pakiet złoty", "Dzień roboczy", "Noce i weekendy", "Święto", "Pociąg i nocleg"),
    "cs": ("Zlatý balíček", "Pracovní den", "Noci a víkendy", "Svátek", "Vlak a nocleh"),
    "sr-Latn": ("Zlatni paket", "Radni dan", "Noć i vikend", "Praznik", "Voz i hotel"),
    "sr-Cyrl": ("Златни пакет", "Радни дан", "Ноћ и викенд", "Празник", "Воз и хотел"),
}
"""What price lists and expenses say, in the customer's language: package, three tariffs, an expense."""

_KEYS = {
    "en": ("working", "nights", "holiday"),
    "de": ("werktag", "nacht", "feiertag"),
    "pl": ("robocze", "noce", "swieto"),
    "cs": ("pracovni", "noci", "svatek"),
    "sr-Latn": ("radni", "noc", "praznik"),
    "sr-Cyrl": ("radni", "noc", "praznik"),
}
"""What the tariffs are called in the reasons of time entries."""

_LIST = """\
name = "{name}"
title = "{package}"
valid_from = 2026-01-01
currency = "{currency}"
country = "{country}"
time_zone = "{zone}"
severities = ["P1", "P2"]

[allowance]
increment_minutes = 30

[tariffs.{working_key}]
title = "{working}"
rate_per_hour = {r50}
increment_minutes = 1
windows = [{{ days = "working_days", from = "09:00", to = "17:00" }}]

[tariffs.{nights_key}]
title = "{nights}"
rate_per_hour = {r100}
increment_minutes = 60
windows = [
    {{ days = "working_days", from = "00:00", to = "09:00" }},
    {{ days = "working_days", from = "17:00", to = "24:00" }},
    {{ days = "weekends", from = "00:00", to = "24:00" }},
]

[tariffs.{holiday_key}]
title = "{holiday}"
rate_per_hour = {r150}
increment_minutes = 60
windows = [{{ days = "holidays", from = "00:00", to = "24:00" }}]

[packages.premium]
title = "{package}"
monthly_fee = {r360}
included_hours = 12
overage_rate_per_hour = {r50}
development_discount_percent = 10

[packages.premium.coverage]
P1 = [{{ days = "working_days", from = "09:00", to = "17:00" }}]
P2 = [{{ days = "working_days", from = "09:00", to = "17:00" }}]

[packages.hourly]
title = "{working}"
monthly_fee = 0
included_hours = 0
"""
_ZONES = {"RS": "Europe/Belgrade", "DE": "Europe/Berlin", "PL": "Europe/Warsaw", "CZ": "Europe/Prague"}


def list_name(language, country, currency):
    """Name the price list of a customer."""
    return f"{language}-{country}-{currency}".lower()


def price_list_text(language, country, currency):
    """Write a price list whose titles are in the customer's language, and whose prices suit the currency."""
    package, working, nights, holiday, _ = WORDS[language]
    prices = {f"r{price}": price * _SCALE[currency] for price in (50, 100, 150, 360)}
    return _LIST.format(
        name=list_name(language, country, currency),
        currency=currency,
        country=country,
        zone=_ZONES[country],
        package=package,
        working=working,
        nights=nights,
        holiday=holiday,
        **dict(zip(("working_key", "nights_key", "holiday_key"), _KEYS[language], strict=True)),
        **prices,
    )


def price_lists(folder: Path, wanted):
    """Read the price lists of language, country and currency from files that are written for it."""
    folder.mkdir()
    for one in sorted(set(wanted)):
        (folder / f"{list_name(*one)}.toml").write_text(price_list_text(*one), encoding="utf-8")
    return read_price_lists([folder])


def seller_settings(path: Path, key, *, home=False, second=""):
    """Read the settings of a seller; with `home`, VAT is told in its own currency as well."""
    country = key[:2]
    said = {**_SELLERS[country], **_SELLERS[key]}
    currency, rate = _HOME.get(country, ("", ""))
    lines = f'home_currency = "{currency}"\n' + "".join(
        f'[[tax.exchange_rates]]\ncurrency = "EUR"\nday = {day}\nrate = {rate}\n'
        for day in ("2026-09-30", "2026-10-30")
    )
    quoted = ("name", "street", "city", "contact", "bank", "abroad", "exempt", "footer")
    said |= {name: json.dumps(said[name], ensure_ascii=False) for name in quoted}
    key = f"{key}{'-H' if home else ''}"
    path.write_text(
        _SETTINGS.format(**said, key=key, country=country, second=second, home=lines if home else ""), encoding="utf-8"
    )
    return read_settings(path)
