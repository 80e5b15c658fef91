"""Wire facts of the SurveyMonkey sandbox."""

from __future__ import annotations

import httpx

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.surveymonkey.rest import TOKEN


def _get(sandbox: running_sandbox, path: str, token: str = TOKEN, **params: str | int) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{sandbox.url}/surveymonkey/v3/{path}", params=params, headers=headers)


def test_the_last_page_has_no_next_link(sandbox: running_sandbox) -> None:
    """And `total` counts all pages."""
    survey = _get(sandbox, "surveys").json()["data"][0]
    seen, page = [], 1
    while True:
        body = _get(sandbox, f"surveys/{survey['id']}/responses/bulk", per_page=20, page=page).json()
        seen += [row["id"] for row in body["data"]]
        if "next" not in body["links"]:
            break
        page += 1
    assert body["total"] == len(set(seen)) == len(seen) > 20


def test_more_is_listed_only_if_included(sandbox: running_sandbox) -> None:
    """Counts and stamps of surveys are asked for by name."""
    bare = _get(sandbox, "surveys").json()["data"][0]
    assert {"id", "title", "nickname", "href"} == set(bare)
    more = _get(sandbox, "surveys", include="response_count,date_modified").json()["data"][0]
    assert more["response_count"] > 0
    assert more["date_modified"].endswith("+00:00")


def test_answers_name_choices_of_the_survey(sandbox: running_sandbox) -> None:
    """Every choice that was answered stands in the details, with a weight."""
    for survey in _get(sandbox, "surveys").json()["data"]:
        pages = _get(sandbox, f"surveys/{survey['id']}/details").json()["pages"]
        weights = {
            choice["id"]: choice["weight"]
            for page in pages
            for question in page["questions"]
            for choice in question.get("answers", {}).get("choices", [])
        }
        answered = {
            answer["choice_id"]
            for row in _get(sandbox, f"surveys/{survey['id']}/responses/bulk", per_page=100).json()["data"]
            for question in row["pages"][0]["questions"]
            for answer in question["answers"]
            if "choice_id" in answer
        }
        assert answered <= weights.keys()


def test_limits_and_refusals(sandbox: running_sandbox) -> None:
    """What is left stands in every answer; wrong token, unknown survey, invalid date."""
    sandbox.configure("surveymonkey", per_minute=120, per_day=500, today=499)
    left = _get(sandbox, "users/me").headers
    assert "0" == left["X-Ratelimit-App-Global-Day-Remaining"]
    refused = _get(sandbox, "users/me")
    assert (429, "1040") == (refused.status_code, refused.json()["error"]["id"])
    sandbox.configure("surveymonkey", per_minute=1000, today=0)
    wrong = _get(sandbox, "users/me", token="x")
    assert (401, "1011") == (wrong.status_code, wrong.json()["error"]["id"])
    assert "1020" == _get(sandbox, "surveys/1/details").json()["error"]["id"]
    assert 400 == _get(sandbox, "surveys/514000001/responses/bulk", start_modified_at="soon").status_code
