"""Wire facts of the 6sense sandbox, without the pipeline's client."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.sixsense.rest import SCORING_TOKEN, SEGMENTS_TOKEN
from abm_pipeline.sandbox.sixsense.rows import stage
from abm_pipeline.sandbox.sixsense.truth import truth


def get(sandbox: running_sandbox, path: str, token: str = SEGMENTS_TOKEN) -> httpx.Response:
    """One call of the Segments API."""
    return httpx.get(f"{sandbox.url}/sixsense{path}", headers={"Authorization": f"Token {token}"})


def full(sandbox: running_sandbox, token: str = SCORING_TOKEN, **form: str) -> httpx.Response:
    """One lookup."""
    headers = {"Authorization": f"Token {token}"}
    return httpx.post(f"{sandbox.url}/sixsense/v2/people/full", data=form, headers=headers)


def test_segments(sandbox: running_sandbox) -> None:
    """Ids, names and both; accounts of one; a segment may be empty."""
    told = get(sandbox, "/v1/company/segments").json()
    assert {"ids", "names", "list"} == set(told)
    first = get(sandbox, f"/v1/company/segment/{told['ids'][0]}").json()
    assert first["count"] == len(first["accounts"]) > 0
    assert {"name", "domain", "country"} == set(first["accounts"][0])
    assert 0 == get(sandbox, f"/v1/company/segment/{told['ids'][2]}").json()["count"]
    assert 404 == get(sandbox, "/v1/company/segment/9").status_code


def test_a_lookup_needs_address_and_country(sandbox: running_sandbox) -> None:
    """Told as a message."""
    assert (400, "error") == (full(sandbox).status_code, full(sandbox).json()["status"])
    assert "Country is mandatory" in full(sandbox, email="info@acme.com").json()["message"]
    assert 404 == full(sandbox, email="info@nobody.example", country="Germany").status_code


def test_tokens_open_one_group(sandbox: running_sandbox) -> None:
    """The wrong one is refused in plain text; Bearer is not Token."""
    refused = full(sandbox, token=SEGMENTS_TOKEN, email="info@acme.com", country="Germany")
    assert (401, "text/plain") == (refused.status_code, refused.headers["content-type"].partition(";")[0])
    assert 401 == get(sandbox, "/v1/company/segments", SCORING_TOKEN).status_code
    bearer = {"Authorization": f"Bearer {SEGMENTS_TOKEN}"}
    assert 401 == httpx.get(f"{sandbox.url}/sixsense/v1/company/segments", headers=bearer).status_code


@pytest.mark.parametrize(
    ("score", "expected"), [(0, "Target"), (24, "Target"), (25, "Awareness"), (64, "Consideration"), (80, "Purchase")]
)
def test_stages_follow_scores(score: int, expected: str) -> None:
    """A stage begins at its step."""
    assert expected == stage(score)


def test_only_now_can_be_asked_for(sandbox: running_sandbox) -> None:
    """Another clock, other scores of the same company; the truth follows the clock."""
    domain = truth(sandbox.world)["record_company"]["source_id"].iloc[0]
    form = {"email": f"anybody@{domain.upper()}", "country": "Germany"}
    now = [score["company_intent_score"] for score in full(sandbox, **form).json()["scores"]]
    sandbox.set_clock(date(2026, 4, 1))
    then = [score["company_intent_score"] for score in full(sandbox, **form).json()["scores"]]
    assert now != then
