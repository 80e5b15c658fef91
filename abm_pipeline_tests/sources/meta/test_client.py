"""What is Meta's own: report runs, usage told before throttling, throttling told with 400, rows that are too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest

from abm_pipeline.sandbox.meta.rows import ACCOUNTS
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import _http, credentials
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.meta import _usage, client
from abm_pipeline.sources.meta._failure import TooMuch, judge
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, connect, fetched, only, raw_rows, stream_of

SPEC, DAY = stream_of("meta", "campaign_day")
CAMPAIGN = stream_of("meta", "campaign")[1]
JUNE = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
EVER = Window(None, JUNE.end)


def test_a_run_is_read_when_it_is_complete_not_when_its_percents_are(sandbox: running_sandbox) -> None:
    """The second look tells 100 percent of a run that still works; rows are there at the third (one run an account)."""
    before = dict(sandbox.requests)
    assert fetched(SPEC, DAY, JUNE)
    polls = [
        count - before.get(key, 0)
        for key, count in sandbox.requests.items()
        if key.startswith("GET /meta/") and key.rpartition("/")[2].isdigit() and count > before.get(key, 0)
    ]
    assert [3] * len(ACCOUNTS) == polls


def test_a_run_that_is_not_there_yet_is_looked_for_again(sandbox: running_sandbox) -> None:
    """Right after its start a run may not be found (code 100, subcode 33)."""
    clean = [r[:2] for r in fetched(SPEC, DAY, JUNE)]
    sandbox.configure("meta", racing_polls=2)
    assert clean == [r[:2] for r in fetched(SPEC, DAY, JUNE)]


def test_a_run_that_fails_is_cut_in_halves(sandbox: running_sandbox) -> None:
    """The month and its first half fail: the rest comes in smaller runs, the same rows in all."""
    clean = sorted(r[:2] for r in fetched(SPEC, DAY, JUNE))
    sandbox.configure("meta", failing_runs=2)
    with connect(SPEC) as meta:
        cut = [r[:2] for page in meta.fetch(DAY, JUNE) for r in page.records]
        assert 2 == meta.notes(DAY)["runs_failed"]
    assert clean == sorted(cut)


def test_a_day_that_fails_three_times_is_given_up(sandbox: running_sandbox) -> None:
    """A single day can't be cut: the stream fails, and says that a later run gets it."""
    sandbox.configure("meta", failing_runs=1000)
    with pytest.raises(Retriable, match=r"single day failed, 3 times.*Run the same days again"):
        fetched(SPEC, DAY, Window(JUNE.end - timedelta(days=1), JUNE.end))


def test_fewer_rows_are_asked_for_when_they_are_too_many(sandbox: running_sandbox) -> None:
    """'Please reduce the amount of data': the limit is halved until it is taken, the same rows come."""
    clean = fetched(SPEC, CAMPAIGN, EVER)
    sandbox.configure("meta", most_rows=3)
    assert clean == fetched(SPEC, CAMPAIGN, EVER)
    sandbox.configure("meta", most_rows=0)
    with pytest.raises(TooMuch):
        fetched(SPEC, CAMPAIGN, EVER)


def test_usage_is_obeyed_before_anything_is_throttled(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch, small_pages: None
) -> None:
    """Twenty calls a third of a second and a good many pages: the client waits by itself and is never refused."""
    clean = [r[:2] for r in fetched(SPEC, CAMPAIGN, EVER)]
    api = sandbox.api("meta")
    sandbox.configure("meta", quota_calls=20, quota_seconds=0.3)
    monkeypatch.setattr(_http, "WAIT_CAP_SECONDS", 0.35)
    api.calls.clear()
    before = api.throttled
    with connect(SPEC) as meta:
        got = [r[:2] for _ in range(3) for page in meta.fetch(CAMPAIGN, EVER) for r in page.records]
        assert int(meta.notes(CAMPAIGN)["waits_for_quota"]) > 0
    assert clean * 3 == got
    assert before == api.throttled


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("x-app-usage", {"call_count": 28, "total_time": 25, "total_cputime": 91}, (91, None)),
        ("x-fb-ads-insights-throttle", {"app_id_util_pct": 100, "acc_id_util_pct": 10}, (100, None)),
        ("x-ad-account-usage", {"acc_id_util_pct": 9.67, "reset_time_duration": 100}, (9.67, None)),
        ("x-ad-account-usage", {"acc_id_util_pct": 100, "reset_time_duration": 100}, (100, 100)),
        (
            "x-business-use-case-usage",
            {"7": [{"type": "ads_insights", "call_count": 95, "estimated_time_to_regain_access": 5}], "8": []},
            (95, 300),
        ),
        ("x-business-use-case-usage", {"7": [{"call_count": 100, "estimated_time_to_regain_access": 19}]}, (100, 600)),
    ],
)
def test_what_the_headers_tell(name: str, value: object, expected: tuple[float, float | None]) -> None:
    """The highest percentage; minutes until a block ends, ten at most at a time."""
    assert expected == _usage.told({name: orjson.dumps(value).decode()})


def test_broken_headers_tell_nothing() -> None:
    """A header that is no JSON, or of another shape, is passed over."""
    assert (0.0, None) == _usage.told({"x-app-usage": "soon", "x-business-use-case-usage": "[1]"})


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80000, 80004])
def test_throttling_has_status_400(code: int) -> None:
    """It is waited for as long as the headers say, or a minute."""
    headers = {"x-business-use-case-usage": '{"7":[{"estimated_time_to_regain_access":2}]}'}
    for given, wait in ((headers, 120.0), ({}, 60.0)):
        error = judge(httpx.Response(400, json={"error": {"code": code, "message": "x"}}, headers=given), "campaign")
        assert isinstance(error, Retriable)
        assert wait == error.retry_after


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 2, "is_transient": True}, Retriable),
        ({"code": 1, "error_subcode": 99}, Retriable),
        ({"code": 100, "error_subcode": 33}, Retriable),
        ({"code": 999, "is_transient": True}, Retriable),
        ({"code": 100}, Permanent),
        ({"code": 190, "error_subcode": 463}, Permanent),
        ({"code": 200}, Permanent),
    ],
)
def test_an_error_with_a_good_status_is_an_error(error: dict[str, object], kind: type[Exception]) -> None:
    """Status 200 and an error in the body: what it says counts."""
    assert isinstance(judge(httpx.Response(200, json={"error": error}), "campaign"), kind)


def test_deleted_campaigns_and_their_days_are_asked_for(sandbox: running_sandbox, settings: Settings) -> None:
    """A deleted campaign comes with the stamp of its deletion, and its delivery stays."""
    rows = [orjson.loads(r.payload) for r in fetched(SPEC, CAMPAIGN, EVER)]
    gone = {row["id"] for row in rows if row["effective_status"] in ("DELETED", "ARCHIVED")}
    since = Window(datetime(2026, 1, 1, tzinfo=UTC), JUNE.end)
    assert gone & {orjson.loads(r.payload)["campaign_id"] for r in fetched(SPEC, DAY, since)}


def test_only_changed_campaigns_are_sent(sandbox: running_sandbox) -> None:
    """A window of three days asks for those updated in it, to the second, start inclusive."""
    every = {r[:2]: r.at for r in fetched(SPEC, CAMPAIGN, EVER)}
    start = max(every.values())
    window = Window(start, start + timedelta(seconds=1))
    assert {key for key, at in every.items() if at == start} == {r[:2] for r in fetched(SPEC, CAMPAIGN, window)}


def test_nothing_older_than_37_months_is_asked_for(sandbox: running_sandbox) -> None:
    """A backfill from 2020 gets what there is, and a note of where insights begin."""
    with connect(SPEC) as meta:
        window = Window(datetime(2020, 1, 1, tzinfo=UTC), JUNE.end)
        assert any(page.records for page in meta.fetch(DAY, window))
        oldest = UNTIL - timedelta(days=client.HISTORY_DAYS)
        assert oldest.isoformat() == meta.notes(DAY)["no_insights_before"]


@pytest.mark.parametrize(
    ("env", "value", "told"),
    [
        ("ABM_META_ACCESS_TOKEN", "wrong", r"token was refused \(HTTP 400, 190:460\).*ABM_META_ACCESS_TOKEN"),
        ("ABM_META_APP_SECRET", "wrong", r"HTTP 400, 100.*ABM_META_APP_SECRET"),
        ("ABM_META_VERSION", "v19.0", r"HTTP 400, 2635.*ABM_META_VERSION"),
        ("ABM_META_VERSION", "v99.0", r"HTTP 400, 2500.*ABM_META_VERSION"),
    ],
)
def test_refusals_name_what_to_check(
    sandbox: running_sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, env: str, value: str, told: str
) -> None:
    """Each wrong setting ends at once, with the variable in the message."""
    monkeypatch.setenv(env, value)
    with pytest.raises(Permanent, match=told):
        credentials.check(SPEC, settings)


def test_days_are_restated_for_28_days(sandbox: running_sandbox, settings: Settings) -> None:
    """Ten days later the day is read again, as leads still came in; both captures stay."""
    spec, first = only(SPEC, "campaign_day"), UNTIL - timedelta(days=10)
    sandbox.set_clock(first)
    extract(spec, settings, [first], "run")
    before = raw_rows(settings, spec, DAY)
    sandbox.set_clock(UNTIL)
    report = extract(spec, settings, [UNTIL], "run")[0]
    assert {first, UNTIL} == set(report.changed)
    assert set(before) < set(raw_rows(settings, spec, DAY))
    assert 28 == DAY.lookback_days


def test_a_wrong_option_is_told(sandbox: running_sandbox) -> None:
    """A misspelt key in programme.yaml is named before anything is asked for."""
    programme = PROGRAMME.model_copy(update={"sources": {"meta": {"conversions": ["lead"]}}})
    with pytest.raises(ValueError, match=r"sources\.meta: conversions"):
        SPEC.streams(programme)
