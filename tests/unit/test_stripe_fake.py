"""The Stripe double behaves as the notes on the real API say, seen through the real SDK."""

import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
import stripe
from stripe_fake import KINDS, FakeStripe, Faults

DAY = 24 * 60 * 60
VAT = {"display_name": "VAT", "inclusive": False, "percentage": "19"}


class Clock:
    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


@contextmanager
def connected(fake, key=None, read_timeout=1):
    http = stripe.RequestsClient(timeout=(5, read_timeout))
    addresses = {"api": fake.url}
    yield stripe.StripeClient(key or fake.key, base_addresses=addresses, max_network_retries=0, http_client=http).v1
    http.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def fake(clock):
    with FakeStripe(clock=clock) as server:
        yield server


@pytest.fixture
def api(fake):
    with connected(fake) as client:
        yield client


@pytest.fixture
def customer(fake):
    return fake.add_customer()["id"]


def draft(api, customer, *amounts, **params):
    invoice = api.invoices.create({"customer": customer, "currency": "eur", **params})
    if not amounts:
        return invoice
    return api.invoices.add_lines(invoice.id, {"lines": [{"amount": amount} for amount in amounts]})


def opened(api, customer, *amounts, **params):
    return api.invoices.finalize_invoice(draft(api, customer, *amounts, **params).id)


def item(api, customer, amount=1000, **params):
    return api.invoice_items.create({"customer": customer, "currency": "eur", "amount": amount, **params})


def refusal(call, *args, status=400, code=None, param=None):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        call(*args)
    assert caught.value.http_status == status
    assert caught.value.request_id.startswith("req_")
    error = caught.value.json_body["error"]
    assert error.keys() <= {"type", "code", "param", "message", "doc_url"}
    assert code is None or error["code"] == code
    assert param is None or error["param"] == param
    return error


def types(fake, *prefixes):
    return [event["type"] for event in fake.events if event["type"].startswith(prefixes or ("",))]


# Parameters


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"colour": "red"}, "colour", "parameter_unknown"),
        ({"period": {"start": 1, "end": 2, "middle": 1}}, "period[middle]", "parameter_unknown"),
        ({"period": {"start": 1}}, "period[end]", "parameter_missing"),
        ({"period": {"start": 2, "end": 1}}, "period[end]", None),
        ({"amount": Decimal("1E+2")}, "amount", "parameter_invalid_integer"),
        ({"amount": 1.0}, "amount", "parameter_invalid_integer"),
        ({"amount": ""}, "amount", "parameter_invalid_empty"),
        ({"customer": ""}, "customer", "parameter_invalid_empty"),
        ({"customer": "cus_none"}, "customer", "resource_missing"),
        ({"subscription": "sub_none"}, "subscription", "resource_missing"),
        ({"tax_rates": ["txr_none"]}, "tax_rates[0]", "resource_missing"),
        ({"tax_rates": "txr_none"}, "tax_rates", None),
        ({"description": "x" * 5001}, "description", None),
        ({"discountable": "yes"}, "discountable", None),
        ({"metadata": {"k" * 41: "v"}}, "metadata", None),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]", None),
        ({"metadata": {str(n): "v" for n in range(51)}}, "metadata", None),
        ({"metadata": {"a[b]": "v"}}, "metadata[a[b]]", None),
        ({"currency": "EUR"}, "currency", None),
        ({"currency": "xyz"}, "currency", None),
        ({"currency": "kwd", "amount": 1001}, "amount", None),
        ({"currency": "isk", "amount": 150}, "amount", None),
        ({"currency": "ugx", "amount": 10050}, "amount", None),
        ({"quantity": 2}, "quantity", None),
        ({"unit_amount_decimal": "5"}, "amount", None),
        ({"expand": ["pricing"]}, "expand[0]", None),
        ({"pricing": {"price": "price_1"}}, "pricing", None),
    ],
)
def test_wrong_parameters_are_refused(api, fake, customer, params, param, code):
    good = {"customer": customer, "currency": "eur", "amount": 1000}
    refusal(api.invoice_items.create, {**good, **params}, code=code, param=param)
    assert fake.all("invoiceitem") == []


@pytest.mark.parametrize("name", ["customer", "currency", "amount"])
def test_an_item_needs_its_parameters(api, customer, name):
    good = {"customer": customer, "currency": "eur", "amount": 1000}
    del good[name]
    refusal(api.invoice_items.create, good, param=name)


def test_amounts_follow_the_rules_of_their_currency(api, fake):
    for code, amount in {"kwd": 1010, "isk": 500, "ugx": 10000, "jpy": 1, "huf": 1}.items():
        assert item(api, fake.add_customer()["id"], amount, currency=code).amount == amount


def test_unknown_ids_and_addresses_are_404(api, fake):
    refusal(api.customers.retrieve, "cus_none", status=404, code="resource_missing", param="id")
    refusal(api.invoices.finalize_invoice, "in_none", status=404, code="resource_missing")
    refusal(api.invoices.search, {"query": "x"}, status=404)
    refusal(api.invoices.line_items.list, "in_none", status=404)


@pytest.mark.parametrize("key", ["sk_test_other", ""])
def test_a_wrong_key_is_401(fake, key):
    with connected(fake, key or "sk_test_") as api, pytest.raises(stripe.AuthenticationError):
        api.accounts.retrieve_current()
    assert fake.requests[-1].status == 401


def test_units_are_multiplied_and_rounded_half_up(api, customer):
    made = api.invoice_items.create(
        {"customer": customer, "currency": "eur", "unit_amount_decimal": "12.5", "quantity_decimal": "0.2"}
    )
    assert (made.amount, made.quantity, made.quantity_decimal) == (3, 0, Decimal("0.2"))


def test_deleted_customers_are_stubs_and_take_nothing(api, fake):
    gone = fake.add_customer(deleted=True)["id"]
    assert api.customers.retrieve(gone).to_dict() == {"id": gone, "object": "customer", "deleted": True}
    refusal(item, api, gone, code="resource_missing")
    assert api.customers.list().data == []


def test_a_customer_keeps_to_one_currency(api, fake, customer):
    item(api, customer)
    assert api.customers.retrieve(customer).currency == "eur"
    refusal(api.invoices.create, {"customer": customer, "currency": "usd"}, param="currency")
    refusal(api.customers.balance_transactions.create, customer, {"amount": 5, "currency": "usd"}, param="currency")


# Idempotency


def test_a_key_replays_its_first_result(api, fake):
    options = {"idempotency_key": "k" * 255}
    first, again = (api.customers.create({"name": "A"}, options) for _ in range(2))
    assert first.id == again.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert [(one.key, one.replayed, one.status) for one in fake.requests] == [
        ("k" * 255, n, 200) for n in (False, True)
    ]
    assert len(fake.all("customers")) == 1
    fake.forget_keys()
    assert api.customers.create({"name": "A"}, options).id != first.id


def test_a_key_stands_for_one_call(api, fake, customer):
    item_params = {"customer": customer, "currency": "eur", "amount": 1}
    api.invoice_items.create(item_params, {"idempotency_key": "k"})
    for call in (
        lambda: api.invoice_items.create({**item_params, "amount": 2}, {"idempotency_key": "k"}),
        lambda: api.customers.create({}, {"idempotency_key": "k"}),
    ):
        with pytest.raises(stripe.IdempotencyError) as caught:
            call()
        assert caught.value.http_status == 400
    refusal(api.customers.create, {}, {"idempotency_key": "k" * 256})
    assert fake.without_key == 0


def test_refused_parameters_are_not_kept_but_refusals_in_execution_are(api, fake):
    options = {"idempotency_key": "k"}
    refusal(api.customers.create, {"colour": "red"}, options)
    owner = api.customers.create({}, options).id
    options = {"idempotency_key": "x"}
    refusal(api.invoice_items.create, {"customer": "cus_x", "currency": "eur", "amount": 1}, options)
    fake.add_customer(id="cus_x")
    refusal(api.invoice_items.create, {"customer": "cus_x", "currency": "eur", "amount": 1}, options)
    assert fake.requests[-1].replayed
    assert fake.by_metadata("customer", "none") == {}
    assert owner in {one["id"] for one in fake.all("customer")}


def test_posts_without_a_key_are_counted(fake):
    with connected(fake) as api:
        api.customers.create({})
    assert fake.without_key == 0  # the SDK makes a random one
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", int(fake.url.rpartition(":")[2]))
    connection.request("POST", "/v1/customers", "name=A", {"Authorization": f"Bearer {fake.key}"})
    assert connection.getresponse().status == 200
    connection.close()
    assert fake.without_key == 1


# Faults


@pytest.mark.parametrize(
    ("kind", "error", "executed", "replayed"),
    [
        ("drop_before", stripe.APIConnectionError, 0, False),
        ("drop_after", stripe.APIConnectionError, 1, True),
        ("rate_limited", stripe.RateLimitError, 0, False),
        ("truncated", stripe.APIConnectionError, 1, True),
        ("html_502", stripe.APIError, 0, False),
        ("html_502_executed", stripe.APIError, 1, True),
        ("conflict", stripe.APIError, 0, False),
    ],
)
def test_after_a_fault_the_same_key_gives_the_result(api, fake, kind, error, executed, replayed):
    fake.script(kind)
    params, options = {"name": "A"}, {"idempotency_key": "k"}
    with pytest.raises(error):
        api.customers.create(params, options)
    assert len(fake.all("customer")) == executed
    assert api.customers.create(params, options).name == "A"
    assert (len(fake.all("customer")), fake.requests[-1].replayed) == (1, replayed)
    assert fake.requests[0].fault == kind.removesuffix("_executed")


@pytest.mark.parametrize(("kind", "executed"), [("error_500_before", 0), ("error_500_after", 1)])
def test_a_500_is_kept_under_its_key(api, fake, kind, executed):
    fake.script(kind, None, kind)
    for _ in range(3):
        with pytest.raises(stripe.APIError) as caught:
            api.customers.create({}, {"idempotency_key": "k"})
        assert caught.value.http_status == 500
    assert len(fake.all("customer")) == executed
    api.customers.create({}, {"idempotency_key": "k2"})


def test_a_timeout_keeps_its_key_in_use_until_it_is_over(api, fake):
    fake.hold_seconds = 0.6
    fake.script("timeout")
    options = {"idempotency_key": "k"}
    with connected(fake, read_timeout=0.2) as hasty, pytest.raises(stripe.APIConnectionError):
        hasty.customers.create({}, options)
    assert len(fake.all("customer")) == 1
    with pytest.raises(stripe.APIError) as caught:
        api.customers.create({}, options)
    assert caught.value.http_status == 409
    assert caught.value.json_body["error"]["code"] == "idempotency_key_in_use"
    time.sleep(0.6)
    assert api.customers.create({}, options).id == fake.all("customer")[0]["id"]


def test_a_held_answer_does_not_hold_up_the_stop(clock):
    fake = FakeStripe(clock=clock).start()
    fake.hold_seconds = 60
    fake.script("timeout")
    with connected(fake, read_timeout=0.1) as api, pytest.raises(stripe.APIConnectionError):
        api.customers.list()
    began = time.monotonic()
    fake.stop()
    assert time.monotonic() - began < 2


def test_faults_are_drawn_by_seed():
    drawn = [Faults(7, 0.3).draw(number) for number in range(2000)]
    assert drawn == [Faults(7, 0.3).draw(number) for number in range(2000)]
    assert {kind for kind, _ in drawn} == {None, *KINDS}
    assert 500 < sum(kind is not None for kind, _ in drawn) < 700
    assert {executes for kind, executes in drawn if kind == "html_502"} == {True, False}
    with pytest.raises(ValueError, match="sharks"):
        Faults(7, 0.3, ["sharks"])


def test_a_patient_client_gets_everything_done_once(api, fake):
    fake.faults = Faults(3, 0.5, [kind for kind in KINDS if not kind.startswith("error_500") and kind != "timeout"])
    for number in range(40):
        for _ in range(50):
            try:
                api.customers.create({"metadata": {"n": str(number)}}, {"idempotency_key": f"k{number}"})
                break
            except stripe.StripeError:
                pass
    found = fake.by_metadata("customers", "n")
    assert sorted(found) == sorted(map(str, range(40)))
    assert all(len(ones) == 1 for ones in found.values())


def test_reads_meet_faults_too_and_a_hook_sees_every_request(api, fake):
    seen = []
    fake.before_answer = lambda request: seen.append((request.number, request.method, request.path, request.fault))
    fake.script("rate_limited")
    with pytest.raises(stripe.RateLimitError):
        api.customers.list()
    assert seen == [(1, "GET", "/v1/customers", "rate_limited")]
    assert fake.requests[0].user_agent.startswith("Stripe/v1 PythonBindings/")
    assert fake.requests[0].version == "2026-10-28.endive"


# Lists


def test_lists_are_paged_newest_first(api, customer):
    made = [item(api, customer, amount, metadata={"n": str(amount)}).id for amount in range(1, 26)]
    first = api.invoice_items.list({"customer": customer})
    assert ([one.id for one in first.data], first.has_more) == (made[:14:-1], True)
    every = api.invoice_items.list({"customer": customer, "limit": 7, "pending": True})
    assert [one.id for one in every.auto_paging_iter()] == made[::-1]
    before = api.invoice_items.list({"ending_before": made[20], "limit": 3})
    assert ([one.id for one in before.data], before.has_more) == ([made[23], made[22], made[21]], True)
    for wrong in ({"limit": 0}, {"limit": 101}, {"starting_after": "ii_none"}, {"pending": "maybe"}):
        refusal(api.invoice_items.list, wrong, param=next(iter(wrong)))


def test_lists_are_filtered(api, fake, clock, customer):
    old = draft(api, customer)
    clock.now += 100
    plan = fake.add_subscription(customer)["id"]
    new = fake.renew(plan)["id"]
    moment = int(clock.now)

    def found(**params):
        return [one.id for one in api.invoices.list(params).data]

    assert found(customer=customer) == [new, old.id]
    assert found(subscription=plan) == [new]
    assert found(created={"gte": moment}) == [new]
    assert found(created={"lt": moment}) == [old.id]
    assert found(status="open") == []
    refusal(api.invoices.list, {"customer": "cus_none"}, code="resource_missing")
    refusal(api.invoices.list, {"state": "open"}, code="parameter_unknown")


def test_an_invoice_embeds_ten_lines_and_pages_the_others(api, customer):
    invoice = draft(api, customer, *range(1, 31))
    assert (len(invoice.lines.data), invoice.lines.has_more, invoice.total) == (10, True, 465)
    listed = api.invoices.line_items.list(invoice.id, {"limit": 12})
    assert [line.amount for line in listed.auto_paging_iter()] == list(range(1, 31))
    assert [line.amount for line in invoice.lines.auto_paging_iter()] == list(range(1, 31))


# Invoices


def test_items_wait_for_an_invoice_that_includes_them(api, fake, customer):
    waiting = item(api, customer, metadata={"be_line": "7"}, description="Work", period={"start": 5, "end": 9})
    assert draft(api, customer).lines.data == []
    invoice = draft(api, customer, pending_invoice_items_behavior="include")
    line = invoice.lines.data[0]
    assert (line.amount, line.description, line.metadata["be_line"], line.period.end) == (1000, "Work", "7", 9)
    assert line.parent.invoice_item_details.invoice_item == waiting.id
    assert api.invoice_items.retrieve(waiting.id).invoice == invoice.id
    assert [len(fake.by_metadata(kind, "be_line")["7"]) for kind in ("invoiceitem", "line_item")] == [1, 1]
    api.invoices.delete(invoice.id)
    refusal(api.invoices.retrieve, invoice.id, status=404)
    assert api.invoice_items.retrieve(waiting.id).invoice is None
    api.invoice_items.delete(waiting.id)
    refusal(api.invoice_items.retrieve, waiting.id, status=404)


def test_an_item_goes_straight_onto_a_draft(api, fake, customer):
    invoice = draft(api, customer, 500)
    added = item(api, customer, -200, invoice=invoice.id)
    assert api.invoices.retrieve(invoice.id).total == 300
    api.invoice_items.update(added.id, {"amount": -100, "description": "Credit"})
    assert api.invoices.retrieve(invoice.id).total == 400
    other = fake.add_customer()["id"]
    refusal(api.invoice_items.create, {"customer": other, "currency": "eur", "amount": 1, "invoice": invoice.id})
    api.invoice_items.delete(added.id)
    assert api.invoices.finalize_invoice(invoice.id).total == 500
    refusal(api.invoice_items.create, {"customer": customer, "currency": "eur", "amount": 1, "invoice": invoice.id})


def test_an_invoice_has_the_shape_of_this_version(api, customer):
    invoice = draft(api, customer, 1000, number="R-1", metadata={"be_invoice": "1"})
    for gone in ("tax", "charge", "payment_intent", "paid", "subscription", "payments"):
        assert gone not in invoice
    assert (invoice.number, invoice.status, invoice.parent, invoice.auto_advance) == ("R-1", "draft", None, False)
    assert (invoice.total_taxes, invoice.ending_balance) == ([], None)
    assert invoice.lines.data[0].pricing.unit_amount_decimal == Decimal(1000)
    assert api.invoices.retrieve(invoice.id, {"expand": ["payments", "customer"]}).payments.data == []
    refusal(api.invoices.retrieve, invoice.id, {"expand": ["charge"]}, param="expand[0]")


def test_numbers_are_taken_once(api, customer):
    taken = draft(api, customer, number="R-1")
    refusal(api.invoices.create, {"customer": customer, "number": "R-1"}, param="number")
    api.invoices.delete(taken.id)
    assert opened(api, customer, 1000, number="R-1").number == "R-1"
    assert opened(api, customer, 1000).number.endswith("-0001")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"collection_method": "send_invoice", "due_date": 1000}, "due_date"),
        ({"due_date": 4000000000}, "due_date"),
        ({"collection_method": "send_invoice", "due_date": 4000000000, "days_until_due": 3}, "due_date"),
        ({"description": "x" * 1501}, "description"),
        ({"footer": "x" * 5001}, "footer"),
        ({"custom_fields": [{"name": "x" * 41, "value": "x"}]}, "custom_fields[0][name]"),
        ({"custom_fields": [{"name": "x", "value": "x"}] * 5}, "custom_fields"),
        ({"auto_advance": "maybe"}, "auto_advance"),
    ],
)
def test_wrong_invoices_are_refused(api, customer, params, param):
    refusal(api.invoices.create, {"customer": customer, **params}, param=param)


def test_invoices_are_due_when_they_say(api, clock, customer):
    sent = {"collection_method": "send_invoice"}
    assert draft(api, customer, **sent, days_until_due=14).due_date == int(clock.now) + 14 * DAY
    due = int(clock.now) + 5
    invoice = opened(api, customer, 1000, **sent, due_date=due, effective_at=due - 9 * DAY)
    assert (invoice.due_date, invoice.effective_at) == (due, due - 9 * DAY)


def test_taxes_are_rounded_half_up_line_by_line(api, customer):
    vat = api.tax_rates.create(VAT)
    invoice = draft(api, customer, default_tax_rates=[vat.id])
    lines = [{"amount": 50}, {"amount": 50}, {"amount": -50}]  # 19 % of 50 is 9.5
    invoice = api.invoices.add_lines(invoice.id, {"lines": lines})
    assert [line.taxes[0].amount for line in invoice.lines.data] == [10, 10, -10]
    assert (invoice.subtotal, invoice.total, invoice.total_excluding_tax) == (50, 60, 50)
    assert [(tax.amount, tax.taxable_amount) for tax in invoice.total_taxes] == [(10, 50)]
    assert invoice.total_taxes[0].tax_rate_details.tax_rate == vat.id


def test_an_items_own_rate_goes_before_the_default_and_inclusive_tax_is_inside(api, customer):
    vat = api.tax_rates.create(VAT).id
    inside = api.tax_rates.create({**VAT, "inclusive": True}).id
    item(api, customer, 119, tax_rates=[inside])
    invoice = draft(api, customer, pending_invoice_items_behavior="include", default_tax_rates=[vat])
    assert (invoice.total, invoice.total_excluding_tax, invoice.total_taxes[0].tax_behavior) == (119, 100, "inclusive")
    refusal(
        api.invoice_items.create, {"customer": customer, "currency": "eur", "amount": 1, "tax_rates": [vat, inside]}
    )


def test_own_tax_figures_are_taken_as_they_are(api, customer):
    taxes = [{"amount": 7, "taxable_amount": 100, "tax_rate_data": VAT}]
    lines = [{"amount": 100, "tax_amounts": taxes}, {"amount": 100, "tax_amounts": taxes}]
    invoice = api.invoices.add_lines(draft(api, customer).id, {"lines": lines, "invoice_metadata": {"a": "b"}})
    assert (invoice.total, invoice.metadata["a"]) == (214, "b")
    assert [(tax.amount, tax.taxable_amount) for tax in invoice.total_taxes] == [(14, 200)]
    made = invoice.total_taxes[0].tax_rate_details.tax_rate
    assert not api.tax_rates.retrieve(made).active
    vat = api.tax_rates.create(VAT).id
    for wrong in (
        [{"amount": 1, "tax_amounts": taxes, "tax_rates": [vat]}],
        [{"amount": 1, "tax_rates": [vat]}],
        [{"amount": 1, "tax_rates": [made]}],
        [{"amount": 1, "tax_amounts": taxes * 21}],
    ):
        refusal(api.invoices.add_lines, invoice.id, {"lines": wrong})
    rated = draft(api, customer, default_tax_rates=[vat])
    refusal(api.invoices.add_lines, rated.id, {"lines": lines}, param="tax_amounts")
    assert api.invoices.retrieve(rated.id).total == 0


def test_lines_are_changed_and_removed(api, customer):
    invoice = draft(api, customer, 100, 200, 300)
    one, two, three = (line.id for line in invoice.lines.data)
    changes = [{"id": one, "amount": 150, "metadata": {"a": "b"}}, {"id": two, "description": "Two"}]
    invoice = api.invoices.update_lines(invoice.id, {"lines": changes})
    assert (invoice.total, invoice.lines.data[0].metadata["a"], invoice.lines.data[1].description) == (650, "b", "Two")
    gone = [{"id": one, "behavior": "delete"}, {"id": three, "behavior": "unassign"}]
    assert api.invoices.remove_lines(invoice.id, {"lines": gone}).total == 200
    assert [one.amount for one in api.invoice_items.list({"pending": True}).data] == [300]
    refusal(api.invoices.remove_lines, invoice.id, {"lines": gone}, code="resource_missing")


def test_an_invoice_takes_250_lines(api, customer):
    invoice = draft(api, customer, *[1] * 200)
    refusal(api.invoices.add_lines, invoice.id, {"lines": [{"amount": 1}] * 51}, param="lines")
    assert api.invoices.add_lines(invoice.id, {"lines": [{"amount": 1}] * 50}).total == 250
    refusal(api.invoice_items.create, {"customer": customer, "currency": "eur", "amount": 1, "invoice": invoice.id})


# From open to the end


def test_a_finalized_invoice_is_open_and_closed_to_edits(api, fake, clock, customer):
    invoice = opened(api, customer, 1000)
    assert (invoice.status, invoice.amount_due, invoice.amount_remaining) == ("open", 1000, 1000)
    assert invoice.status_transitions.finalized_at == invoice.effective_at == int(clock.now)
    line = invoice.lines.data[0].id
    for call, *args in (
        (api.invoices.finalize_invoice,),
        (api.invoices.delete,),
        (api.invoices.update, {"description": "x"}),
        (api.invoices.add_lines, {"lines": [{"amount": 1}]}),
        (api.invoices.update_lines, {"lines": [{"id": line, "amount": 1}]}),
        (api.invoices.remove_lines, {"lines": [{"id": line, "behavior": "delete"}]}),
    ):
        refusal(call, invoice.id, *args)
    changed = api.invoices.update(invoice.id, {"metadata": {"a": "b"}})
    assert changed.metadata["a"] == "b"
    assert "a" not in api.invoices.update(invoice.id, {"metadata": {"a": ""}}).metadata
    assert types(fake, "invoice.f", "invoice.p") == ["invoice.finalized"]


def test_nothing_to_pay_is_paid_at_once(api, fake, customer):
    invoice = opened(api, customer, 500, -500)
    assert (invoice.status, invoice.amount_paid, invoice.amount_due) == ("paid", 0, 0)
    assert types(fake, "invoice.paid", "invoice.fin") == ["invoice.finalized", "invoice.paid"]


@pytest.mark.parametrize(
    ("currency", "small", "enough"), [("eur", 49, 50), ("gbp", 29, 30), ("jpy", 49, 50), ("dkk", 249, 250)]
)
def test_less_than_the_minimum_is_paid_and_owed_on_the_next_invoice(api, fake, currency, small, enough):
    customer = fake.add_customer()["id"]
    invoice = opened(api, customer, small, currency=currency)
    assert (invoice.status, invoice.amount_due, invoice.amount_paid, invoice.total) == ("paid", 0, 0, small)
    assert (invoice.starting_balance, invoice.ending_balance) == (0, small)
    booked = api.customers.balance_transactions.list(customer).data[0]
    assert (booked.amount, booked.type, booked.invoice) == (small, "invoice_too_small", invoice.id)
    following = opened(api, customer, enough, currency=currency)
    assert (following.status, following.amount_due, following.total) == ("open", small + enough, enough)
    assert (following.starting_balance, following.ending_balance) == (small, 0)
    assert opened(api, customer, enough, currency=currency).status == "open"


def test_a_negative_total_becomes_credit(api, fake, customer):
    assert opened(api, customer, -700).status == "paid"
    assert api.customers.retrieve(customer).balance == -700
    invoice = opened(api, customer, 1000)
    assert (invoice.amount_due, invoice.starting_balance, invoice.ending_balance) == (300, -700, 0)
    assert api.invoices.void_invoice(invoice.id).status == "void"
    assert [one.type for one in api.customers.balance_transactions.list(customer).data] == [
        "unapplied_from_invoice",
        "applied_to_invoice",
        "applied_to_invoice",
    ]
    assert fake.get(customer)["balance"] == -700


def test_payments_in_part_in_full_and_too_much(api, fake, customer):
    invoice = opened(api, customer, 1000).id
    partly = fake.pay(invoice, 300, out_of_band=True)
    assert (partly["status"], partly["amount_paid"], partly["amount_remaining"]) == ("open", 300, 700)
    assert partly["amount_paid_off_stripe"] == 300
    paid = fake.pay(invoice, 800)
    assert (paid["status"], paid["amount_paid"], paid["amount_overpaid"]) == ("paid", 1000, 100)
    assert api.customers.retrieve(customer).balance == -100
    payments = api.invoice_payments.list({"invoice": invoice}).data
    assert [(one.status, one.amount_paid, one.payment.type) for one in payments] == [
        ("paid", 800, "payment_intent"),
        ("paid", 300, "payment_record"),
        ("canceled", None, "payment_intent"),
    ]
    expanded = api.invoices.retrieve(invoice, {"expand": ["payments"]})
    assert [one.id for one in expanded.payments.data] == [one.id for one in payments]
    assert types(fake, "invoice_payment", "invoice.paid", "invoice.overpaid") == [
        "invoice_payment.paid",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.overpaid",
    ]
    refusal(api.invoices.pay, invoice, {"paid_out_of_band": True})


def test_paid_failed_void_and_uncollectible(api, fake, customer):
    paid = api.invoices.pay(opened(api, customer, 1000).id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid, paid.amount_paid_off_stripe, paid.amount_remaining) == (
        "paid",
        1000,
        1000,
        0,
    )
    refusal(api.invoices.void_invoice, paid.id)
    failed = opened(api, customer, 1000).id
    refusal(api.invoices.pay, failed, param="payment_method")
    with pytest.raises(stripe.CardError):
        api.invoices.pay(failed, {"payment_method": "pm_card_chargeDeclined"})
    assert fake.fail_payment(failed)["attempt_count"] == 2
    assert api.invoices.mark_uncollectible(failed).status == "uncollectible"
    assert api.invoices.void_invoice(failed).status == "void"
    refusal(api.invoices.mark_uncollectible, failed)
    assert types(fake, "invoice.payment_f", "invoice.m", "invoice.v") == [
        *["invoice.payment_failed"] * 2,
        "invoice.marked_uncollectible",
        "invoice.voided",
    ]


def test_balance_transactions_are_booked_by_calls(api, customer):
    made = api.customers.balance_transactions.create(customer, {"amount": -500, "currency": "eur"})
    assert (made.ending_balance, made.type) == (-500, "adjustment")
    assert api.customers.retrieve(customer).balance == -500


# Credit notes


def test_a_credit_note_takes_off_what_is_still_to_pay(api, fake, customer):
    invoice = opened(api, customer, 1000).id
    note = api.credit_notes.create({"invoice": invoice, "amount": 400, "email_type": "none", "metadata": {"c": "1"}})
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("pre_payment", 400, 0)
    assert note.number.endswith("-CN-01")
    found = api.invoices.retrieve(invoice)
    assert (found.amount_due, found.amount_remaining, found.pre_payment_credit_notes_amount) == (600, 600, 400)
    assert api.credit_notes.void_credit_note(note.id).status == "void"
    assert api.invoices.retrieve(invoice).amount_due == 1000
    assert fake.credit(invoice, 1000)["type"] == "pre_payment"
    assert api.invoices.retrieve(invoice).status == "paid"
    assert [one.amount for one in api.credit_notes.list({"invoice": invoice}).data] == [1000, 400]
    assert types(fake, "credit_note") == ["credit_note.created", "credit_note.voided", "credit_note.created"]


def test_what_was_paid_goes_back_in_parts_that_add_up(api, fake, customer):
    invoice = opened(api, customer, 1000).id
    fake.pay(invoice, 700)
    for wrong in (
        {"amount": 400},
        {"amount": 400, "credit_amount": 99},
        {"amount": 300, "credit_amount": 1},
        {"amount": 1001, "credit_amount": 701},
        {"amount": 0},
        {},
        {"amount": 1, "lines": [{"type": "custom_line_item", "description": "x", "unit_amount": 1}]},
    ):
        refusal(api.credit_notes.create, {"invoice": invoice, **wrong})
    split = {"credit_amount": 50, "refund_amount": 30, "out_of_band_amount": 20}
    note = api.credit_notes.create({"invoice": invoice, "amount": 400, **split})
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("mixed", 300, 100)
    assert api.customers.retrieve(customer).balance == -50
    assert api.invoices.retrieve(invoice).post_payment_credit_notes_amount == 100
    refusal(api.credit_notes.void_credit_note, note.id)
    refusal(api.credit_notes.create, {"invoice": invoice, "amount": 601, "credit_amount": 601})
    assert fake.credit(invoice, 600)["post_payment_amount"] == 600


def test_credit_notes_by_lines_carry_taxes(api, customer):
    vat = api.tax_rates.create(VAT).id
    invoice = draft(api, customer, default_tax_rates=[vat])
    invoice = api.invoices.add_lines(invoice.id, {"lines": [{"amount": 1000}]})
    refusal(api.credit_notes.create, {"invoice": invoice.id, "amount": 1})
    api.invoices.finalize_invoice(invoice.id)
    part = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "amount": 500}
    custom = {"type": "custom_line_item", "description": "SLA", "unit_amount": 100, "quantity": 2, "tax_rates": [vat]}
    params = {"invoice": invoice.id, "lines": [part, custom]}
    shown = api.credit_notes.preview(params)
    assert (shown.subtotal, shown.total, shown.total_taxes[0].amount) == (700, 833, 133)
    assert api.credit_notes.list().data == []
    note = api.credit_notes.create(params)
    lines = api.credit_notes.line_items.list(note.id).data
    assert [(line.amount, line.taxes[0].amount) for line in lines] == [(500, 95), (200, 38)]
    for wrong in ({**part, "invoice_line_item": "il_none"}, {**custom, "amount": 5}, {**part, "amount": 1001}):
        refusal(api.credit_notes.create, {"invoice": invoice.id, "lines": [wrong]})


# Subscriptions


def test_a_renewal_takes_what_waits_for_it(api, fake, customer):
    plan, other = (fake.add_subscription(customer, amount=amount)["id"] for amount in (5000, 7000))
    mine = item(api, customer, 1, subscription=plan).id
    free = item(api, customer, 2).id
    item(api, customer, 4, subscription=other)
    assert api.invoices.create_preview({"subscription": plan}).total == 5003
    invoice = fake.renew(plan)
    assert (invoice["total"], invoice["status"], invoice["billing_reason"]) == (5003, "draft", "subscription_cycle")
    assert invoice["parent"]["subscription_details"]["subscription"] == plan
    details = [line["parent"]["invoice_item_details"] for line in fake.lines(invoice)]
    assert [detail and detail["invoice_item"] for detail in details] == [free, mine, None]
    refusal(api.invoices.delete, invoice["id"])
    assert fake.finalize(invoice)["status"] == "open"
    assert fake.renew(other)["total"] == 7004


def test_a_renewal_takes_250_items_and_leaves_the_rest(api, fake, customer):
    plan = fake.add_subscription(customer)["id"]
    made = [item(api, customer, 1).id for _ in range(252)]
    assert fake.renew(plan)["total"] == 1250
    assert [one.id for one in api.invoice_items.list({"pending": True}).data] == [made[251], made[250]]


def test_subscriptions_have_statuses_taxes_and_an_end(api, fake, customer):
    vat = api.tax_rates.create(VAT).id
    plan = fake.add_subscription(customer, default_tax_rates=[vat], cancel_at_period_end=True)["id"]
    fake.add_subscription(customer, status="canceled")
    assert [one.id for one in api.subscriptions.list({"customer": customer}).data] == [plan]
    assert len(api.subscriptions.list({"customer": customer, "status": "all"}).data) == 2
    assert api.invoices.create_preview({"subscription": plan}).total == 1190
    own = draft(api, customer, 100, subscription=plan)
    assert (own.total, own.parent.subscription_details.subscription) == (119, plan)
    assert fake.renew(plan) is None
    assert api.subscriptions.retrieve(plan).status == "canceled"
    with pytest.raises(ValueError, match="ended"):
        fake.renew(plan)
    taxed = fake.add_subscription(customer, automatic_tax=True)["id"]
    invoice = fake.renew(taxed)["id"]
    refusal(api.invoices.add_lines, invoice, {"lines": [{"amount": -1}]}, param="automatic_tax")


def test_a_preview_changes_nothing(api, fake, customer):
    refusal(api.invoices.create_preview, {"customer": customer}, status=404, code="invoice_upcoming_none")
    waiting = item(api, customer, 300).id
    before = len(fake.events)
    given = {"customer": customer, "invoice_items": [{"amount": -100, "currency": "eur", "description": "SLA"}]}
    shown = api.invoices.create_preview(given)
    assert (shown.total, [line.amount for line in shown.lines.data]) == (200, [300, -100])
    assert shown.id.startswith("upcoming_in")
    assert (api.invoice_items.retrieve(waiting).invoice, len(fake.events)) == (None, before)
    assert api.invoices.list().data == []


# Events and controls


def test_events_are_snapshots_and_are_paged(api, fake, clock, customer):
    invoice = draft(api, customer, 1000)
    clock.now += 10
    fake.finalize(invoice)
    fake.pay(invoice)
    by_type = {event["type"]: event for event in fake.events}
    assert by_type["invoice.created"]["data"]["object"]["status"] == "draft"
    assert by_type["invoice.finalized"]["data"]["object"]["status"] == "open"
    assert by_type["invoice.paid"]["api_version"] == stripe.api_version
    assert by_type["invoice.created"]["request"]["idempotency_key"] == fake.requests[0].key
    assert by_type["invoice.paid"]["request"] == {"id": None, "idempotency_key": None}
    listed = list(api.events.list({"limit": 2}).auto_paging_iter())
    assert [event.id for event in listed] == [event["id"] for event in reversed(fake.events)]
    recent = api.events.list({"created": {"gte": int(clock.now)}, "types": ["invoice.paid", "invoice.finalized"]})
    assert [event.type for event in recent.data] == ["invoice.paid", "invoice.finalized"]
    newer = api.events.list({"ending_before": recent.data[1].id, "limit": 100}).data
    assert newer[-1].created >= recent.data[1].created
    assert newer[0].id == listed[0].id
    assert api.events.retrieve(listed[0].id).data.object["id"] == invoice.id


def test_events_are_signed_as_webhooks(fake):
    fake.add_customer()
    body, header = fake.signed(fake.events[0])
    client = stripe.StripeClient(fake.key)
    assert client.construct_event(body, header, "whsec_test").type == "customer.created"
    for wrong in (fake.signed(fake.events[0], None, "whsec_other"), fake.signed(fake.events[0], timestamp=1)):
        with pytest.raises(stripe.SignatureVerificationError):
            client.construct_event(*wrong, "whsec_test")


def test_tampering_leaves_no_trace(api, fake, customer):
    invoice = opened(api, customer, 1000)
    before = len(fake.events)
    fake.tamper(invoice.id, total=999)
    fake.tamper(invoice.lines.data[0].id, amount=1)
    found = api.invoices.retrieve(invoice.id)
    assert (found.total, found.lines.data[0].amount, len(fake.events)) == (999, 1, before)


def test_threads_may_call_at_once(fake, customer):
    def work(name):
        with connected(fake) as api:
            for number in range(20):
                item(api, customer, 1, metadata={"n": f"{name}-{number}"})

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fake.by_metadata("invoiceitem", "n")) == 80


def test_it_comes_back_on_its_port_with_what_it_had(api, fake, customer):
    place = fake.url
    fake.stop()
    with pytest.raises(stripe.APIConnectionError):
        api.customers.retrieve(customer)
    fake.start()
    assert fake.url == place
    assert api.customers.retrieve(customer).id == customer


def test_a_fault_of_the_fake_itself_does_not_go_unseen():
    def broken():
        with FakeStripe() as fake, connected(fake) as api:
            fake.before_answer = lambda _: 1 / 0
            with pytest.raises(stripe.APIConnectionError):
                api.customers.list()

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        broken()


def test_it_runs_as_a_program():
    program = Path(__file__).parents[1] / "stripe_fake.py"
    command = [sys.executable, program, "--faults", "1", "--seed", "7", "--kinds", "rate_limited"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            place = json.loads(process.stdout.readline())
            http = stripe.RequestsClient(timeout=(5, 1))
            client = stripe.StripeClient(place["key"], base_addresses={"api": place["url"]}, http_client=http)
            with pytest.raises(stripe.RateLimitError):
                client.v1.accounts.retrieve_current()
            http.close()
        finally:
            process.kill()
