"""Check digits of VAT ids and bank accounts."""

from __future__ import annotations

import re
from typing import Any

from stdnum import get_cc_module, iban
from stdnum.exceptions import ValidationError

_PREFIXES = {"GR": "EL"}
"""Countries whose VAT ids begin otherwise than with their ISO code."""


def compact_vat_id(vat_id: str) -> str:
    """Write a VAT id without spaces, dots and dashes, in capital letters."""
    return re.sub(r"[\s./-]", "", vat_id).upper()


def with_country(vat_id: str, country: str) -> str:
    """Write a VAT id with the prefix of its country, which some leave out at home."""
    compact = compact_vat_id(vat_id)
    prefix = _PREFIXES.get(country, country)
    return compact if not compact or compact[:2].isalpha() else f"{prefix}{compact}"


def vat_id_problem(vat_id: str, country: str) -> str:
    """Say what is wrong with a VAT id; empty where nothing is known to be.

    Its own prefix says whose it is; without one it is the country's.
    """
    full = with_country(vat_id, country)
    if not re.search("[0-9]", full):  # such as "-" or "n/a"
        return f"{vat_id!r} is no VAT id: it has no digit"
    module = _module(full[:2]) or _module(country)  # a prefix that nobody has may be a slip in the customer's own
    if module is None:
        return ""
    for number in (full, full[2:]):  # some countries' numbers are known with their prefix alone, some without
        try:
            module.validate(number)
        except ValidationError:
            continue
        return ""
    return f"{vat_id!r} is no VAT id of {full[:2]}: its form or its check digit is wrong"


def _module(country: str) -> Any:
    code = country.lower()
    return get_cc_module("gr" if code == "el" else code, "vat") if len(code) == 2 and code.isalpha() else None


def iban_problem(number: str) -> str:
    """Say what is wrong with an IBAN; empty where nothing is."""
    try:
        iban.validate(number, check_country=False)
    except ValidationError:
        return f"{number!r} is no IBAN: its form or its check digits are wrong"
    return ""
