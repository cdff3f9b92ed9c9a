"""The commented settings file that `init` writes."""

SAMPLE = """\
# Settings of the billing engine. `billing-engine init` wrote this sample; it works at once.
# Replace the seller by your own company before you send an invoice to anybody.

[seller]
name = "Sample Support d.o.o."
address = ["Bulevar kralja Aleksandra 1"]
postal_code = "11000"
city = "Beograd"                     # Serbian invoices say it as the place of issue
country = "RS"                       # ISO 3166 code
vat_id = "RS100000024"
registration_number = "00000000"
email = "billing@example.com"
phone = "+381 11 000 00 00"
website = "www.example.com"
bank = "Sample Bank"
iban = "RS35260005601001611379"
bic = "SMPLRSBG"
contact = "Accounts department"      # who answers questions about invoices
# id = "sample"                        # tells sellers that share a database apart: each has its own series of numbers

[tax]
vat_percent = 20                     # of what no row of the table below decides; leave it out when no VAT is charged
# vat_note = "No VAT is charged: ..."  # the legal reference, printed where no VAT is charged
# home_currency = "RSD"              # VAT is told in it too, on invoices in another currency

# How lines are taxed: the first row that fits decides, and the column "tax" of customers.csv goes before all of them.
# customers: "domestic", "eu", "abroad" or country codes; vat_id: whether the customer has one; services: fee, overage,
# tariff, development, analysis, expense; tax: standard, reduced, zero, exempt, reverse_charge, out_of_scope;
# rate: one of [[tax.rates]] by name, else the one named like tax; note: the legal text; code: its VATEX code.
# [[tax.rules]]
# customers = ["eu", "abroad"]
# vat_id = true
# tax = "reverse_charge"
# note = "VAT not charged: place of supply abroad, Art. 12(4) of the Serbian VAT Act"
# [[tax.rules]]
# customers = ["abroad"]
# tax = "out_of_scope"

[[tax.rates]]                        # rates by name, each from and to a day where it changes
name = "reduced"
percent = 10
# valid_from = 2014-01-01
# valid_to = 2027-12-31

# [[tax.exchange_rates]]             # what one EUR is worth in the home currency; the newest up to the day of supply
# currency = "EUR"
# day = 2026-10-30
# rate = 117.1692

[payment]
days = 14                            # from the day of issue to the day it is due

[invoice]
number_format = "{year}-{number:06d}"  # {year} is the billing period's fiscal year; numbers begin at 1 with it
fiscal_year_starts = 1               # month in which the fiscal year begins; 4 makes March 2027 part of 2026
zero_invoices = false                # true: customers whose month comes to 0.00 get an invoice too

[credit_note]
number_format = "CN-{year}-{number:06d}"  # {year} is that of the day of issue; another form than the invoices'

[limits]                             # an invoice beyond them is parked until `billing-engine release` lets it pass
largest_total = 1000000              # in the invoice's currency, tax included
most_lines = 1000
# most_times_last_month = 5          # times the total of the month before

[reminders]
days = [7, 14, 28]                   # days after the due day from which the 1st, 2nd and last reminder are drafted

[stripe]                             # for customers with a stripe_mode; keys come from the environment alone
collection_method = "send_invoice"   # Stripe mails the invoice; "charge_automatically" charges the customer's card
# invoice_url = "https://billing.example.com/{number}.pdf"  # where a customer finds the PDF of a long invoice

[documents]
# templates = "my_templates"         # a folder whose files replace the shipped templates of the same name
# logo = "logo.svg"                  # PNG, JPEG or SVG; without it the seller's name stands there
# brand_colour = "#1f4d5c"
# second_language = "en"             # titles and legal texts once more, on invoices to other countries
# footer = "Registered at ..."       # at the foot of each page
# sepa_qr = true                     # an EPC code also for a Serbian account

# [mail]                             # for `invoice send`; the password is the variable BILLING_ENGINE_SMTP_PASSWORD
# host = "smtp.example.com"
# port = 587
# security = "starttls"              # or "tls"; "none" only for a server on this machine
# user = "billing"
# sender = "billing@example.com"
# copy_to = "archive@example.com"

[price_lists]
folders = []                         # your own price lists, such as ["my_price_lists"]; paths are relative to this file
"""
