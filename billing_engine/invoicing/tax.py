"""VAT: the table of the settings decides how each line is taxed; each category is then taxed on its sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from billing_engine.errors import TaxError
from billing_engine.model.contract import Customer
from billing_engine.model.invoice import InvoiceLine, InvoiceSetoff
from billing_engine.model.money import ZERO, round_money
from billing_engine.model.period import Month
from billing_engine.model.settings import Settings
from billing_engine.model.tax import LEGAL_TEXTS, REASON_CODES, HomeTax, TaxCategory, TaxSubtotal, TaxTreatment
from billing_engine.model.tax_shares import TaxKey, add_up, share_out
from billing_engine.model.tax_table import EU, TAX_CHOICES, TaxRule

_OLDEST_RATE = timedelta(days=31)
"""How long before the day of supply a rate of exchange may be."""

Treatments = Mapping[TaxKey, TaxTreatment]


def tax_lines(
    lines: Sequence[InvoiceLine], customer: Customer, settings: Settings, month: Month
) -> tuple[tuple[InvoiceLine, ...], Treatments]:
    """Say of each line how it is taxed; also what the treatments are, by category and rate.

    Raises TaxError where the table has no answer.
    """
    treatments: dict[TaxKey, TaxTreatment] = {}
    taxed = []
    for line in lines:
        found = treatment_of(line.kind, customer, settings, _day_of_supply(line, month))
        # One category and rate is one subtotal, so the first legal text stands for all.
        treatments.setdefault(found.key, found)
        taxed.append(replace(line, tax_category=str(found.category), tax_percent=found.percent))
    return tuple(taxed), treatments


def _day_of_supply(line: InvoiceLine, month: Month) -> date:
    """Tell by which day's rates a line is taxed: the last of its month, for fees in advance of the invoice's."""
    return min(Month.parse(line.period).last_day, month.last_day) if line.period else month.last_day


def treatment_of(kind: str, customer: Customer, settings: Settings, day: date) -> TaxTreatment:
    """Decide how one kind of line is taxed: by the customer's own word, else the first row of the table that fits.

    What no row decides is taxed at the standard rate, or not at all where the settings have none. Raises TaxError.
    """
    rules = settings.tax.rules
    if customer.tax:
        return _by_rule(_rule_alike(kind, customer, settings), settings, day)
    for rule in rules:
        if _fits(rule, kind, customer, settings.seller.country):
            return _by_rule(rule, settings, day)
    if settings.vat_percent is not None or any(rate.name == "standard" for rate in settings.tax.rates):
        return _at_percent(_percent("standard", settings, day))
    if rules:
        with_id = "with" if customer.vat_id else "without"
        whom = f"customer {customer.customer} in {customer.country or 'no country'}, {with_id} a VAT id"
        raise TaxError(
            f"no row of [[tax.rules]] says how {kind} lines are taxed for {whom}; add one, or [tax] vat_percent"
        )
    category = TaxCategory.EXEMPT if settings.seller.vat_id else TaxCategory.OUT_OF_SCOPE
    return TaxTreatment(category, note=settings.vat_note, code=REASON_CODES.get(category, ""))


def _rule_alike(kind: str, customer: Customer, settings: Settings) -> TaxRule:
    """Find the row that says the same as the customer's own word; one that does not fit it lends its text alone."""
    alike = [rule for rule in settings.tax.rules if rule.tax == customer.tax]
    for rule in alike:
        if _fits(rule, kind, customer, settings.seller.country):
            return rule
    return replace(alike[0], rate="") if alike else TaxRule(customer.tax)


def _fits(rule: TaxRule, kind: str, customer: Customer, home: str) -> bool:
    return (
        (not rule.services or kind in rule.services)
        and (rule.vat_id is None or rule.vat_id is bool(customer.vat_id))
        and (not rule.customers or any(_is_in(customer.country, where, home) for where in rule.customers))
    )


def _is_in(country: str, where: str, home: str) -> bool:
    match where:
        case "domestic":
            return country == home
        case "eu":
            return country in EU and country != home
        case "abroad":
            return country not in ("", home)
        case _:
            return country == where


def _by_rule(rule: TaxRule, settings: Settings, day: date) -> TaxTreatment:
    category = TAX_CHOICES[rule.tax]
    if category is TaxCategory.STANDARD:
        return _at_percent(_percent(rule.rate or rule.tax, settings, day))
    return TaxTreatment(category, note=rule.note, code=rule.code or REASON_CODES.get(category, ""))


def _percent(name: str, settings: Settings, day: date) -> Decimal:
    """Return the rate of that name that is in force on a day; the settings' one rate is the standard one."""
    named = [rate for rate in settings.tax.rates if rate.name == name]
    for rate in named:
        if rate.holds_on(day):
            return rate.percent
    if not named and name == "standard" and settings.vat_percent is not None:
        return settings.vat_percent
    raise TaxError(f"[[tax.rates]] has no rate {name!r} that is in force on {day}")


def _at_percent(percent: Decimal) -> TaxTreatment:
    return TaxTreatment(TaxCategory.STANDARD if percent else TaxCategory.ZERO, percent)


def tax_subtotals(
    lines: Sequence[InvoiceLine], treatments: Treatments, reductions: Sequence[InvoiceSetoff], currency: str
) -> tuple[TaxSubtotal, ...]:
    """Add up lines by category and rate, less what credits before tax take off each, and tax each sum once (R12)."""
    sums = add_up(((line.tax_category, line.tax_percent or ZERO), line.amount) for line in lines)
    for share in share_out(sums, reductions, currency):
        sums[share.key] -= share.amount
    return tuple(_subtotal(treatments[key], net, currency) for key, net in sums.items())


def _subtotal(treatment: TaxTreatment, net: Decimal, currency: str) -> TaxSubtotal:
    return TaxSubtotal(
        category=treatment.category,
        percent=treatment.percent,
        net=round_money(net, currency),
        tax=round_money(net * treatment.percent / 100, currency),
        note=treatment.note,
        code=treatment.code,
    )


def one_percent(taxes: Sequence[TaxSubtotal]) -> Decimal | None:
    """Return the one rate of an invoice; None where it has several, or no tax is charged."""
    rates = {one.percent for one in taxes}
    charged = all(one.category in (TaxCategory.STANDARD, TaxCategory.ZERO) for one in taxes)
    return rates.pop() if charged and len(rates) == 1 else None


def tax_note(taxes: Sequence[TaxSubtotal]) -> str:
    """Say by which law there is no tax on a part or all of an invoice; the settings' own words where they have some."""
    notes = [one.note or LEGAL_TEXTS[one.category] for one in taxes if one.category in LEGAL_TEXTS]
    return "; ".join(dict.fromkeys(note for note in notes if note))


def tax_at_home(taxes: Sequence[TaxSubtotal], currency: str, settings: Settings, day: date) -> HomeTax | None:
    """Tell the VAT in the currency of the seller's country, by the newest rate up to the day of supply.

    None where nothing is to be told. Raises TaxError where the settings have no rate of that time.
    """
    home, amount = settings.tax.home_currency, sum((one.tax for one in taxes), ZERO)
    if not home or home == currency or not amount:
        return None
    rates = [one for one in settings.tax.exchange_rates if one.currency == currency and one.day <= day]
    newest = max(rates, key=lambda one: one.day, default=None)
    if newest is None or day - newest.day > _OLDEST_RATE:
        raise TaxError(
            f"VAT is to be told in {home} too, and [[tax.exchange_rates]] has no rate of {currency} "
            f"of {day} or the {_OLDEST_RATE.days} days before"
        )
    return HomeTax(home, newest.rate, newest.day, round_money(amount * newest.rate, home))
