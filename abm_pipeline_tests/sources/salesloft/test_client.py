"""What is Salesloft's own: a key or rotating tokens, first pages from the last stamp on, points a minute, scopes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from abm_pipeline.sandbox.salesloft.rest import API_KEY
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._spec import Window
from abm_pipeline.sources.extract import extract
from abm_pipeline.sources.salesloft import client
from abm_pipeline_tests.sources.conftest import PROGRAMME, UNTIL, fetched, only, raw_rows, stream_of

SPEC, EMAIL = stream_of("salesloft", "email")
_, ACCOUNT = stream_of("salesloft", "account")
CALLS = only(SPEC, "call")
EVER = Window(None, datetime(2026, 7, 1, tzinfo=UTC))
OAUTH = ("ABM_SALESLOFT_CLIENT_ID", "ABM_SALESLOFT_CLIENT_SECRET", client.REFRESH)


def test_a_second_run_logs_in_with_the_rotated_token(sandbox: running_sandbox, settings: Settings) -> None:
    """Each refresh token works once: the run keeps the next one on disk."""
    sandbox.configure("salesloft", one_use=True)
    sandbox.api("salesloft").used.clear()
    for run in ("first", "second"):
        extract(CALLS, settings, [UNTIL], run)
    assert credentials.required(SPEC, settings.home)[client.REFRESH] not in sandbox.api("salesloft").used
    other = Settings(_env_file=None, home=settings.home / "other")
    with pytest.raises(Permanent, match=r"invalid_grant.*ABM_SALESLOFT_REFRESH_TOKEN works once"):
        extract(CALLS, other, [UNTIL], "other")


def test_a_crash_after_the_login_loses_no_token(
    sandbox: running_sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run dies before its first request for data; the next one goes on with the token that the login gave."""
    sandbox.configure("salesloft", one_use=True)
    sandbox.api("salesloft").used.clear()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(client.Client, "fetch", killed)
        with pytest.raises(KeyboardInterrupt):
            extract(CALLS, settings, [UNTIL], "killed")
    assert extract(CALLS, settings, [UNTIL], "again")[0].records > 0


def test_an_api_key_will_do(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OAuth's variables the key is used, without a login; a wrong one is told with what to check."""
    clean = fetched(SPEC, EMAIL, EVER)
    for name in OAUTH:
        monkeypatch.delenv(name)
    with pytest.raises(Permanent, match=r"no credentials. Set ABM_SALESLOFT_API_KEY in the environment"):
        credentials.required(SPEC)
    monkeypatch.setenv("ABM_SALESLOFT_API_KEY", API_KEY)
    logins = sandbox.requests.get("POST /salesloft/oauth/token", 0)
    assert clean == fetched(SPEC, EMAIL, EVER)
    assert "logged in as user 6970" == credentials.check(SPEC, Settings(_env_file=None))
    assert logins == sandbox.requests.get("POST /salesloft/oauth/token", 0)
    monkeypatch.setenv("ABM_SALESLOFT_API_KEY", "v2_ak_Tr0ub4dor")
    with pytest.raises(Permanent, match=r"refused.*ABM_SALESLOFT_API_KEY") as caught:
        fetched(SPEC, EMAIL, EVER)
    assert "Tr0ub4dor" not in str(caught.value)


def test_only_first_pages_are_asked_for(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages: each record once, every request for page 1, so that each costs one point."""
    clean = fetched(SPEC, EMAIL, EVER)
    monkeypatch.setattr(client, "PAGE_SIZE", 7)
    before = sandbox.requests["GET /salesloft/v2/activities/emails"]
    monkeypatch.setattr(client.Client, "_note", _first_page)
    assert [r[:2] for r in clean] == [r[:2] for r in fetched(SPEC, EMAIL, EVER)]
    assert sandbox.requests["GET /salesloft/v2/activities/emails"] - before >= len(clean) // 7


def _first_page(_: object, __: object, headers: dict[str, str]) -> None:
    assert "1" == headers["x-ratelimit-endpoint-cost"]


def test_many_records_of_one_stamp_fill_several_pages(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import made the accounts in the same microsecond: two to a page, none lost, none twice."""
    first = date(1970, 1, 1) + timedelta(days=sandbox.world.calendar.start)
    sandbox.set_clock(first)
    clean = fetched(SPEC, ACCOUNT, EVER)
    stamps = [record.version for record in clean]
    assert any(stamps.count(stamp) > 4 for stamp in stamps)
    monkeypatch.setattr(client, "PAGE_SIZE", 2)
    cut = fetched(SPEC, ACCOUNT, EVER)
    assert sorted(r[:2] for r in clean) == sorted(r[:2] for r in cut)


def test_a_record_that_moves_while_pages_are_read_hides_no_other(
    sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock moves a day between two pages: records of the first page go to the end, and none slips through.

    With page numbers the second page would begin as many records too late as have moved.
    """
    sandbox.set_clock(UNTIL - timedelta(days=2))
    monkeypatch.setattr(client, "PAGE_SIZE", 20)
    whole = {r.record_id for r in fetched(SPEC, EMAIL, EVER)}
    asked = 0

    def moves(self: client.Client, stream: object, headers: object) -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            sandbox.set_clock(UNTIL)

    monkeypatch.setattr(client.Client, "_note", moves)
    assert whole <= {r.record_id for r in fetched(SPEC, EMAIL, EVER)}


def test_the_version_is_the_stamp_in_utc(sandbox: running_sandbox) -> None:
    """The same instant told with summer's and winter's offset is the same version."""
    window = EVER
    winter = client._record({"id": 1, "updated_at": "2026-01-05T10:00:00.123456-05:00"}, window)
    summer = client._record({"id": 1, "updated_at": "2026-01-05T11:00:00.123456-04:00"}, window)
    assert "2026-01-05T15:00:00.123456Z" == winter.version == summer.version


def test_points_used_up_are_waited_for(sandbox: running_sandbox) -> None:
    """429 without Retry-After: half a minute, as the points are those of a minute."""
    sandbox.configure("salesloft", points=0)
    with pytest.raises(Retriable, match="throttled, 8 times") as caught:
        fetched(SPEC, EMAIL, EVER)
    assert 30.0 == caught.value.retry_after


def test_points_spent_are_told(sandbox: running_sandbox, settings: Settings) -> None:
    """What the answers say that they cost, in the run's notes."""
    report = extract(CALLS, settings, [UNTIL], "run")[0]
    assert report.notes["points"] == -(-report.records // client.PAGE_SIZE)


def test_a_missing_scope_leaves_its_stream_out(sandbox: running_sandbox, settings: Settings) -> None:
    """403 is told by stream: the others are stored, and the note says why this one is not."""
    sandbox.configure("salesloft", without_scope="calls")
    spec = only(SPEC, "call", "cadence")
    reports = {report.stream: report for report in extract(spec, settings, [UNTIL], "run")}
    assert "lacks the scope" in str(reports["call"].notes["skipped"])
    assert raw_rows(settings, spec, stream_of("salesloft", "cadence")[1])


def test_unknown_options_are_refused() -> None:
    """Options are checked."""
    programme = PROGRAMME.model_copy(update={"sources": {"salesloft": {"conected": ["Answered"]}}})
    with pytest.raises(ValueError, match=r"sources.salesloft: conected"):
        SPEC.streams(programme)
