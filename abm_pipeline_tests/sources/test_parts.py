"""The shared parts on their own: waiting, pacing, errors, merging."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import httpx
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm_pipeline.contracts.tables import raw_table
from abm_pipeline.settings import Settings
from abm_pipeline.sources import _http
from abm_pipeline.sources._errors import Permanent, Retriable
from abm_pipeline.sources._paging import LoopGuard
from abm_pipeline.sources._raw import Merged, Spool, merge
from abm_pipeline.sources._records import payloads
from abm_pipeline.sources._spec import Columns, Kind, Page, Record, Stream, Window
from abm_pipeline.sources.extract import _as_days, _ranges
from abm_pipeline.storage import engine

D1, D2, D9 = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 9)
TABLE = raw_table("acme", "thing")
WINDOW = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))


def _pull(
    settings: Settings,
    hour: int,
    *records: tuple[str, str, date, str],
    days: tuple[date, ...] = (D1, D2),
    kind: Kind = "days",
) -> Merged:
    """Merge records (id, version, day, payload) fetched at the hour."""
    stream = Stream("thing", "Things.", kind, ())
    fetched_at = datetime(2026, 3, 2, hour, tzinfo=UTC)
    with Spool(settings.open_lake, TABLE, "acme", stream, "run") as spool, engine.connect() as con:
        page = Page([Record(i, v, day, payload.encode()) for i, v, day, payload in records], fetched_at)
        spool.add(page, WINDOW, _as_days)
        return merge(settings.open_lake, lambda: con, TABLE, stream, spool.close(), days=days, stamp=time.time_ns())


def _stored(settings: Settings) -> list[tuple[object, ...]]:
    with engine.connect() as con:
        settings.open_lake.attach(con, TABLE, name="t")
        sql = "SELECT day, record_id, version, payload, hour(fetched_at) FROM t ORDER BY ALL"
        return con.execute(sql).fetchall()


def test_a_record_twice_in_a_pull_is_one_row(settings: Settings) -> None:
    """Pages overlap when a query is asked again: one row, the copy fetched last."""
    merged = _pull(settings, 1, ("a", "v1", D1, "{}"), ("a", "v1", D1, "{}"), ("b", "v1", D2, "{}"))
    assert {D1: 1, D2: 1} == merged.rows
    assert [(D1, "a", "v1", "{}", 1), (D2, "b", "v1", "{}", 1)] == _stored(settings)


def test_an_older_version_stays(settings: Settings) -> None:
    """A CRM gives only today's version: what an earlier pull saw is kept beside it."""
    _pull(settings, 1, ("a", "v1", D1, "1"), kind="changes")
    merged = _pull(settings, 2, ("a", "v2", D1, "2"), kind="changes")
    assert (D1,) == merged.changed
    assert [(D1, "a", "v1", "1", 1), (D1, "a", "v2", "2", 2)] == _stored(settings)


def test_a_value_that_comes_back_is_the_newest_capture_again(settings: Settings) -> None:
    """Restated from x to y and back to x: x was fetched last, so staging, which takes the newest, reads x."""
    _pull(settings, 1, ("a", "x", D1, "x"))
    _pull(settings, 2, ("a", "y", D1, "y"))
    merged = _pull(settings, 3, ("a", "x", D1, "x"))
    assert (D1,) == merged.changed
    assert [(D1, "a", "x", "x", 3), (D1, "a", "y", "y", 2)] == _stored(settings)
    assert () == _pull(settings, 4, ("a", "x", D1, "x")).changed


def test_records_of_days_not_asked_for_go_where_a_partition_is(settings: Settings) -> None:
    """A late record goes to its day if the lake has that day; else it is left out and counted."""
    _pull(settings, 1, days=(D1,))
    merged = _pull(settings, 2, ("late", "v", D1, "{}"), ("a", "v", D2, "{}"), ("far", "v", D9, "{}"), days=(D2,))
    assert ((D1, D2), 1, {D2: 1}) == (merged.changed, merged.outside, merged.rows)
    assert [D1, D2] == settings.open_lake.days(TABLE)


def test_many_days_are_merged_in_chunks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for three rows at a time, 20 days of two rows each end up as if there were room for all."""
    monkeypatch.setattr("abm_pipeline.sources._raw.MERGE_ROWS", 3)
    days = tuple(D1 + timedelta(days=n) for n in range(20))
    rows = [(name, "v", day, "{}") for day in days for name in ("a", "b")]
    assert dict.fromkeys(days, 2) == _pull(settings, 1, *rows, days=days).rows


def test_a_file_with_a_replaced_row_gives_way_to_one_without_it(settings: Settings) -> None:
    """The same version with other content replaces the row that is there, and nothing else of its file is lost."""
    _pull(settings, 1, ("a", "v1", D1, "1"), ("b", "v1", D1, "1"), ("c", "v1", D2, "1"), kind="changes")
    merged = _pull(settings, 2, ("a", "v1", D1, "2"), kind="changes")
    assert ((D1,), {D1: 2, D2: 1}) == (merged.changed, merged.rows)
    assert [(D1, "a", "v1", "2", 2), (D1, "b", "v1", "1", 1), (D2, "c", "v1", "1", 1)] == _stored(settings)


def test_the_spool_holds_no_more_than_it_flushes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """400 pages of 100 kB with room for 1 MB: hardly more than that is held, in files of 5,000 rows and a bit.

    Merged once more, they are read in pieces of as many rows, and nothing changes.
    """
    monkeypatch.setattr("abm_pipeline.sources._raw.FLUSH_BYTES", 1 << 20)
    monkeypatch.setattr("abm_pipeline.sources._raw.MERGE_ROWS", 5000)
    stream, lake, before = Stream("thing", "Things.", "changes", ()), settings.open_lake, pa.total_allocated_bytes()
    days = [D1 + timedelta(days=n) for n in range(40)]
    for is_first in (True, False):
        peak = 0
        with Spool(lake, TABLE, "acme", stream, "run") as spool, engine.connect() as con:
            for page in range(400):
                names = [f"{page}-{n}" for n in range(100)]
                records = Columns(names, ["v"] * 100, [days[page // 10]] * 100, [b"x" * 1000] * 100)
                spool.add(Page(records, datetime.now(UTC)), WINDOW, _as_days)
                peak = max(peak, pa.total_allocated_bytes() - before)
            merged = merge(lake, lambda: con, TABLE, stream, spool.close(), days=days, stamp=time.time_ns())
        assert peak < 4 << 20
        assert dict.fromkeys(days, 1000) == merged.rows
        assert tuple(days if is_first else ()) == merged.changed
    assert 5000 <= max(pq.read_metadata(path).num_rows for path in lake.files(TABLE)) < 7000


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"Id": "1", "x": "},{"}, {"Id": '"},{"Id":', "x": None}],
        [{"Id": "1", "kids": [{"Id": "2"}, {"Id": "3"}]}, {"Id": "4"}],
        [{"Id": "1", "kids": [{"Id": "2"}, {"Id": "3"}]}, {"x": "4"}],
        [{"Id": "ä\n"}, {}, ["Id"], None],
    ],
)
def test_payloads_are_cut_where_records_end(rows: list[object]) -> None:
    """Whatever stands in the records, their payloads are what each would be written as by itself."""
    assert [orjson.dumps(row) for row in rows] == payloads(rows)


def test_runs_of_days() -> None:
    """Scattered days are asked for as runs without gaps."""
    assert [(D1, D2), (D9, D9)] == _ranges([D1, D2, D9])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("2026-10-21T07:28:10Z", 10.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_in_all_its_forms(header: str, seconds: float | None) -> None:
    """Seconds, an HTTP date by the vendor's own clock (07:28:00), an ISO time; nonsense is no wish."""
    headers = {"Retry-After": header, "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    assert seconds == _http.retry_after(httpx.Response(429, headers=headers))


def test_a_wait_too_long_for_a_run_ends_it() -> None:
    """A vendor that asks for an hour is not waited for; one that asks for a second is, for that second."""
    backoff = _http.Backoff()
    assert _http._wait(Retriable("x", vendor="v").asking_for(3600), backoff) is False
    assert 0.01 == _http._wait(Retriable("x", vendor="v").asking_for(1), backoff)
    assert _http._wait(Retriable("x", vendor="v"), backoff) is True
    assert _http._wait(Permanent("x", vendor="v"), backoff) is False


def test_pace_waits_for_the_oldest_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls per second: the third waits until the first is a second old, another endpoint doesn't."""
    waits: list[float] = []
    monkeypatch.setattr(_http, "pause", waits.append)
    pace = _http.Pace(2, 1.0)
    for endpoint in ("a", "a", "a", "b"):
        pace.wait(endpoint)
    assert 1 == len(waits)
    assert 0.9 < waits[0] <= 1.0


def test_a_token_that_comes_twice() -> None:
    """The guard passes new tokens on and stops at an old one."""
    guard = LoopGuard("acme", "thing")
    assert ["a", "b"] == [guard.pass_on("a"), guard.pass_on("b")]
    with pytest.raises(Permanent, match=r"acme thing: .* paging would never end"):
        guard.pass_on("a")


def test_errors_hold_no_text_of_the_vendors() -> None:
    """A code is letters and digits; whatever else a vendor puts there, an address say, is dropped."""
    error = Permanent(
        "refused", vendor="acme", stream="thing", status=400, code="jane@acme.com is unknown", remedy="Ask."
    )
    assert "acme thing: refused (HTTP 400). Ask." == str(error)
    assert "acme: refused (HTTP 400, INVALID_FIELD)" == str(
        Permanent("refused", vendor="acme", status=400, code="INVALID_FIELD")
    )
