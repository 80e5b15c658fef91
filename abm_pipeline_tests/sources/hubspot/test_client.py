"""HubSpot's own ways: the end of searches, what they don't find yet, merges, archives, links, limits, scopes, forms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from abm_pipeline.programme import ConfigError, Programme
from abm_pipeline.sandbox.hubspot import rest
from abm_pipeline.sandbox.hubspot.portal import portal
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Record, Window
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.sources.hubspot import client as module
from abm_pipeline.sources.hubspot._answers import judge
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, only, raw_rows, stream_of

END = datetime(2026, 7, 1, tzinfo=UTC)
# Everything, but by search.
SEARCHED, LISTED = Window(datetime(2000, 1, 1, tzinfo=UTC), END), Window(None, END)
JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), END)


def _sorted(records: list[Record]) -> list[tuple[str, str, bytes]]:
    return sorted((record.record_id, record.version, record.payload) for record in records)


def _payloads(records: list[Record]) -> list[dict[str, Any]]:
    return [orjson.loads(record.payload) for record in records]


@pytest.mark.parametrize("name", ["company", "contact", "deal", "meeting"])
def test_search_finds_what_a_list_has_beyond_its_cap(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Searches end at 10 results here, and ids are compared as text: still the same records, byte for byte."""
    monkeypatch.setattr(module, "SEARCH_ROWS", 5)
    sandbox.configure("hubspot", search_cap=10)
    listed, searched = fetched(*stream_of("hubspot", name), LISTED), fetched(*stream_of("hubspot", name), SEARCHED)
    assert len(listed) > 20
    assert _sorted(listed) == _sorted(searched)


def test_short_and_empty_pages_are_not_the_end(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third page is empty, the others half full, all with a token for more: nothing is lost."""
    monkeypatch.setattr(module, "SEARCH_ROWS", 6)
    whole = fetched(*stream_of("hubspot", "call"), SEARCHED)
    sandbox.configure("hubspot", short_pages=True)
    assert _sorted(whole) == _sorted(fetched(*stream_of("hubspot", "call"), SEARCHED))


def test_what_search_does_not_know_yet_comes_with_the_next_day(sandbox: running_sandbox, settings: Settings) -> None:
    """The index is half a day behind at the pull of June 29; the pull of June 30 reads that day again."""
    spec, stream = stream_of("hubspot", "contact")
    some = only(spec, "contact")
    days = [UNTIL - timedelta(days=back) for back in (2, 1, 0)]
    sandbox.set_clock(days[1])
    extract(some, settings, days[:1], "run")
    sandbox.configure("hubspot", index_lag_seconds=43_200)
    extract(some, settings, [days[1]], "run")
    before = {row[1:3] for row in raw_rows(settings, spec, stream)}
    sandbox.set_clock(UNTIL)
    sandbox.configure("hubspot", index_lag_seconds=0)
    extract(some, settings, [UNTIL], "run")
    rows = raw_rows(settings, spec, stream)
    late = {row[1:3] for row in rows if row[0] == days[1]} - before
    assert late, "something changed in the afternoon of June 29"
    assert {(r.record_id, r.version) for r in fetched(spec, stream, LISTED)} <= {row[1:3] for row in rows}


def test_archived_records_come_with_the_time_they_were(sandbox: running_sandbox) -> None:
    """An archived record's stamp is `archivedAt`, by list and by search; search itself never shows it."""
    for window in (LISTED, JUNE):
        gone = [row for row in _payloads(fetched(*stream_of("hubspot", "company"), window)) if row["archived"]]
        assert gone
        assert all(row["archivedAt"].startswith("2026-") and "associations" not in row for row in gone)
    records = fetched(*stream_of("hubspot", "company"), JUNE)
    assert {r.version for r in records if b'"archived":true' in r.payload} == {row["archivedAt"] for row in gone}


def test_a_merge_is_told_by_the_new_record(sandbox: running_sandbox) -> None:
    """Two companies became a third on June 29: only that one is there, and says of what it was made."""
    rows = {row["id"]: row for row in _payloads(fetched(*stream_of("hubspot", "company"), JUNE))}
    made = [row for row in rows.values() if row["properties"]["hs_merged_object_ids"]]
    assert any(row["updatedAt"].startswith("2026-06-29") for row in made)
    losers = {key for row in made for key in row["properties"]["hs_merged_object_ids"].split(";")}
    assert len(losers) == 2 * len(made)
    assert losers.isdisjoint(rows)


def test_links_are_read_to_their_last_page(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """One linked record an answer: the client asks on until it has them all."""
    whole = _sorted(fetched(*stream_of("hubspot", "deal"), JUNE))
    assert any(len(orjson.loads(payload)["associations"]["contacts"]) > 1 for *_, payload in whole)
    monkeypatch.setattr(rest, "ASSOCIATED", 1)
    assert whole == _sorted(fetched(*stream_of("hubspot", "deal"), JUNE))


def test_links_given_twice_are_kept_once(sandbox: running_sandbox) -> None:
    """Answers may repeat a record, as a labelled and an unlabelled link do."""
    whole = _sorted(fetched(*stream_of("hubspot", "deal"), JUNE))
    sandbox.set_fault("/hubspot/crm/v4/", "duplicate")
    assert whole == _sorted(fetched(*stream_of("hubspot", "deal"), JUNE))


def test_submissions_are_read_no_further_back_than_asked(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest come first and there is no date to ask for: reading stops at the first page that is too old."""
    monkeypatch.setattr(module, "SUBMISSION_ROWS", 3)
    spec, stream = stream_of("hubspot", "form_submission")
    everything = fetched(spec, stream, LISTED)
    before = sum(sandbox.requests.values())
    some = fetched(spec, stream, JUNE)
    asked = sum(sandbox.requests.values()) - before
    assert _sorted(some) == _sorted([r for r in everything if JUNE.start is not None and r.at >= JUNE.start])
    # 4 forms: a page or two more each than the records fill, the two lists of forms, the log-in.
    assert asked <= len(some) / 3 + 2 * 4 + 3 < len(everything) / 3


def test_only_events_that_count_are_asked_for(sandbox: running_sandbox) -> None:
    """Messages sent and processed are twice as many as delivered ones and say nothing more."""
    kinds = {row["type"] for row in _payloads(fetched(*stream_of("hubspot", "email_event"), LISTED))}
    assert kinds == set(module.EVENT_TYPES)
    assert {"SENT", "PROCESSED"} <= {event["type"] for event in portal(sandbox.world).marketing.events}


def test_a_private_apps_token_needs_no_login(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token alone switches HubSpot on; a wrong one is told with the variable, and never repeated."""
    for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
        monkeypatch.delenv(f"ABM_HUBSPOT_{name}")
    monkeypatch.setenv("ABM_HUBSPOT_TOKEN", rest.PRIVATE_TOKEN)
    spec, _ = stream_of("hubspot", "owner")
    logins = sandbox.requests.get("POST /hubspot/oauth/v1/token", 0)
    with connect(spec) as client:
        assert client.check() == "2 deal pipelines"
    assert logins == sandbox.requests.get("POST /hubspot/oauth/v1/token", 0)
    monkeypatch.setenv("ABM_HUBSPOT_TOKEN", "pat-na1-Tr0ub4dor")
    with connect(spec) as client, pytest.raises(Permanent, match="ABM_HUBSPOT_TOKEN") as caught:
        client.check()
    assert "Tr0ub4dor" not in repr(caught.value)


def test_a_missing_scope_is_named(sandbox: running_sandbox, settings: Settings) -> None:
    """Without deals that stream fails and says what to grant; without marketing or surveys theirs are left out."""
    spec, _ = stream_of("hubspot", "deal")
    some = only(spec, "deal", "feedback_submission", "form", "owner")
    scopes = ["crm.objects.deals.read", "crm.objects.feedback_submissions.read", "forms"]
    sandbox.configure("hubspot", missing_scopes=scopes)
    with pytest.raises(ExtractError, match=r"lacks a scope.*crm\.objects\.deals\.read") as caught:
        extract(some, settings, [UNTIL], "run")
    assert set(caught.value.failures) == {"deal"}
    skipped = {report.stream for report in caught.value.reports if "skipped" in report.notes}
    assert skipped == {"feedback_submission", "form"}


def test_a_days_quota_is_not_waited_for(sandbox: running_sandbox) -> None:
    """DAILY says so once, with when to run again."""
    sandbox.configure("hubspot", daily_requests=0)
    before = sum(sandbox.requests.values())
    with pytest.raises(Permanent, match=r"daily quota.*after midnight"):
        fetched(*stream_of("hubspot", "owner"), JUNE)
    assert sum(sandbox.requests.values()) - before == 2, "the log-in and one call"


@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        ({"policyName": "SECONDLY", "errorType": "RATE_LIMIT"}, {}, 1.0),
        ({"policyName": "TEN_SECONDLY_ROLLING"}, {}, 10.0),
        ({"policyName": "TEN_SECONDLY_ROLLING"}, {"Retry-After": "4"}, 4.0),
        ({}, {}, None),
    ],
)
def test_throttling_waits_as_long_as_its_limit(
    body: dict[str, str], headers: dict[str, str], wait: float | None
) -> None:
    """A second for searches, ten for the rest, unless HubSpot says how long."""
    error = judge(httpx.Response(429, json=body, headers=headers), "deal")
    assert isinstance(error, Retriable)
    assert error.retry_after == wait


@pytest.mark.parametrize("status", [423, 477, 502, 521, 523])
def test_locks_moves_and_gateways_are_waited_for(status: int) -> None:
    """None of these needs a person."""
    assert isinstance(judge(httpx.Response(status, text="<html>"), "deal"), Retriable)


def test_a_budget_that_runs_out_is_waited_for(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few calls left of the ten seconds: the client waits them out rather than being throttled."""
    waits: list[float] = []
    monkeypatch.setattr(module, "pause", waits.append)
    sandbox.configure("hubspot", per_ten_seconds=1_000_000)
    fetched(*stream_of("hubspot", "owner"), JUNE)
    assert waits == []
    sandbox.configure("hubspot", per_ten_seconds=1_000_000, daily_requests=1_000_000_000)
    monkeypatch.setattr(module, "RESERVE", 10_000_000)
    fetched(*stream_of("hubspot", "owner"), JUNE)
    assert set(waits) == {10.0}


def test_own_property_names_are_asked_for(sandbox: running_sandbox) -> None:
    """A portal with a tier property of its own, and without a buying role."""
    options = {"hubspot": {"tier": "abm_tier", "buying_role": None}}
    programme = PROGRAMME.model_copy(update={"sources": options})
    spec, _ = stream_of("hubspot", "company")
    fields = {s.name: {field.name for field in s.fields} for s in spec.streams(programme)}
    assert "properties.abm_tier" in fields["company"]
    assert not {"properties.hs_ideal_customer_profile"} & fields["company"]
    assert "properties.hs_buying_role" not in fields["contact"]
    stream = next(s for s in spec.streams(programme) if s.name == "company")
    with connect(spec, programme) as client:
        assert list(client.fetch(stream, JUNE)), "an unknown property is left out of the answer, not refused"


def test_options_that_hubspot_does_not_know_are_told() -> None:
    """A typo in programme.yaml names the key."""
    programme: Programme = PROGRAMME.model_copy(update={"sources": {"hubspot": {"teir": "x"}}})
    spec, _ = stream_of("hubspot", "company")
    with pytest.raises(ConfigError, match=r"sources\.hubspot.*teir"):
        spec.streams(programme)


def test_a_window_of_days_asks_for_those_days(sandbox: running_sandbox) -> None:
    """Both ends are instants in milliseconds: what changed at the end of the window is not in it."""
    day = datetime.combine(date(2026, 6, 29), datetime.min.time(), UTC)
    records = fetched(*stream_of("hubspot", "contact"), Window(day, day + timedelta(days=1)))
    assert records
    assert all(isinstance(r.at, datetime) and day <= r.at < day + timedelta(days=1) for r in records)
