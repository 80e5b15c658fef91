"""Wire facts of the Stripe sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.stripe.rest import API_KEY
from abm_pipeline_tests.sources.conftest import UNTIL


def _get(sandbox: running_sandbox, path: str, key: str = API_KEY, **params: str | int) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Stripe-Version": "2026-06-24.dahlia"}
    return httpx.get(f"{sandbox.url}/stripe/v1/{path}", params=params, headers=headers)


def test_lists_are_newest_first_and_end_by_has_more(sandbox: running_sandbox) -> None:
    """Ten by default; the cursor is the last id; together as many as in one page."""
    whole = _get(sandbox, "invoices", limit=100).json()
    assert "/v1/invoices" == whole["url"]
    created = [row["created"] for row in whole["data"]]
    assert created == sorted(created, reverse=True)
    first = _get(sandbox, "invoices").json()
    assert (10, True) == (len(first["data"]), first["has_more"])
    second = _get(sandbox, "invoices", starting_after=first["data"][-1]["id"]).json()
    assert whole["data"][:20] == first["data"] + second["data"]


def test_canceled_subscriptions_are_hidden_unless_asked_for(sandbox: running_sandbox) -> None:
    """`status=all` has more than no status, and the difference is canceled."""
    every = _get(sandbox, "subscriptions", status="all", limit=100).json()["data"]
    some = {row["id"] for row in _get(sandbox, "subscriptions", limit=100).json()["data"]}
    assert {"canceled"} == {row["status"] for row in every if row["id"] not in some}


def test_discounts_are_ids_until_expanded(sandbox: running_sandbox) -> None:
    """Not at all, the discount, or the coupon within."""

    def discount(**params: str) -> object:
        rows = _get(sandbox, "subscriptions", status="all", limit=100, **params).json()["data"]
        return next(row["discounts"][0] for row in rows if row["discounts"])

    assert isinstance(discount(), str)
    assert isinstance(discount(**{"expand[]": "data.discounts"})["source"]["coupon"], str)  # type: ignore[index]
    whole = discount(**{"expand[]": "data.discounts.source.coupon"})
    assert "coupon" == whole["source"]["coupon"]["object"]  # type: ignore[index]


def test_events_last_thirty_days(sandbox: running_sandbox) -> None:
    """None is older; the filters by type and time are kept."""
    oldest = datetime(2026, 7, 1, tzinfo=UTC) - timedelta(days=30)
    rows = _get(sandbox, "events", limit=100, **{"types[]": "invoice.paid", "created[lt]": int(2e9)}).json()["data"]
    assert {"invoice.paid"} == {row["type"] for row in rows}
    assert all(row["created"] >= oldest.timestamp() - 1 for row in rows)
    assert UNTIL == datetime.fromtimestamp(max(row["created"] for row in rows), UTC).date() or rows


def test_refusals_are_in_stripes_words(sandbox: running_sandbox) -> None:
    """Wrong key, unknown parameter, unknown cursor, unknown object; every answer has a request id."""
    wrong = _get(sandbox, "customers", key="sk_test_no")
    assert (401, "invalid_request_error") == (wrong.status_code, wrong.json()["error"]["type"])
    assert "code" not in wrong.json()["error"]
    assert "parameter_unknown" == _get(sandbox, "customers", updated=1).json()["error"]["code"]
    gone = _get(sandbox, "customers", starting_after="cus_none").json()["error"]
    assert ("resource_missing", "starting_after") == (gone["code"], gone["param"])
    missing = _get(sandbox, "invoices/in_none")
    assert (404, True) == (missing.status_code, missing.headers["Request-Id"].startswith("req_"))


def test_a_deleted_customer_is_a_stub(sandbox: running_sandbox) -> None:
    """It is in no list, and by its id three fields are left."""
    render = sandbox.api("stripe").render
    row = int(render.book.gone.argmin())
    sandbox.set_clock((datetime.fromtimestamp(int(render.book.gone[row]), UTC) + timedelta(days=1)).date())
    ident = render.ids[0][row]
    assert {"id": ident, "object": "customer", "deleted": True} == _get(sandbox, f"customers/{ident}").json()
    assert ident not in {row["id"] for row in _get(sandbox, "customers", limit=100).json()["data"]}
