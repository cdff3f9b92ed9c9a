"""The chart of hours by week: when there is one, what it shows, and that it can be read without seeing it."""

import re
from dataclasses import replace

from invoices import ENTRY, USE, invoice
from lxml import etree

from billing_engine.documents.chart import hours_chart
from billing_engine.documents.language import words_for
from billing_engine.documents.usage import use_views

ENGLISH = words_for("en")
HOUR = 3600
SVG = "{http://www.w3.org/2000/svg}"


def worked(day, **parts):
    """Make an entry of that day of October whose time counts as told."""
    return replace(
        ENTRY,
        started_at=f"2026-10-{day:02d}T16:40:00+02:00",
        ended_at=f"2026-10-{day:02d}T18:10:00+02:00",
        parts=tuple(parts.items()),
    )


def chart_of(*entries, uses=(USE,), **more):
    """Draw an invoice's chart."""
    return hours_chart(invoice(entries=entries, uses=uses).draft, ENGLISH, **more)


def texts_of(chart):
    """List the texts of a chart in the order of drawing."""
    return [text.text for text in etree.fromstring(chart).iter(f"{SVG}text")]


def bars_of(chart):
    """List the bars: colour and width of each."""
    return [
        (bar.get("fill"), float(bar.get("width")))
        for bar in etree.fromstring(chart).iter(f"{SVG}rect")
        if bar.get("width") != "8"
    ]


def test_one_quiet_week_needs_no_chart():
    """Hours of one week from the allowance alone are said better in words."""
    assert chart_of() == ""
    assert chart_of(worked(1, allowance=HOUR), worked(2, allowance=HOUR)) == ""


def test_entries_that_do_not_say_what_they_count_as_make_no_chart():
    """Invoices of before know only how long each entry was."""
    assert chart_of(ENTRY, replace(ENTRY, started_at="2026-10-20T16:40:00+02:00")) == ""


def test_two_weeks_make_a_chart():
    """Each ISO week of the month has a row with its days and its hours; the first and the last are cut to the month."""
    chart = chart_of(worked(1, allowance=HOUR), worked(12, allowance=2 * HOUR), worked(18, allowance=HOUR))
    assert texts_of(chart) == [
        "From the allowance 4:00",
        "even use of the allowance",
        *("1\u20134 Oct", "1:00"),
        "5\u201311 Oct",
        *("12\u201318 Oct", "3:00"),
        "19\u201325 Oct",
        "26\u201331 Oct",
    ]


def test_tariffs_make_a_chart_and_have_their_own_colours():
    """What was beyond the allowance or had a tariff is told apart by colour and by name."""
    chart = chart_of(worked(1, allowance=HOUR, overage=2 * HOUR, after_hours=HOUR))
    (first, one), (second, two), (third, three) = bars_of(chart)
    assert len({first, second, third}) == 3
    assert (round(two / one, 2), round(three / one, 2)) == (2, 1)
    assert texts_of(chart)[:3] == ["From the allowance 1:00", "Beyond it 2:00", "After hours 1:00"]


def test_our_tariffs_and_packages_are_named_in_the_customers_language():
    """In the chart and beside it; what a company of its own calls them stays."""
    german, uses = words_for("de"), (replace(USE, package_title="Subscription"), replace(USE, package_title="Gold"))
    draft = invoice(entries=(worked(1, after_hours=HOUR, gold_hours=HOUR),), uses=uses).draft
    assert texts_of(hours_chart(draft, german))[:2] == ["Außerhalb der Arbeitszeit 1:00", "Gold hours 1:00"]
    assert [use.heading for use in use_views(draft, german)] == ["Abonnement · Vertrag K1", "Gold · Vertrag K1"]


def test_many_tariffs_are_added_up():
    """Beyond three, tariffs share a colour and are called other ones; no hour is lost."""
    parts = {f"tariff_{n}": (9 - n) * HOUR for n in range(6)}
    said = texts_of(chart_of(worked(1, **parts)))
    assert said[:4] == ["Tariff 0 9:00", "Tariff 1 8:00", "Tariff 2 7:00", "Other 15:00"]
    assert "39:00" in said


def test_the_allowance_has_the_brands_colour():
    """The seller's colour is used where there is one."""
    entries = worked(1, allowance=HOUR), worked(12, allowance=HOUR)
    assert {colour for colour, _ in bars_of(chart_of(*entries, brand_colour="#aa0000"))} == {"#aa0000"}


def test_the_pace_is_the_allowance_spread_over_the_days():
    """Weeks have marks by their days; without an allowance, or without a limit, there are none."""
    entries = worked(1, allowance=HOUR), worked(12, allowance=HOUR)
    (legend, *marks) = re.findall(r'x1="([\d.]+)".{0,60}stroke="#1a2227"', chart_of(*entries))
    lengths = [float(x) - 96 for x in marks]
    assert legend
    assert [round(length / lengths[0] * 4) for length in lengths] == [4, 7, 7, 7, 6]
    for included in (0, None):
        assert "even use" not in chart_of(*entries, uses=(replace(USE, included_seconds=included),))


def test_work_of_other_months_is_not_among_the_weeks():
    """Late work counts against another month's allowance."""
    late = replace(worked(1, allowance=HOUR), started_at="2026-09-20T16:40:00+02:00")
    assert "From the allowance 2:00" in texts_of(chart_of(late, worked(1, allowance=HOUR), worked(12, allowance=HOUR)))


def test_the_chart_can_be_read_without_seeing_it():
    """Its title names the month, the weeks and their hours."""
    chart = etree.fromstring(chart_of(worked(1, allowance=HOUR), worked(12, allowance=HOUR)))
    assert chart.get("role") == "img"
    assert chart.find(f"{SVG}title").text.startswith(
        "Hours by week of October 2026: 1\u20134 Oct: 1:00; 5\u201311 Oct: 0"
    )


def test_hostile_names_of_tariffs_are_only_text():
    """Markup in a tariff's name is printed and draws nothing."""
    evil = '</text><image href="https://example.org/x.png"/>'
    chart = chart_of(worked(1, allowance=HOUR, **{evil: HOUR}))
    assert not list(etree.fromstring(chart).iter(f"{SVG}image"))
    assert any(text.startswith("</text><image href=") for text in texts_of(chart))
