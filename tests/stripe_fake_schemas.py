"""The parameters that each call knows, as the params of stripe-python 16.1.0 list them."""

from stripe_fake_form import (
    array,
    boolean,
    choice,
    decimal,
    integer,
    limit,
    metadata,
    natural,
    percentage,
    record,
    span,
    text,
    unmodelled,
    unsettable,
)

ID = text(500)


def _expand(*names):
    """Accept what this fake can expand, and refuse all else before anything is executed."""
    return {"expand": array(choice(*names), 20)}


EXPAND = _expand()
INVOICE_EXPAND = _expand("customer", "lines", "payments")
ITEM_EXPAND = _expand("customer", "invoice")
LIST = {**EXPAND, "limit": limit, "starting_after": ID, "ending_before": ID}
SEND = choice("charge_automatically", "send_invoice")
RATES = array(ID, 20)
PERIOD = record({"start": natural, "end": natural}, ("start", "end"))
TAX_TYPE = choice(
    "admissions_tax", "amusement_tax", "attendance_tax", "communications_tax", "digital_excise_tax",
    "entertainment_tax", "get_fund", "gross_receipts_tax", "gst", "hospitality_tax", "hst", "igst", "jct", "lease_tax",
    "luxury_tax", "mass_transit_parking_tax", "nhil", "parking_tax", "pst", "qst", "resort_tax", "retail_delivery_fee",
    "rst", "sales_tax", "service_tax", "tourism_tax", "utility_users_tax", "vat",
)  # fmt: skip
REASON = choice(
    "customer_exempt", "not_collecting", "not_subject_to_tax", "not_supported", "portion_product_exempt",
    "portion_reduced_rated", "portion_standard_rated", "product_exempt", "product_exempt_holiday",
    "proportionally_rated", "reduced_rated", "reverse_charge", "standard_rated", "taxable_basis_reduced", "zero_rated",
)  # fmt: skip


def _unmodelled(names):
    return dict.fromkeys(names.split(), unmodelled)


_RATE = {
    "country": text(2),
    "description": text(),
    "display_name": text(50),
    "inclusive": boolean,
    "jurisdiction": text(50),
    "percentage": percentage,
    "state": text(50),
    "tax_type": TAX_TYPE,
}
_RATE_REQUIRED = ("display_name", "inclusive", "percentage")
TAX_RATE = record({**_RATE, **EXPAND, "active": boolean, "metadata": metadata}, _RATE_REQUIRED)
TAX_RATES = record({**LIST, "active": boolean, "inclusive": boolean, "created": span})

_LEVEL = choice("city", "country", "county", "district", "multiple", "state")
_TAX_AMOUNT = record(
    {
        "amount": integer,
        "taxable_amount": integer,
        "taxability_reason": REASON,
        "tax_rate_data": record({**_RATE, "jurisdiction_level": _LEVEL}, _RATE_REQUIRED),
    },
    ("amount", "taxable_amount", "tax_rate_data"),
)
_LINE = {
    "amount": integer,
    "description": text(),
    "discountable": boolean,
    "metadata": metadata,
    "period": PERIOD,
    "quantity": natural,
    "quantity_decimal": decimal,
    "tax_rates": unsettable(RATES),
    **_unmodelled("discounts price_data pricing"),
}
_INVOICE_LINE = {**_LINE, "tax_amounts": unsettable(array(_TAX_AMOUNT, 20))}
_INVOICE_METADATA = {**INVOICE_EXPAND, "invoice_metadata": metadata}
ADD_LINES = record(
    {**_INVOICE_METADATA, "lines": array(record({**_INVOICE_LINE, "invoice_item": ID}), 250)}, ("lines",)
)
UPDATE_LINES = record(
    {**_INVOICE_METADATA, "lines": array(record({**_INVOICE_LINE, "id": ID}, ("id",)), 250)}, ("lines",)
)
UPDATE_LINE = record({**_INVOICE_LINE, **EXPAND})
_REMOVED = record({"id": ID, "behavior": choice("delete", "unassign")}, ("id", "behavior"))
REMOVE_LINES = record({**_INVOICE_METADATA, "lines": array(_REMOVED, 250)}, ("lines",))

_ITEM = {
    **_LINE,
    **ITEM_EXPAND,
    "unit_amount_decimal": decimal,
    "tax_behavior": choice("exclusive", "inclusive", "unspecified"),
    **_unmodelled("tax_code"),
}
ITEM = record(
    {
        **_ITEM,
        "currency": ID,
        "customer": ID,
        "invoice": ID,
        "subscription": ID,
        "tax_rates": RATES,
        **_unmodelled("customer_account"),
    },
    ("customer",),
)
ITEM_UPDATE = record({**_ITEM, **_unmodelled("invoicing_rules")})
ITEMS = record(
    {
        **LIST,
        **_expand("data.customer", "data.invoice"),
        "created": span,
        "customer": ID,
        "invoice": ID,
        "pending": boolean,
    }
)

_FIELD = record({"name": text(40), "value": text(140)}, ("name", "value"))
_AUTOMATIC_TAX = record({"enabled": boolean, **_unmodelled("liability")}, ("enabled",))
_INVOICE = {
    **INVOICE_EXPAND,
    "auto_advance": boolean,
    "automatic_tax": _AUTOMATIC_TAX,
    "automatically_finalizes_at": natural,
    "collection_method": SEND,
    "custom_fields": unsettable(array(_FIELD, 4)),
    "days_until_due": natural,
    "default_tax_rates": unsettable(RATES),
    "description": text(1500),
    "due_date": natural,
    "effective_at": natural,
    "footer": text(5000),
    "metadata": metadata,
    "number": text(26),
    "rendering": record(
        {
            "amount_tax_display": unsettable(choice("exclude_tax", "include_inclusive_tax")),
            "pdf": record({"page_size": choice("a4", "auto", "letter")}),
            **_unmodelled("template template_version"),
        }
    ),
    "statement_descriptor": text(22),
    **_unmodelled(
        "account_tax_ids application_fee_amount default_payment_method default_source discounts issuer on_behalf_of "
        "payment_settings shipping_cost shipping_details transfer_data"
    ),
}
INVOICE = record(
    {
        **_INVOICE,
        "currency": ID,
        "customer": ID,
        "default_tax_rates": RATES,
        "pending_invoice_items_behavior": choice("exclude", "include"),
        "subscription": ID,
        **_unmodelled("customer_account from_invoice"),
    },
    ("customer",),
)
INVOICE_UPDATE = record({**_INVOICE, "number": unsettable(text(26)), "effective_at": unsettable(natural)})
INVOICES = record(
    {
        **LIST,
        **_expand("data.customer", "data.lines", "data.payments"),
        "collection_method": SEND,
        "created": span,
        "customer": ID,
        "due_date": span,
        "status": choice("draft", "open", "paid", "uncollectible", "void"),
        "subscription": ID,
    }
)
FINALIZE = record({**INVOICE_EXPAND, "auto_advance": boolean})
PAY = record(
    {
        **INVOICE_EXPAND,
        "forgive": boolean,
        "off_session": boolean,
        "paid_out_of_band": boolean,
        "payment_method": ID,
        **_unmodelled("mandate source"),
    }
)
_PREVIEW_ITEM = {**_ITEM, "currency": ID, "unit_amount": integer, **_unmodelled("invoiceitem price")}
PREVIEW = record(
    {
        **EXPAND,
        "currency": ID,
        "customer": ID,
        "subscription": ID,
        "invoice_items": array(record(_PREVIEW_ITEM), 250),
        "preview_mode": choice("next", "recurring"),
        **_unmodelled(
            "automatic_tax customer_account customer_details discounts issuer on_behalf_of schedule schedule_details "
            "subscription_details"
        ),
    }
)

_CREDIT_TAX = record(
    {"amount": integer, "tax_rate": ID, "taxable_amount": integer}, ("amount", "tax_rate", "taxable_amount")
)
_CREDIT_LINE = record(
    {
        "amount": natural,
        "description": text(),
        "invoice_line_item": ID,
        "metadata": metadata,
        "quantity": natural,
        "tax_amounts": unsettable(array(_CREDIT_TAX, 20)),
        "tax_rates": unsettable(RATES),
        "type": choice("custom_line_item", "invoice_line_item"),
        "unit_amount": integer,
        "unit_amount_decimal": decimal,
    },
    ("type",),
)
_CREDIT_NOTE = {
    **EXPAND,
    "amount": natural,
    "credit_amount": natural,
    "effective_at": natural,
    "email_type": choice("credit_note", "none"),
    "invoice": ID,
    "lines": array(_CREDIT_LINE, 250),
    "memo": text(1500),
    "metadata": metadata,
    "out_of_band_amount": natural,
    "reason": choice("duplicate", "fraudulent", "order_change", "product_unsatisfactory"),
    "refund_amount": natural,
    **_unmodelled("refunds shipping_cost"),
}
CREDIT_NOTE = record(_CREDIT_NOTE, ("invoice",))
CREDIT_NOTE_UPDATE = record({**EXPAND, "memo": text(1500), "metadata": metadata})
CREDIT_NOTE_PREVIEW_LINES = record({**_CREDIT_NOTE, **LIST}, ("invoice",))
CREDIT_NOTES = record({**LIST, "created": span, "customer": ID, "invoice": ID})

_CUSTOMER = {
    **EXPAND,
    "balance": integer,
    "description": text(),
    "email": text(512),
    "invoice_prefix": text(12),
    "metadata": metadata,
    "name": text(256),
    "phone": text(20),
    "preferred_locales": array(text(20)),
    "tax_exempt": unsettable(choice("exempt", "none", "reverse")),
    **_unmodelled(
        "address business_name cash_balance individual_name invoice_settings next_invoice_sequence payment_method "
        "shipping source tax tax_id_data test_clock validate"
    ),
}
CUSTOMER = record(_CUSTOMER)
CUSTOMERS = record({**LIST, "created": span, "email": ID})
BALANCE = record(
    {**EXPAND, "amount": integer, "currency": ID, "description": text(350), "metadata": metadata},
    ("amount", "currency"),
)
BALANCES = record({**LIST, "created": span, "invoice": ID})
SUBSCRIPTIONS = record(
    {
        **LIST,
        "collection_method": SEND,
        "created": span,
        "customer": ID,
        "status": choice(
            "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing",
            "unpaid",
        ),
        **_unmodelled("automatic_tax current_period_end current_period_start plan price test_clock customer_account"),
    }
)  # fmt: skip
PAYMENTS = record(
    {**LIST, "created": span, "invoice": ID, "status": choice("canceled", "open", "paid"), **_unmodelled("payment")}
)
EVENTS = record(
    {**LIST, "created": span, "type": ID, "types": array(ID, 20), **_unmodelled("delivery_success")},
)
ONLY_EXPAND = record(EXPAND)
ONE_INVOICE = record(INVOICE_EXPAND)
ONE_ITEM = record(ITEM_EXPAND)
NOTHING = record({})
PLAIN_LIST = record(LIST)
