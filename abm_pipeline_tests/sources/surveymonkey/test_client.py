"""What is SurveyMonkey's own: numbered pages with links, one limit by minute and one by day, responses that vanish."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.surveymonkey.records import ident, records
from abm_pipeline.settings import Settings
from abm_pipeline.sources import _http
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.surveymonkey import client as surveymonkey
from abm_pipeline_tests.sources.conftest import UNTIL, connect, fetched, only, raw_rows, stream_of

SPEC, SURVEY = stream_of("surveymonkey", "survey")
_, RESPONSE = stream_of("surveymonkey", "response")
END = datetime(2026, 7, 1, tzinfo=UTC)
EVER = Window(None, END)


def test_small_pages_give_what_large_ones_give(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Surveys one a page, responses seven a page."""
    whole = {stream.name: fetched(SPEC, stream, EVER) for stream in (SURVEY, RESPONSE)}
    monkeypatch.setattr(surveymonkey, "SURVEY_PAGE", 1)
    monkeypatch.setattr(surveymonkey, "RESPONSE_PAGE", 7)
    for stream in (SURVEY, RESPONSE):
        assert whole[stream.name] == fetched(SPEC, stream, EVER)


def test_windows_side_by_side_share_no_response(sandbox: running_sandbox) -> None:
    """A response on the edge belongs to the later window, and none is lost."""
    edge = fetched(SPEC, RESPONSE, EVER)[5].at
    assert isinstance(edge, datetime)
    ids = [
        {(r.record_id, r.version) for r in fetched(SPEC, RESPONSE, window)}
        for window in (Window(None, edge), Window(edge, END), EVER)
    ]
    assert not ids[0] & ids[1]
    assert ids[2] == ids[0] | ids[1]


def test_a_changed_response_comes_again(sandbox: running_sandbox, settings: Settings) -> None:
    """Somebody changes an answer later: the same id with a later version; one that vanishes keeps its rows."""
    spec, table = only(SPEC, "response"), records(sandbox.world)
    later = [r for r in range(1, len(table)) if table.record[r] == table.record[r - 1]]
    row = next(r for r in later if END.timestamp() - 30 * 86_400 < table.valid_from[r] < END.timestamp())
    day = datetime.fromtimestamp(int(table.valid_from[row]), UTC).date()
    first = datetime.fromtimestamp(int(table.valid_from[row - 1]), UTC).date()
    sandbox.set_clock(max(first, day - timedelta(days=1)))
    extract(spec, settings, [first, max(first, day - timedelta(days=1))], "then")
    sandbox.set_clock(UNTIL)
    extract(spec, settings, [day], "now")
    versions = [r[1] for r in raw_rows(settings, spec, RESPONSE) if r[1] == ident(int(table.record[row]))]
    assert len(versions) == (1 if first == day else 2)


def test_the_wait_is_that_of_the_limit_that_is_used_up(sandbox: running_sandbox) -> None:
    """The minute's is waited for; the day's is told, as no run waits for hours."""
    sandbox.configure("surveymonkey", per_minute=0)
    with pytest.raises(Retriable, match=r"429, 1040") as caught:
        fetched(SPEC, SURVEY, EVER)
    assert 37.0 == caught.value.retry_after
    sandbox.configure("surveymonkey", per_minute=1000, per_day=0)
    before = sum(sandbox.requests.values())
    with pytest.raises(Retriable, match=r"41000 s, which is too long for a run: run again later"):
        fetched(SPEC, SURVEY, EVER)
    assert before + 1 == sum(sandbox.requests.values())
    assert surveymonkey._wait({}) is None


def test_all_endpoints_are_paced_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each survey has paths of its own, the limit is the app's."""
    waits: list[float] = []
    monkeypatch.setattr(_http, "pause", waits.append)
    pace = surveymonkey._AppPace(2, 60.0)
    for survey in range(3):
        pace.wait(f"GET /v3/surveys/{survey}/details")
    assert 1 == len(waits)


def test_what_is_left_is_told(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `check`, and in the notes of a stream; a wrong token is told with its variable."""
    sandbox.configure("surveymonkey", per_day=500, today=100)
    with connect(SPEC) as client:
        assert "3 surveys; 399 requests left today" == client.check()
        list(client.fetch(SURVEY, EVER))
        assert 398 == client.notes(SURVEY)["requests_left_today"]
    monkeypatch.setenv("ABM_SURVEYMONKEY_TOKEN", "wrong")
    with connect(SPEC) as client, pytest.raises(Permanent, match=r"refused.*401, 1011.*ABM_SURVEYMONKEY_TOKEN"):
        client.check()


def test_a_missing_scope_is_told(sandbox: running_sandbox) -> None:
    """403 names what the app needs."""
    client = connect(SPEC)
    assert isinstance(client, surveymonkey.Client)
    judged = client._judge(httpx.Response(403, json={"error": {"id": "1014"}}), "response")
    assert "responses_read_detail" in str(judged)
    assert surveymonkey._code(httpx.Response(502, content=b"<html>")) is None
