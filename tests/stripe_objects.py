"""Objects as API version 2026-10-28.endive shapes them."""


def merged(old, new):
    """Return metadata after an update: None clears all of it, or one key of it."""
    if new is None:
        return {}
    return {key: value for key, value in {**old, **new}.items() if value is not None}


def customer(object_id, now, **fields):
    return {
        "id": object_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": object_id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **fields,
    }


def tax_rate(object_id, now, **fields):
    return {
        "id": object_id,
        "object": "tax_rate",
        "active": True,
        "country": None,
        "created": now,
        "description": None,
        "effective_percentage": float(fields["percentage"]),
        "flat_amount": None,
        "jurisdiction": None,
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": {},
        "rate_type": "percentage",
        "state": None,
        "tax_type": None,
        **fields,
        "percentage": float(fields["percentage"]),
    }


def subscription(object_id, item_id, now, period_end, **fields):
    """Return a subscription with one item; its amount stands in the item's price."""
    currency, amount = fields["currency"], fields.pop("amount")
    price = {
        "id": f"price_{object_id}",
        "object": "price",
        "active": True,
        "currency": currency,
        "product": f"prod_{object_id}",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }
    item = {
        "id": item_id,
        "object": "subscription_item",
        "created": now,
        "current_period_end": period_end,
        "current_period_start": now,
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": 1,
        "subscription": object_id,
        "tax_rates": [],
    }
    return {
        "id": object_id,
        "object": "subscription",
        "billing_cycle_anchor": now,
        "cancel_at": None,
        "canceled_at": None,
        "collection_method": "charge_automatically",
        "created": now,
        "days_until_due": None,
        "description": None,
        "discounts": [],
        "ended_at": None,
        "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"},
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "pause_collection": None,
        "start_date": now,
        "test_clock": None,
        "trial_end": None,
        **fields,
    }


def invoice_item(object_id, now, **fields):
    return {
        "id": object_id,
        "object": "invoiceitem",
        "customer_account": None,
        "date": now,
        "description": None,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": None,
        "proration": False,
        "proration_details": None,
        "tax_rates": [],
        "test_clock": None,
        **fields,
    }


def line(object_id, invoice_id, **fields):
    return {
        "id": object_id,
        "object": "line_item",
        "description": None,
        "discount_amounts": [],
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "subscription": None,
        "subtotal": fields["amount"],
        "taxes": [],
        **fields,
    }


_EMPTY = (
    "account_tax_ids amount_paid_off_stripe application automatically_finalizes_at custom_fields customer_account "
    "customer_address customer_email customer_name customer_phone customer_shipping default_payment_method "
    "default_source description due_date effective_at ending_balance footer from_invoice hosted_invoice_url "
    "invoice_pdf last_finalization_error latest_revision next_payment_attempt number on_behalf_of parent "
    "receipt_number rendering shipping_cost shipping_details statement_descriptor status_details test_clock "
    "threshold_reason webhooks_delivered_at"
)
_INVOICE_EMPTY = dict.fromkeys(_EMPTY.split())
_ZERO = (
    "amount_due amount_overpaid amount_paid amount_remaining amount_shipping attempt_count "
    "post_payment_credit_notes_amount pre_payment_credit_notes_amount starting_balance subtotal "
    "subtotal_excluding_tax total total_excluding_tax"
)
_INVOICE_ZERO = dict.fromkeys(_ZERO.split(), 0)


def invoice(object_id, now, **fields):
    """Return a draft without lines."""
    return {
        "id": object_id,
        "object": "invoice",
        **_INVOICE_EMPTY,
        **_INVOICE_ZERO,
        "account_country": "DE",
        "account_name": "Fake",
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": now,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "livemode": False,
        "metadata": {},
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": now,
        "period_start": now,
        "status": "draft",
        "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        **fields,
    }


def payment(object_id, invoice, now, source, **fields):
    """Return an invoice payment; `source` is (type, id) of the payment behind it."""
    return {
        "id": object_id,
        "object": "invoice_payment",
        "amount_paid": None,
        "created": now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": False,
        "livemode": False,
        "payment": {"type": source[0], source[0]: source[1]},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
        **fields,
    }


def balance_transaction(object_id, customer, now, **fields):
    return {
        "id": object_id,
        "object": "customer_balance_transaction",
        "checkout_session": None,
        "created": now,
        "credit_note": None,
        "customer": customer["id"],
        "customer_account": None,
        "description": None,
        "ending_balance": customer["balance"],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        **fields,
    }


def credit_note(object_id, invoice, now, **fields):
    return {
        "id": object_id,
        "object": "credit_note",
        "amount_shipping": 0,
        "created": now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": now,
        "invoice": invoice["id"],
        "livemode": False,
        "memo": None,
        "metadata": {},
        "out_of_band_amount": None,
        "pdf": f"https://pay.stripe.com/credit_notes/fake/{object_id}/pdf",
        "pretax_credit_amounts": [],
        "reason": None,
        "refunds": [],
        "shipping_cost": None,
        "status": "issued",
        "voided_at": None,
        **fields,
    }


def credit_line(object_id, **fields):
    return {
        "id": object_id,
        "object": "credit_note_line_item",
        "description": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": None,
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": None,
        "tax_rates": [],
        "taxes": [],
        "unit_amount": None,
        "unit_amount_decimal": None,
        **fields,
    }
