"""Stripe's currencies: exponents that are not those of ISO 4217, smallest charges, and taxes rounded half up."""

from decimal import ROUND_HALF_UP, Decimal

from stripe_fake_errors import refused

_CODES = """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf
    clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr
    ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr
    mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd
    shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw
"""
_CURRENCIES = frozenset(_CODES.split())
# Sent with decimals that the currency does not have: the last digits must be zeros.
_STEPS = {"isk": 100, "ugx": 100, "bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10}
_MINIMUMS = dict.fromkeys(("usd", "eur", "aud", "brl", "cad", "chf", "inr", "nzd", "sgd"), 50) | {
    "gbp": 30, "jpy": 50, "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "hkd": 400, "huf": 17500, "mxn": 1000,
    "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip


def currency(value, name):
    """Accept a supported currency in lower case."""
    if value not in _CURRENCIES:
        raise refused(f"Invalid currency: {value}", name)
    return value


def minimum(code):
    """Return the smallest amount that can be charged; what Stripe does not list has none of its own."""
    return _MINIMUMS.get(code, 1)


def check_amount(amount, code, name):
    """Refuse an amount that the currency's smallest coin does not divide."""
    if amount % _STEPS.get(code, 1):
        raise refused(f"Invalid amount for {code}: {amount} must be divisible by {_STEPS[code]}", name)
    return amount


def rounded(amount, code):
    """Round a decimal amount half up, away from zero, to what the currency can express."""
    step = _STEPS.get(code, 1)
    return int((amount / step).quantize(Decimal(1), ROUND_HALF_UP)) * step


def line_taxes(amount, rates, code):
    """Return the taxes of one line, each rounded on its own."""
    if not rates:
        return []
    included = sum((Decimal(str(rate["percentage"])) for rate in rates if rate["inclusive"]), Decimal(0))
    return [_tax(amount, rate, included, code) for rate in rates]


def _tax(amount, rate, included, code):
    share = Decimal(str(rate["percentage"]))
    tax = rounded(amount * share / (100 + included), code) if rate["inclusive"] else rounded(amount * share / 100, code)
    return tax_entry(tax, rate, amount - tax if rate["inclusive"] else amount, "not_available")


def tax_entry(amount, rate, taxable, reason):
    """Return a tax as lines, totals and credit notes show it."""
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": reason,
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }


def total_taxes(lines):
    """Add up the taxes of lines by rate."""
    totals = {}
    for line in lines:
        for tax in line["taxes"]:
            key = (tax["tax_rate_details"]["tax_rate"], tax["tax_behavior"], tax["taxability_reason"])
            if key in totals:
                totals[key]["amount"] += tax["amount"]
                totals[key]["taxable_amount"] += tax["taxable_amount"]
            else:
                totals[key] = dict(tax)
    return list(totals.values())


def sums(lines):
    """Return subtotal, inclusive tax, exclusive tax and the taxes by rate."""
    taxes = total_taxes(lines)
    inclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    exclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    return sum(line["amount"] for line in lines), inclusive, exclusive, taxes
