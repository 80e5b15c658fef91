"""What is RollWorks' own: tokens that rotate, thirty days at most, few requests, answers that are not whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import httpx
import orjson
import pytest

from abm_pipeline.sandbox.rollworks import rest, rows
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Record, Window
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.rollworks import client
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, only, raw_rows, stream_of

SPEC, ACCOUNT = stream_of("rollworks", "account_day")
CAMPAIGN, CAMPAIGN_DAY = (stream_of("rollworks", name)[1] for name in ("campaign", "campaign_day"))
JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
QUERY = "POST /rollworks/reporting/api/v1/query"


@pytest.fixture
def oauth(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> running_sandbox:
    """The sandbox, with OAuth instead of a personal token."""
    sandbox.api("rollworks").refresh_token = rest.REFRESH_TOKEN
    monkeypatch.delenv("ABM_ROLLWORKS_TOKEN")
    monkeypatch.setenv("ABM_ROLLWORKS_CLIENT_SECRET", rest.CLIENT_SECRET)
    monkeypatch.setenv("ABM_ROLLWORKS_REFRESH_TOKEN", rest.REFRESH_TOKEN)
    return sandbox


def test_a_rotated_refresh_token_is_kept(oauth: running_sandbox, settings: Settings) -> None:
    """The first login ends the token of the environment: the second uses its successor, and so on."""
    for _ in range(3):
        assert "2 advertisables" == credentials.check(SPEC, settings)
    kept = credentials.required(SPEC, settings.home)["ABM_ROLLWORKS_REFRESH_TOKEN"]
    assert oauth.api("rollworks").refresh_token == kept != rest.REFRESH_TOKEN
    with pytest.raises(Permanent, match=r"login refused \(HTTP 400, invalid_grant\).*_REFRESH_TOKEN"):
        credentials.check(SPEC, Settings(_env_file=None, home=settings.home / "elsewhere"))


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_token_that_runs_out_on_the_way_is_renewed(oauth: running_sandbox, settings: Settings, after: int) -> None:
    """The same records, none twice, none lost, and the new refresh token kept."""
    have = credentials.required(SPEC, settings.home)
    with SPEC.connect(have, PROGRAMME) as rollworks:
        clean = [r[:2] for page in rollworks.fetch(ACCOUNT, JUNE) for r in page.records]
        oauth.set_fault(r"/reporting/", "expired_token", times=1, after=after)
        assert clean == [r[:2] for page in rollworks.fetch(ACCOUNT, JUNE) for r in page.records]
    assert "2 advertisables" == credentials.check(SPEC, settings)


def test_a_window_is_asked_for_in_thirty_days(sandbox: running_sandbox) -> None:
    """Sixty-one days are three slices of two advertisables; every day comes once, as from shorter windows."""
    whole = Window(datetime(2026, 5, 1, tzinfo=UTC), JUNE.end)
    before = sandbox.requests.get(QUERY, 0)
    rows_whole = [r[:2] for r in fetched(SPEC, CAMPAIGN_DAY, whole)]
    assert 1 + 3 * 2 == sandbox.requests[QUERY] - before
    parts = fetched(SPEC, CAMPAIGN_DAY, Window(whole.start, JUNE.start)) + fetched(SPEC, CAMPAIGN_DAY, JUNE)
    assert sorted(rows_whole) == sorted(r[:2] for r in parts)


def test_companies_come_by_campaign_and_day_in_few_requests(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All campaign days with impressions in batches of 25; one by one they give the same."""
    days = _campaign_days(fetched(SPEC, CAMPAIGN_DAY, JUNE))
    before = sandbox.requests[QUERY]
    batched = fetched(SPEC, ACCOUNT, JUNE)
    asked = sandbox.requests[QUERY] - before
    assert 1 + 2 + len(days) / 25 <= asked <= 1 + 2 + len(days) / 25 + 2
    monkeypatch.setattr(client, "BATCH", 1)
    assert batched == fetched(SPEC, ACCOUNT, JUNE)
    assert days == _campaign_days(batched)


def _campaign_days(records: list[Record]) -> set[tuple[str, str]]:
    payloads = [orjson.loads(record.payload) for record in records]
    return {(payload["campaign"], payload["date"]) for payload in payloads}


def test_an_end_is_exclusive(sandbox: running_sandbox) -> None:
    """A single day gives that day's rows, not none and not the next one's."""
    day = Window(JUNE.end - timedelta(days=2), JUNE.end - timedelta(days=1))
    for stream in (CAMPAIGN_DAY, ACCOUNT):
        assert {date(2026, 6, 29)} == {record.at for record in fetched(SPEC, stream, day)}


def test_an_answer_that_is_not_whole_is_asked_for_again(sandbox: running_sandbox) -> None:
    """Status 200 with `has_errors`: what is there is not used."""
    clean = [r[:2] for r in fetched(SPEC, ACCOUNT, JUNE)]
    sandbox.configure("rollworks", partial_answers=3)
    assert clean == [r[:2] for r in fetched(SPEC, ACCOUNT, JUNE)]
    sandbox.configure("rollworks", partial_answers=1000)
    with pytest.raises(Retriable, match="only a part was answered, 8 times"):
        fetched(SPEC, ACCOUNT, JUNE)


def test_a_refused_query_is_not_repeated(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors and no data at all: the query doesn't fit the API, waiting doesn't help."""
    monkeypatch.setattr(client.contract, "asked", lambda stream: "eid nothing")
    before = sandbox.requests.get(QUERY, 0)
    with pytest.raises(Permanent, match="the query was refused"):
        fetched(SPEC, CAMPAIGN, JUNE)
    assert 1 == sandbox.requests[QUERY] - before


def test_a_used_up_quota_says_what_to_do(sandbox: running_sandbox) -> None:
    """A bare 429."""
    sandbox.configure("rollworks", daily_requests=0)
    with pytest.raises(Retriable, match=r"throttled, 8 times \(HTTP 429\).*ask for Basic access"):
        fetched(SPEC, CAMPAIGN, JUNE)


def test_campaigns_that_are_over_are_told_too(sandbox: running_sandbox) -> None:
    """Without being asked otherwise the API gives active ones only."""
    told = {orjson.loads(r.payload)["status"] for r in fetched(SPEC, CAMPAIGN, JUNE)}
    assert {"running", "deleted", "ended"} <= told


def test_cut_answers_are_noted(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many companies as are told at most: some may be missing."""
    monkeypatch.setattr(client, "MOST_ACCOUNTS", 3)
    with connect(SPEC) as rollworks:
        list(rollworks.fetch(ACCOUNT, JUNE))
        assert int(rollworks.notes(ACCOUNT)["answers_cut_at_1000"]) > 0


def test_money_is_in_the_advertisables_currency(sandbox: running_sandbox) -> None:
    """It is asked for, as it would be in dollars otherwise."""
    for stream in (CAMPAIGN_DAY, ACCOUNT):
        payloads = [orjson.loads(r.payload) for r in fetched(SPEC, stream, JUNE)]
        currencies = {one.eid: one.currency for one in rows.ADVERTISABLES}
        assert {(p["advertisable"], p["currency"]) for p in payloads} == set(currencies.items())
    made = rows.known(sandbox.world)
    place = next(p for p, c in enumerate(made.campaigns) if rows.ADVERTISABLES[c.account].currency == "EUR")
    days = rows.by_date(sandbox.world, place, 0, 1 << 20, 1.0)
    got = {orjson.loads(r.payload)["date"]: orjson.loads(r.payload)["cost"]
           for r in fetched(SPEC, CAMPAIGN_DAY, Window(datetime(2025, 9, 1, tzinfo=UTC), JUNE.end))
           if r.record_id.startswith(made.eids[place])}  # fmt: skip
    assert {day["date"]: day["cost"] for day in days if day["date"] >= "2025-09-01"} == got


def test_days_are_restated_for_thirty_days(sandbox: running_sandbox, settings: Settings) -> None:
    """Ten days later the day is read again, as conversions still came in; both captures stay."""
    spec, first = only(SPEC, "campaign_day"), UNTIL - timedelta(days=10)
    sandbox.set_clock(first)
    extract(spec, settings, [first], "run")
    before = raw_rows(settings, spec, CAMPAIGN_DAY)
    sandbox.set_clock(UNTIL)
    report = extract(spec, settings, [UNTIL], "run")[0]
    assert {first, UNTIL} == set(report.changed)
    assert set(before) < set(raw_rows(settings, spec, CAMPAIGN_DAY))


def test_good_answers_are_taken() -> None:
    """`has_errors` false, with or without an empty list of errors."""
    for more in ({}, {"errors": []}):
        answer = httpx.Response(200, json={"data": {}, "has_errors": False, **more})
        assert client._has_errors(answer, "") is None
