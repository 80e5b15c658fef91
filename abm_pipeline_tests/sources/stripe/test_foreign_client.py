"""Stripe's own Python client reads the sandbox."""

from __future__ import annotations

import pytest
import stripe

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.stripe.rest import API_KEY


@pytest.fixture
def client(sandbox: running_sandbox) -> stripe.StripeClient:
    """The client with its base address changed, nothing else."""
    base = f"{sandbox.url}/stripe"
    return stripe.StripeClient(API_KEY, base_addresses={"api": base}, max_network_retries=0)


def test_it_pages_through_everything(client: stripe.StripeClient, sandbox: running_sandbox) -> None:
    """Subscriptions with their customers, invoices in pages of three, events by type."""
    book = sandbox.api("stripe").render.book
    listed = client.v1.subscriptions.list({"status": "all", "limit": 3, "expand": ["data.customer"]})
    subscriptions = list(listed.auto_paging_iter())
    assert int((book.made.start[book.subscription] <= sandbox.world.instant).sum()) == len(subscriptions)
    assert all(s.customer.name and s["items"].data[0].price.unit_amount for s in subscriptions)  # type: ignore[union-attr]
    invoices = list(client.v1.invoices.list({"limit": 3}).auto_paging_iter())
    assert len({invoice.id for invoice in invoices}) == len(invoices) > 20
    events = list(client.v1.events.list({"types": ["invoice.paid"], "limit": 2}).auto_paging_iter())
    assert {"paid"} == {event.data.object["status"] for event in events}


def test_it_reads_errors(client: stripe.StripeClient, sandbox: running_sandbox) -> None:
    """A missing object, a wrong key and too many requests are the errors that it knows."""
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.customers.retrieve("cus_none")
    assert "resource_missing" == missing.value.code
    wrong = stripe.StripeClient("sk_test_no", base_addresses={"api": f"{sandbox.url}/stripe"}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        wrong.v1.customers.list()
    sandbox.configure("stripe", per_second=0)
    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.list()
