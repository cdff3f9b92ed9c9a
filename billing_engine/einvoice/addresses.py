"""Addresses: on an envelope, where an address is lines, and on a network, where it is a number with a scheme."""

from __future__ import annotations

import re
from types import MappingProxyType

from billing_engine.einvoice.terms import ElectronicAddress, PostalAddress
from billing_engine.einvoice.texts import CODE_LIMIT, one_line, paragraph
from billing_engine.model.invoice import Buyer, Seller

E_MAIL = "EM"
"""Scheme of e-mail addresses; Peppol does not deliver to these."""

_SCHEMES = MappingProxyType(
    dict(
        re.findall(
            r"(\w+):(\w+)",
            "HU:9910 AT:9914 ES:9920 AD:9922 AL:9923 BA:9924 BE:9925 BG:9926 CH:9927 CY:9928 CZ:9929 DE:9930 EE:9931 "
            "GB:9932 XI:9932 EL:9933 GR:9933 HR:9934 IE:9935 LI:9936 LT:9937 LU:9938 LV:9939 MC:9940 ME:9941 MK:9942 "
            "MT:9943 NL:9944 PL:9945 PT:9946 RO:9947 RS:9948 SI:9949 SK:9950 SM:9951 TR:9952 VA:9953 FR:9957 "
            "DK:0184 FI:0216 IT:0211 NO:0192 SE:0007",
        )
    )
)
"""Codes of the list EAS by how a VAT id begins: those of VAT ids, else of what can be read off one."""

_COUNTRIES = MappingProxyType(
    {
        "AT": "Austria Österreich",
        "BA": "Bosna_i_Hercegovina Bosnia_and_Herzegovina Босна_и_Херцеговина",
        "BE": "Belgium België Belgique Belgien",
        "BG": "Bulgaria България",
        "CH": "Switzerland Schweiz Suisse Svizzera",
        "CY": "Cyprus Κύπρος",
        "CZ": "Czechia Czech_Republic Česko Česká_republika",
        "DE": "Germany Deutschland Niemcy Německo Nemačka Немачка",
        "DK": "Denmark Danmark",
        "EE": "Estonia Eesti",
        "ES": "Spain España",
        "FI": "Finland Suomi",
        "FR": "France",
        "GB": "United_Kingdom Great_Britain UK",
        "GR": "Greece Ελλάδα",
        "HR": "Croatia Hrvatska",
        "HU": "Hungary Magyarország",
        "IE": "Ireland Éire",
        "IT": "Italy Italia",
        "LT": "Lithuania Lietuva",
        "LU": "Luxembourg Luxemburg",
        "LV": "Latvia Latvija",
        "ME": "Montenegro Crna_Gora Црна_Гора",
        "MK": "North_Macedonia Северна_Македонија",
        "MT": "Malta",
        "NL": "Netherlands The_Netherlands Nederland",
        "NO": "Norway Norge",
        "PL": "Poland Polska",
        "PT": "Portugal",
        "RO": "Romania România",
        "RS": "Serbia Srbija Србија Republika_Srbija Република_Србија",
        "SE": "Sweden Sverige",
        "SI": "Slovenia Slovenija",
        "SK": "Slovakia Slovensko",
        "UA": "Ukraine Україна",
        "US": "United_States USA United_States_of_America",
    }
)
"""How the last line of an address may name the country, in the words of who lives there or writes there."""


def postal_address(who: Seller | Buyer) -> PostalAddress:
    """Take city and country, which have their own places, off the lines of an address."""
    city, postal_code = one_line(who.city), one_line(who.postal_code, CODE_LIMIT)
    lines = paragraph(who.address).split("\n")
    lines = [line for line in lines if not _is_city(line, city, postal_code, who.country)]
    if lines and _is_country(lines[-1], who.country):
        del lines[-1]
    shown = [one_line(line) for line in (*lines[:2], ", ".join(lines[2:])) if line]
    return PostalAddress(tuple(shown), city, postal_code, who.country)


def electronic_address(vat_id: str, email: str) -> ElectronicAddress | None:
    """Derive where a network delivers to from a VAT id with its prefix, else from an e-mail address."""
    scheme = _SCHEMES.get(vat_id[:2])
    if scheme:
        return ElectronicAddress(scheme, _in_form(vat_id, scheme))
    address = one_line(email, CODE_LIMIT)
    return ElectronicAddress(E_MAIL, address) if address else None


def has_known_prefix(vat_id: str) -> bool:
    """Tell whether a VAT id begins like one of the countries whose scheme is known."""
    return vat_id[:2] in _SCHEMES


def _in_form(vat_id: str, scheme: str) -> str:
    """Write a VAT id as its scheme wants it: the north takes the number of the company that is in it."""
    match scheme:
        case "0216":
            return f"0037{vat_id[2:]}"
        case "0192":
            return vat_id[2:11]
        case "0007":
            return vat_id[2:12]
        case _:
            return vat_id


def _is_city(line: str, city: str, postal_code: str, country: str) -> bool:
    """Tell whether a line is the city, with or without its code, as in "D-20457 Hamburg"."""
    name = _squashed(city)
    if not name or name not in _squashed(line):
        return False
    rest = _squashed(line).replace(name, "", 1).replace(_squashed(postal_code), "", 1)
    return country.casefold().startswith(rest)


def _is_country(line: str, country: str) -> bool:
    names = _COUNTRIES.get(country, "").split()
    return _squashed(line) in {_squashed(name) for name in (country, *names)}


def _squashed(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()
