"""Wire facts of the G2 sandbox, without the pipeline's client."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from abm_pipeline.sandbox.g2.rest import TOKEN
from abm_pipeline.sandbox.g2.truth import truth
from abm_pipeline.sandbox.serve import running_sandbox

PATH = "/g2/api/v2/products/northwind-platform/buyer_intent"


def get(sandbox: running_sandbox, path: str = PATH, token: str = TOKEN, **params: Any) -> httpx.Response:
    """One call with a bearer token."""
    params = {name.replace("__", "[") + ("]" if "__" in name else ""): value for name, value in params.items()}
    return httpx.get(sandbox.url + path, params=params, headers={"Authorization": f"Bearer {token}"})


def test_answers_are_json_api(sandbox: running_sandbox) -> None:
    """25 rows by default, a link to the next page that can be followed as it is, null at the end."""
    first = get(sandbox, dimensions="company_name,day", measures="total_activity")
    assert "application/vnd.api+json" == first.headers["content-type"]
    assert 25 == len(first.json()["data"])
    second = httpx.get(first.json()["links"]["next"], headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert first.json()["data"][-1]["id"] != second["data"][0]["id"]
    whole = get(sandbox, dimensions="signal_type", measures="total_activity").json()
    assert 6 == len(whole["data"])
    assert whole["links"]["next"] is None


def test_measures_add_up(sandbox: running_sandbox) -> None:
    """Activity by kind of page adds up to the total; the total has no dimension."""
    parts = get(sandbox, dimensions="signal_type", measures="total_activity").json()["data"]
    whole = get(sandbox, measures="total_activity,visitor_count,company_count").json()["data"]
    assert [sum(row["attributes"]["total_activity"] for row in parts)] == [
        row["attributes"]["total_activity"] for row in whole
    ]


def test_the_id_changes_with_the_question(sandbox: running_sandbox) -> None:
    """The same company under two sets of dimensions."""
    one = get(sandbox, dimensions="company_id").json()["data"][0]
    two = get(sandbox, dimensions="company_id,company_name").json()["data"][0]
    assert one["attributes"]["company_id"] == two["attributes"]["company_id"]
    assert one["id"] != two["id"]


def test_filters(sandbox: running_sandbox) -> None:
    """Days are bounded on both sides, inclusive."""
    told = get(
        sandbox, dimensions="day", dimension_filters__day_gteq="2026-06-03", dimension_filters__day_lteq="2026-06-05"
    ).json()["data"]
    assert {"2026-06-03", "2026-06-04", "2026-06-05"} >= {row["attributes"]["day"] for row in told} != set()
    score = get(sandbox, dimensions="company_intent_score", dimension_filters__company_intent_score_gteq="75").json()
    assert all(row["attributes"]["company_intent_score"] >= 75 for row in score["data"])


@pytest.mark.parametrize(
    ("path", "params", "status", "title"),
    [
        (PATH, {"dimensions": "foo"}, 400, 'Invalid parameter: "dimensions" contains unknown items: "foo"'),
        ("/g2/api/v2/buyer_intent", {"dimensions": "company_intent_score"}, 400, "Invalid parameter"),
        (PATH, {"page__size": "251"}, 400, "Invalid parameter"),
        (PATH, {"page__after": "%%%"}, 400, "Invalid parameter"),
        (PATH.replace("northwind-platform", "other"), {}, 404, "Not Found"),
    ],
)
def test_errors(sandbox: running_sandbox, path: str, params: dict[str, str], status: int, title: str) -> None:
    """JSON:API errors; scores are not among the dimensions of all products together."""
    answer = get(sandbox, path, **params)
    assert status == answer.status_code
    assert answer.json()["errors"][0]["title"].startswith(title)


def test_a_wrong_token(sandbox: running_sandbox) -> None:
    """Bad credentials."""
    answer = get(sandbox, token="wrong")
    assert (401, "Bad Credentials") == (answer.status_code, answer.json()["errors"][0]["title"])


def test_truth_is_what_can_be_seen(sandbox: running_sandbox) -> None:
    """As many signals as rows by the truth's dimensions, companies as ids that have visited."""
    told = truth(sandbox.world)
    answer = get(sandbox, "/g2/api/v2/buyer_intent", dimensions="company_id", page__size=250).json()["data"]
    shown = {row["attributes"]["company_id"] for row in answer}
    assert set(told["record_company"]["source_id"]) <= shown
    assert {True, False} == set(told["record_company"]["is_hard"])
