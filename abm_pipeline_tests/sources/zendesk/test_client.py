"""What is Zendesk's own: exports by cursor and by time, the last minute, one limit for all exports, plain refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest

from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sandbox.zendesk.records import records
from abm_pipeline.sandbox.zendesk.rest import OAUTH_TOKEN
from abm_pipeline.settings import Settings
from abm_pipeline.sources import _http
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.zendesk import client as zendesk
from abm_pipeline_tests.sources.conftest import UNTIL, connect, fetched, only, raw_rows, stream_of

SPEC, ORGANIZATION = stream_of("zendesk", "organization")
_, USER = stream_of("zendesk", "user")
_, TICKET = stream_of("zendesk", "ticket")
_, RATING = stream_of("zendesk", "satisfaction_rating")
END = datetime(2026, 7, 1, tzinfo=UTC)
EVER = Window(None, END)


def test_small_pages_give_what_large_ones_give(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of paging; the second that is sent twice is kept once."""
    whole = {stream.name: fetched(SPEC, stream, EVER) for stream in (ORGANIZATION, USER, TICKET, RATING)}
    monkeypatch.setattr(zendesk, "EXPORT_PAGE", 3)
    monkeypatch.setattr(zendesk, "LIST_PAGE", 7)
    for stream in (ORGANIZATION, USER, TICKET, RATING):
        assert whole[stream.name] == fetched(SPEC, stream, EVER)


def test_an_empty_page_is_not_the_end(sandbox: running_sandbox) -> None:
    """Zendesk sends pages without tickets whose `end_of_stream` is false."""
    whole = fetched(SPEC, TICKET, EVER)
    sandbox.configure("zendesk", empty_first=True)
    assert whole == fetched(SPEC, TICKET, EVER)


def test_an_export_is_left_when_it_has_passed_the_window(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """March alone does not read on to June."""
    monkeypatch.setattr(zendesk, "EXPORT_PAGE", 5)
    window = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC))
    path = "GET /zendesk/api/v2/incremental/tickets/cursor.json"
    before = sandbox.requests.get(path, 0)
    got = fetched(SPEC, TICKET, window)
    asked = sandbox.requests[path] - before
    later = [r for r in fetched(SPEC, TICKET, EVER) if r.at >= window.end]  # type: ignore[operator]
    assert all(window.start <= record.at < window.end for record in got)  # type: ignore[operator]
    assert asked <= len(got) // 5 + 2 < len(later) // 5


def test_a_start_in_the_last_minute_has_nothing_yet(sandbox: running_sandbox) -> None:
    """Refused by Zendesk with a code of its own, which is no fault."""
    window = Window(END - timedelta(seconds=30), END + timedelta(days=1))
    assert [] == fetched(SPEC, TICKET, window) == fetched(SPEC, ORGANIZATION, window)


def test_the_last_minute_arrives_with_the_next_day(sandbox: running_sandbox, settings: Settings) -> None:
    """What changed just before midnight is not in that night's export; the next one reads a day back."""
    table = records(sandbox.world)["ticket"]
    late = [at for at in table.valid_from if at % 86_400 >= 86_400 - 60 and at < END.timestamp() - 86_400]
    spec = only(SPEC, "ticket")
    day = datetime.fromtimestamp(int(late[-1]), UTC).date() if late else UNTIL - timedelta(days=3)
    counts = []
    for clock in (day, day + timedelta(days=1)):
        sandbox.set_clock(clock)
        extract(spec, settings, [clock], "run")
        counts.append(len([row for row in raw_rows(settings, spec, TICKET, "day, record_id") if row[0] == day]))
    assert counts[1] >= counts[0] + bool(late)


def test_deleted_tickets_are_told_while_they_are_kept(sandbox: running_sandbox, settings: Settings) -> None:
    """A deleted ticket comes with a later stamp; when it is gone for good, its record stays."""
    table, spec = records(sandbox.world)["ticket"], only(SPEC, "ticket")
    row = next(r for r in range(len(table)) if table.columns["status"][r] == "deleted" and table.valid_from[r] > 0)
    day = datetime.fromtimestamp(int(table.valid_from[row]), UTC).date()
    sandbox.set_clock(day + timedelta(days=1))
    extract(spec, settings, [day, day + timedelta(days=1)], "run")
    kept = {str(r[0]): orjson.loads(str(r[1])) for r in raw_rows(settings, spec, TICKET, "record_id, payload")}
    ticket = kept[str(table.columns["id"][row])]
    assert ("deleted", "SCRUBBED") == (ticket["status"], ticket["subject"])


def test_exports_are_paced_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten a minute over all of them; other requests are not counted."""
    waits: list[float] = []
    monkeypatch.setattr(_http, "pause", waits.append)
    pace = zendesk._ExportPace(3, 60.0)
    for path in ("tickets/cursor.json", "users/cursor.json", "organizations.json", "tickets/cursor.json"):
        pace.wait(f"GET /api/v2/incremental/{path}")
        pace.wait("GET /api/v2/satisfaction_ratings")
    assert 1 == len(waits)
    assert 59 < waits[0] <= 60


def test_throttling_is_told_in_json_or_in_plain_text(sandbox: running_sandbox) -> None:
    """Exports by a code, ordinary requests by a sentence; both with the wait."""
    sandbox.configure("zendesk", exports_per_minute=0)
    with pytest.raises(Retriable, match=r"429, APIRateLimitExceeded") as caught:
        fetched(SPEC, USER, EVER)
    assert 93.0 == caught.value.retry_after
    sandbox.configure("zendesk", per_minute=0)
    with pytest.raises(Retriable, match=r"throttled.*429") as caught:
        fetched(SPEC, RATING, EVER)
    assert 30.0 == caught.value.retry_after


def test_either_kind_of_token(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An API token with its address, or an OAuth token alone."""
    with connect(SPEC) as client:
        assert "token of agent" == client.check()
    monkeypatch.delenv("ABM_ZENDESK_API_TOKEN")
    monkeypatch.setenv("ABM_ZENDESK_OAUTH_TOKEN", OAUTH_TOKEN)
    with connect(SPEC) as client:
        assert "token of agent" == client.check()
    monkeypatch.setenv("ABM_ZENDESK_OAUTH_TOKEN", "wrong")
    with connect(SPEC) as client, pytest.raises(Permanent, match=r"refused.*ABM_ZENDESK_OAUTH_TOKEN"):
        client.check()


def test_an_anonymous_user_is_a_refusal() -> None:
    """Wrong credentials can be answered by 200 and nobody."""
    with pytest.raises(Permanent, match="ABM_ZENDESK_EMAIL"):
        zendesk._role({"user": {"id": None, "name": "Anonymous user", "role": "end-user"}})


def test_metrics_beside_the_tickets_are_put_inside() -> None:
    """Side-loaded records can stand in a list of their own."""
    body = {"tickets": [{"id": 1}, {"id": 2}], "metric_sets": [{"ticket_id": 2, "reopens": 0}]}
    expected = [{"id": 1, "metric_set": None}, {"id": 2, "metric_set": {"ticket_id": 2, "reopens": 0}}]
    assert expected == zendesk._rows(body, "tickets")


def test_codes_of_errors() -> None:
    """A word, an object with a title, an empty body."""
    for body, code in (
        ({"error": "RecordNotFound"}, "RecordNotFound"),
        ({"error": {"title": "Forbidden"}}, "Forbidden"),
    ):
        assert code == zendesk._code(httpx.Response(404, json=body))
    assert zendesk._code(httpx.Response(404, content=b"")) is None
