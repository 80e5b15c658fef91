"""Wire facts of the Chargebee sandbox."""

from __future__ import annotations

import httpx

from abm_pipeline.sandbox.chargebee.rest import API_KEY
from abm_pipeline.sandbox.serve import running_sandbox


def _get(sandbox: running_sandbox, path: str, key: str = API_KEY, **params: str | int) -> httpx.Response:
    return httpx.get(f"{sandbox.url}/chargebee/api/v2/{path}", params=params, auth=(key, ""))


def test_the_end_is_an_absent_offset(sandbox: running_sandbox) -> None:
    """Offsets are text that looks like a list; the last page has none; together all."""
    seen, offset = [], {}
    while True:
        body = _get(sandbox, "subscriptions", limit=4, include_deleted="true", **offset).json()
        seen += [entry["subscription"]["id"] for entry in body["list"]]
        if "next_offset" not in body:
            break
        assert isinstance(body["next_offset"], str)
        assert body["next_offset"].startswith('["')
        offset = {"offset": body["next_offset"]}
    assert len(set(seen)) == len(seen) > 4


def test_a_subscriptions_entry_has_its_customer_too(sandbox: running_sandbox) -> None:
    """Both keys, and the customer is the one that the subscription names."""
    for entry in _get(sandbox, "subscriptions", limit=100).json()["list"]:
        assert entry["subscription"]["customer_id"] == entry["customer"]["id"]


def test_attributes_without_a_value_are_left_out(sandbox: running_sandbox) -> None:
    """No null anywhere; money in whole minor units."""
    for entry in _get(sandbox, "customers", limit=100).json()["list"]:
        assert None not in entry["customer"].values()
    for entry in _get(sandbox, "invoices", limit=100).json()["list"]:
        assert None not in entry["invoice"].values()
        assert isinstance(entry["invoice"]["total"], int)


def test_refusals_are_in_chargebees_words(sandbox: running_sandbox) -> None:
    """Key, parameter, offset and id."""
    wrong = _get(sandbox, "customers", key="no")
    assert (401, "api_authentication_failed") == (wrong.status_code, wrong.json()["api_error_code"])
    assert "param_wrong_value" == _get(sandbox, "customers", limit=101).json()["api_error_code"]
    assert "param_wrong_value" == _get(sandbox, "customers", offset="7").json()["api_error_code"]
    missing = _get(sandbox, "invoices/none").json()
    assert (404, "resource_not_found") == (missing["http_status_code"], missing["api_error_code"])
