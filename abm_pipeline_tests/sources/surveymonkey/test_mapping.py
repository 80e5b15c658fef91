"""SurveyMonkey's payloads as canonical rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import DAY, RawLake

MADE, CHANGED = "2026-03-01T08:00:00+00:00", "2026-03-02T09:30:00+00:00"


def choice(ident: str, text: str, weight: int, position: int, **more: Any) -> dict[str, Any]:
    """One choice of a rating."""
    return {"id": ident, "text": text, "weight": weight, "position": position, "is_na": False, **more}


def rating(ident: str, heading: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    """A question with choices that are worth something."""
    return {"id": ident, "family": "matrix", "subtype": "rating", "headings": [{"heading": heading}],
            "answers": {"rows": [{"id": "r"}], "choices": choices}}  # fmt: skip


def survey(ident: str, title: str, *questions: dict[str, Any]) -> dict[str, Any]:
    """A survey of one page."""
    return {"id": ident, "title": title, "pages": [{"id": "p", "questions": list(questions)}]}


TEXT = {"id": "t", "family": "open_ended", "headings": [{"heading": "Why?"}]}
BY_TEXT = [choice(f"a{n}", str(n), 100 if n > 8 else 0 if n > 6 else -100, n + 1) for n in range(11)]
BY_PLACE = [choice(f"b{n}", "", n, n + 1) for n in range(11)]
STARS = [*(choice(f"c{n}", "*", n, n) for n in range(1, 6)), choice("cx", "Don't know", 0, 6, is_na=True)]
SURVEYS = [
    survey("1", "NPS", rating("q1", "Recommend?", BY_TEXT), TEXT),
    survey("2", "Mixed", rating("q2", "How satisfied are you?", STARS), rating("q3", "Recommend?", BY_PLACE)),
    survey("3", "Onboarding", rating("q2", "How easy was it?", STARS)),
    survey("4", "Wishes", TEXT),
]


def response(survey_id: str, *answers: tuple[str, dict[str, Any]], **told: Any) -> dict[str, Any]:
    """A completed response."""
    questions = [{"id": question, "answers": [answer]} for question, answer in answers]
    base = {
        "survey_id": survey_id, "date_created": MADE, "date_modified": CHANGED, "response_status": "completed",
        "metadata": {}, "custom_variables": {}, "pages": [{"id": "p", "questions": questions}],
    }  # fmt: skip
    return base | told


CONTACT = {"contact": {"email": {"type": "string", "value": "Jo@Acme.com"}, "first_name": {"value": "Jo"}}}
RESPONSES: dict[str, tuple[dict[str, Any], tuple[str, float | None, str | None]]] = {
    "group_weights": (response("1", ("q1", {"choice_id": "a7"}), ("t", {"text": "Fine."})), ("nps", 7.0, "Fine.")),
    "nought": (response("1", ("q1", {"choice_id": "a0"})), ("nps", 0.0, None)),
    "ten": (response("1", ("q1", {"choice_id": "a10"}), response_status="partial"), ("nps", 10.0, None)),
    "not_rated": (response("1", ("t", {"text": "No."})), ("nps", None, "No.")),
    "by_position": (response("2", ("q2", {"choice_id": "c4"}), ("q3", {"choice_id": "b9"})), ("nps", 9.0, None)),
    "one_of_two": (response("2", ("q2", {"choice_id": "c4"})), ("csat", 4.0, None)),
    "effort": (response("3", ("q2", {"choice_id": "c5"})), ("ces", 5.0, None)),
    "no_opinion": (response("3", ("q2", {"choice_id": "cx"})), ("ces", None, None)),
    "gone_choice": (response("3", ("q2", {"choice_id": "old"})), ("ces", None, None)),
    "words": (response("4", ("t", {"text": "Dark mode"})), ("other", None, "Dark mode")),
    "unknown_survey": (response("9", ("t", {"text": "x"})), ("other", None, None)),
}
PEOPLE = {
    "contact": response("4", metadata=CONTACT, custom_variables={"account_id": "001A"}),
    "variable": response("4", custom_variables={"email": "bo@beta.io"}),
    "given": response("4", email_address="al@gamma.de"),
    "nobody": response("4", email_address="", custom_variables={"account_id": " "}),
    "disqualified": response("4", response_status="disqualified", email_address="x@gamma.de"),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Everything staged in one run."""
    lake = RawLake(tmp_path_factory.mktemp("lake"))
    for told in SURVEYS:
        lake.put("surveymonkey", "survey", told["id"], told)
    for name, told in {**{name: told for name, (told, _) in RESPONSES.items()}, **PEOPLE}.items():
        lake.put("surveymonkey", "response", name, {"id": name, **told})
    lake.put("surveymonkey", "response", "broken", {"id": "broken", **response("1", date_created="soon")})
    lake.stage()
    return lake


@pytest.mark.parametrize("name", RESPONSES)
def test_one_score_a_response(lake: RawLake, name: str) -> None:
    """NPS by the number in the text, or by place where there is none, whatever the weight; others by weight.

    NPS goes before another rating; no opinion, and a choice that the survey no longer has, are no score.
    """
    assert RESPONSES[name][1] == lake.one(T.SURVEY_RESPONSE, name, "survey_type", "score", "comment")


def test_answered_when_it_was_begun(lake: RawLake) -> None:
    """A later change is the row's version, not the answer's time."""
    made, changed = (datetime.fromisoformat(stamp).astimezone(UTC) for stamp in (MADE, CHANGED))
    expected = ("1", "Recommend?", made, changed)
    assert expected == lake.one(
        T.SURVEY_RESPONSE, "group_weights", "survey_id", "question", "answered_at", "modified_at"
    )


def test_who_answered(lake: RawLake) -> None:
    """The collector's contact, the link's variable, or the address given; somebody disqualified has not answered."""
    hashes = {name: sha256(mail).hexdigest() for name, mail in
              (("contact", b"jo@acme.com"), ("variable", b"bo@beta.io"), ("given", b"al@gamma.de"))}  # fmt: skip
    got = {row[0]: row[1:] for row in lake.rows(
        T.SURVEY_RESPONSE, "source_id", "contact_source_id", "domain", "company_source_id")}  # fmt: skip
    assert (hashes["contact"], "acme.com", "001A") == got["contact"]
    assert (hashes["variable"], "beta.io", None) == got["variable"]
    assert (hashes["given"], "gamma.de", None) == got["given"]
    assert (None, None, None) == got["nobody"]
    assert "disqualified" not in got
    assert ("contact", "acme.com", "Jo", "001A") == lake.one(
        T.CONTACT, hashes["contact"], "person_type", "domain", "full_name", "company_source_id"
    )


def test_an_account_id_is_a_company_of_that_account(lake: RawLake) -> None:
    """The same company as the CRM's account; an empty variable is none."""
    assert [("001A", "salesforce:001A", None)] == lake.rows(T.COMPANY, "source_id", "same_as", "domain")


def test_a_changed_survey_is_read_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A weight that is put right the next day reaches the answer of the day before."""
    lake = RawLake(tmp_path_factory.mktemp("lake"))
    lake.put("surveymonkey", "survey", "3", SURVEYS[2], version="a")
    lake.put("surveymonkey", "response", "r", {"id": "r", **response("3", ("q2", {"choice_id": "c5"}))})
    lake.stage()
    right = [choice("c5", "*", 1, 1)]
    after = survey("3", "Onboarding", rating("q2", "How easy was it?", right))
    lake.put(
        "surveymonkey", "survey", "3", after, version="b", day=DAY + timedelta(days=1), fetched="2026-03-04T04:00:00Z"
    )
    lake.stage([DAY + timedelta(days=1)])
    assert (1.0,) == lake.one(T.SURVEY_RESPONSE, "r", "score")


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A date in words."""
    assert [("response", "broken", "retyped:date_created")] == lake.quarantine()
