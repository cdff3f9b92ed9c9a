"""The calls about invoices, their items, payments and credit notes."""

import stripe_fake_credit_notes as credit_notes
import stripe_fake_invoices as invoices
import stripe_fake_items as items
import stripe_fake_lifecycle as lifecycle
import stripe_fake_lines as lines
import stripe_fake_renewals as renewals
import stripe_fake_schemas as schemas
import stripe_objects as objects
from stripe_fake_routing import ACCOUNT_CURRENCY, CREATED, matching, route, rows_of


@route("POST", "invoiceitems", schemas.ITEM)
def create_item(store, params):
    return items.create(store, params)


@route("GET", "invoiceitems", schemas.ITEMS)
def list_items(store, params):
    if "invoice" in params:
        store.get("invoice", params["invoice"], "invoice")
    keep = matching(
        params,
        ("created", lambda item, within: within(item["date"])),
        ("invoice", lambda item, value: item["invoice"] == value),
        ("pending", lambda item, value: (item["invoice"] is None) == value),
    )
    return store.page(rows_of(store, "invoiceitem", params), params, "/v1/invoiceitems", keep)


@route("GET", "invoiceitems/*", schemas.ONE_ITEM)
def get_item(store, params, object_id):
    return store.get("invoiceitem", object_id)


@route("POST", "invoiceitems/*", schemas.ITEM_UPDATE)
def update_item(store, params, object_id):
    return lines.update_item(store, store.get("invoiceitem", object_id), params)


@route("DELETE", "invoiceitems/*", schemas.NOTHING)
def delete_item(store, params, object_id):
    return lines.delete_item(store, store.get("invoiceitem", object_id))


@route("POST", "invoices", schemas.INVOICE)
def create_invoice(store, params):
    return invoices.create(store, params, ACCOUNT_CURRENCY)


@route("GET", "invoices", schemas.INVOICES)
def list_invoices(store, params):
    keep = matching(
        params,
        CREATED,
        ("due_date", lambda invoice, within: invoice["due_date"] is not None and within(invoice["due_date"])),
        ("status", lambda invoice, value: invoice["status"] == value),
        ("collection_method", lambda invoice, value: invoice["collection_method"] == value),
        ("subscription", lambda invoice, value: items.subscription_of(invoice) == value),
    )
    return store.page(rows_of(store, "invoice", params), params, "/v1/invoices", keep)


@route("POST", "invoices/create_preview", schemas.PREVIEW)
def preview_invoice(store, params):
    return renewals.preview(store, params)


@route("GET", "invoices/*", schemas.ONE_INVOICE)
def get_invoice(store, params, object_id):
    return store.get("invoice", object_id)


@route("POST", "invoices/*", schemas.INVOICE_UPDATE)
def update_invoice(store, params, object_id):
    return invoices.update(store, store.get("invoice", object_id), params)


@route("DELETE", "invoices/*", schemas.NOTHING)
def delete_invoice(store, params, object_id):
    invoices.delete(store, store.get("invoice", object_id))
    return {"id": object_id, "object": "invoice", "deleted": True}


@route("GET", "invoices/*/lines", schemas.PLAIN_LIST)
def list_lines(store, params, object_id):
    store.get("invoice", object_id)
    return store.line_page(store.lines[object_id], params, f"/v1/invoices/{object_id}/lines")


@route("POST", "invoices/*/lines/*", schemas.UPDATE_LINE)
def update_line(store, params, object_id, line_id):
    invoice = items.draft(store, object_id)
    lines.line(store, invoice, line_id)
    change = {name: value for name, value in params.items() if name != "expand"}
    lines.update_lines(store, invoice, {"lines": [{**change, "id": line_id}]})
    return lines.line(store, invoice, line_id)


@route("POST", "invoices/*/add_lines", schemas.ADD_LINES)
def add_lines(store, params, object_id):
    return lines.add_lines(store, items.draft(store, object_id), params)


@route("POST", "invoices/*/update_lines", schemas.UPDATE_LINES)
def update_lines(store, params, object_id):
    return lines.update_lines(store, items.draft(store, object_id), params)


@route("POST", "invoices/*/remove_lines", schemas.REMOVE_LINES)
def remove_lines(store, params, object_id):
    return lines.remove_lines(store, items.draft(store, object_id), params)


@route("POST", "invoices/*/finalize", schemas.FINALIZE)
def finalize(store, params, object_id):
    return lifecycle.finalize(store, store.get("invoice", object_id), params.get("auto_advance"))


@route("POST", "invoices/*/pay", schemas.PAY)
def pay(store, params, object_id):
    return lifecycle.pay_by_call(store, store.get("invoice", object_id), params)


@route("POST", "invoices/*/void", schemas.ONE_INVOICE)
def void(store, params, object_id):
    return lifecycle.void(store, store.get("invoice", object_id))


@route("POST", "invoices/*/mark_uncollectible", schemas.ONE_INVOICE)
def mark_uncollectible(store, params, object_id):
    return lifecycle.mark_uncollectible(store, store.get("invoice", object_id))


@route("POST", "credit_notes", schemas.CREDIT_NOTE)
def create_credit_note(store, params):
    return credit_notes.create(store, params)


@route("GET", "credit_notes", schemas.CREDIT_NOTES)
def list_credit_notes(store, params):
    if "invoice" in params:
        store.get("invoice", params["invoice"], "invoice")
    keep = matching(params, CREATED, ("invoice", lambda note, value: note["invoice"] == value))
    return store.page(rows_of(store, "credit_note", params), params, "/v1/credit_notes", keep)


@route("GET", "credit_notes/preview", schemas.CREDIT_NOTE)
def preview_credit_note(store, params):
    return credit_notes.preview(store, params)[0]


@route("GET", "credit_notes/preview/lines", schemas.CREDIT_NOTE_PREVIEW_LINES)
def preview_credit_note_lines(store, params):
    paging = {name: params.pop(name) for name in ("limit", "starting_after", "ending_before") if name in params}
    return store.line_page(credit_notes.preview(store, params)[1], paging, "/v1/credit_notes/preview/lines")


@route("GET", "credit_notes/*", schemas.ONLY_EXPAND)
def get_credit_note(store, params, object_id):
    return store.get("credit_note", object_id)


@route("POST", "credit_notes/*", schemas.CREDIT_NOTE_UPDATE)
def update_credit_note(store, params, object_id):
    note = store.get("credit_note", object_id)
    if "memo" in params:
        note["memo"] = params["memo"]
    if "metadata" in params:
        note["metadata"] = objects.merged(note["metadata"], params["metadata"])
    store.emit("credit_note.updated", note)
    return note


@route("GET", "credit_notes/*/lines", schemas.PLAIN_LIST)
def list_credit_note_lines(store, params, object_id):
    store.get("credit_note", object_id)
    return store.line_page(store.credit_lines[object_id], params, f"/v1/credit_notes/{object_id}/lines")


@route("POST", "credit_notes/*/void", schemas.ONLY_EXPAND)
def void_credit_note(store, params, object_id):
    return credit_notes.void(store, store.get("credit_note", object_id))


@route("GET", "invoice_payments", schemas.PAYMENTS)
def list_payments(store, params):
    rows = store.tables["invoice_payment"]
    if "invoice" in params:
        rows = store.of_invoice["invoice_payment", store.get("invoice", params["invoice"], "invoice")["id"]]
    keep = matching(params, CREATED, ("status", lambda payment, value: payment["status"] == value))
    return store.page(rows, params, "/v1/invoice_payments", keep)


@route("GET", "invoice_payments/*", schemas.ONLY_EXPAND)
def get_payment(store, params, object_id):
    return store.get("invoice_payment", object_id)
