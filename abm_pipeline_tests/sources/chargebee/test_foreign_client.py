"""Chargebee's own Python client reads the sandbox."""

from __future__ import annotations

import chargebee
import pytest
from chargebee.filters import Filters

from abm_pipeline.sandbox.chargebee.records import records
from abm_pipeline.sandbox.chargebee.rest import API_KEY
from abm_pipeline.sandbox.serve import running_sandbox


def test_it_pages_through_everything(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host is always https://<site>.chargebee.com, so the address is put in its place; nothing else is."""
    monkeypatch.setattr(chargebee.Chargebee, "verify_ca_certs", False)
    client = chargebee.Chargebee(API_KEY, "sandbox", protocol="http")
    client.env.api_endpoint = f"{sandbox.url}/chargebee/api/v2"
    found, offset = [], None
    while True:
        params = client.Subscription.ListParams(
            limit=3,
            include_deleted=True,
            sort_by=Filters.SortFilter(asc="updated_at"),
            **({"offset": offset} if offset else {}),
        )
        page = client.Subscription.list(params)
        found += [(entry.subscription.id, entry.customer.id, entry.subscription.mrr) for entry in page.list]
        offset = page.next_offset
        if not offset:
            break
    table = records(sandbox.world)["subscription"]
    assert {*table.columns["id"][table.visible(sandbox.world.instant)]} == {entry[0] for entry in found}
    assert all(customer and mrr is not None for _, customer, mrr in found)
    with pytest.raises(chargebee.InvalidRequestError):
        client.Invoice.retrieve("none")
