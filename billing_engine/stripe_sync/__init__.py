"""Stripe: what is sent there, how, and what its answers and events mean. Knows no database.

Owns: keys and the connection (`access`, `gateway`), Stripe's currencies (`currency`), what our documents look like
there (`payloads`), the steps that bring one there (`mirror`, `attach`, `corrections`), what an invoice there says
(`reading`), signed events (`webhooks`). Does not own: what was sent before and what it means for our books; that is
`stripe_push` and `stripe_receiving`.
"""
