"""What every stream of every source must survive. A new source gets these tests by being there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from abm_pipeline.contracts.fields import Type
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._errors import Permanent
from abm_pipeline.sources._spec import RawField, SourceSpec, Stream, Window
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.staging.refresh import refresh
from abm_pipeline_tests.sources.conftest import (
    OVER_HTTP,
    PROGRAMME,
    SPECS,
    STREAMS,
    STREAMS_OVER_HTTP,
    SUITES,
    UNTIL,
    fetched,
    only,
    raw_rows,
)

WINDOW = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
EVER = Window(None, WINDOW.end)
DAYS = [UNTIL - timedelta(days=back) for back in range(3)]
FAULTS = ("429", "429_retry_after", "500", "503_html", "cut_body", "expired_token")


def _ids(spec: SourceSpec, stream: Stream) -> list[tuple[str, str]]:
    return sorted((record.record_id, record.version) for record in fetched(spec, stream, WINDOW))


@pytest.mark.parametrize(("spec", "stream"), STREAMS)
def test_records_hold_what_the_contract_relies_on(sandbox: running_sandbox, spec: SourceSpec, stream: Stream) -> None:
    """Each required field is there in every record, and each field that has a value has one of its type."""
    records = fetched(spec, stream, EVER if stream.kind == "changes" else WINDOW)
    assert records, "the sandbox has records of every stream"
    broken = {
        (field.name, repr(value)[:40])
        for record in records
        for field in stream.fields
        for value in [_value(orjson.loads(record.payload), field.name)]
        if (value is None and field.required) or (value is not None and not _fits(value, field))
    }
    assert set() == broken
    assert len(records) == len({(r.record_id, r.version) for r in records})


def _value(payload: object, path: str) -> object:
    for key in path.split("."):
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def _fits(value: object, field: RawField) -> bool:
    if field.type in (Type.DATE, Type.TIMESTAMP):
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    if field.type in (Type.INT, Type.FLOAT) and isinstance(value, str):
        # Vendors write 64-bit integers and metrics as text.
        return float(value) is not None
    kinds = {
        Type.TEXT: str, Type.INT: int | float, Type.FLOAT: int | float, Type.BOOL: bool, Type.MONEY: int | float | str,
        Type.TEXTS: list,
    }  # fmt: skip
    return isinstance(value, kinds[field.type])


@pytest.mark.parametrize(("spec", "stream"), STREAMS_OVER_HTTP)
def test_one_fault_after_the_other_changes_nothing(sandbox: running_sandbox, spec: SourceSpec, stream: Stream) -> None:
    """Throttled, down, cut off and logged out at the very first request: the same records in the end."""
    clean = _ids(spec, stream)
    for fault in FAULTS:
        if fault not in SUITES[spec.vendor].faults_off:
            sandbox.set_fault(SUITES[spec.vendor].route_of(stream.name), fault, times=1)
    assert clean == _ids(spec, stream)


PAGED = [(vendor, name, route) for vendor, suite in SUITES.items() for name, route in suite.paged]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("vendor", "name", "route"), PAGED)
def test_a_fault_in_mid_paging_changes_nothing(
    sandbox: running_sandbox, small_pages: None, vendor: str, name: str, route: str, fault: str
) -> None:
    """The second page and a later one fail: the same records, none twice, none lost."""
    if fault in SUITES[vendor].faults_off:
        pytest.skip(SUITES[vendor].faults_off[fault])
    stream = next(s for s in SPECS[vendor].streams(PROGRAMME) if s.name == name)
    clean = fetched(SPECS[vendor], stream, EVER)
    sandbox.set_fault(route, fault, times=1, after=1)
    sandbox.set_fault(route, fault, times=1, after=3)
    again = fetched(SPECS[vendor], stream, EVER)
    assert len(clean) > 3, "the stream has pages"
    assert [(r.record_id, r.version) for r in clean] == [(r.record_id, r.version) for r in again]


@pytest.mark.parametrize("spec", OVER_HTTP.values(), ids=OVER_HTTP)
def test_records_sent_twice_are_kept_once(sandbox: running_sandbox, settings: Settings, spec: SourceSpec) -> None:
    """Every answer repeats its records, as retries and moving pages make vendors do: raw is what it is without."""
    twice = Settings(_env_file=None, home=settings.home / "twice")
    extract(spec, settings, [UNTIL], "run")
    sandbox.set_fault(f"/{spec.vendor}/", "duplicate")
    extract(spec, twice, [UNTIL], "run")
    for stream in spec.streams(PROGRAMME):
        assert raw_rows(settings, spec, stream) == raw_rows(twice, spec, stream), stream.name


@pytest.mark.parametrize(("spec", "stream"), STREAMS_OVER_HTTP)
def test_an_empty_day_is_a_partition_without_rows(
    sandbox: running_sandbox, settings: Settings, spec: SourceSpec, stream: Stream
) -> None:
    """A vendor with nothing to say leaves an empty partition: asked and empty is not the same as not asked."""
    sandbox.set_fault(SUITES[spec.vendor].route_of(stream.name), "empty")
    reports = extract(only(spec, stream.name), settings, [UNTIL], "run")
    report = next(report for report in reports if report.stream == stream.name)
    assert {UNTIL: 0} == report.rows
    assert [UNTIL] == settings.open_lake.days(spec.table(stream))
    assert [] == raw_rows(settings, spec, stream)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_pulling_the_same_days_again_touches_no_file(
    sandbox: running_sandbox, settings: Settings, spec: SourceSpec
) -> None:
    """The second pull brings the same records, so no partition changes, not even its modification time."""
    extract(spec, settings, DAYS, "first")
    before = {path: path.stat().st_mtime_ns for path in settings.lake_path.rglob("*.parquet")}
    reports = extract(spec, settings, DAYS, "second")
    assert before == {path: path.stat().st_mtime_ns for path in settings.lake_path.rglob("*.parquet")}
    assert [()] * len(reports) == [tuple(report.changed) for report in reports]
    assert [] == [path for path in settings.lake_path.rglob("*") if ".staging" in path.parts and path.is_file()]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_range_equals_its_days(
    sandbox: running_sandbox, tmp_path_factory: pytest.TempPathFactory, spec: SourceSpec
) -> None:
    """Three days at once or one after the other: the same rows in the same partitions."""
    whole = Settings(_env_file=None, home=tmp_path_factory.mktemp("whole"))
    daily = Settings(_env_file=None, home=tmp_path_factory.mktemp("daily"))
    extract(spec, whole, DAYS, "run")
    for day in sorted(DAYS):
        extract(spec, daily, [day], "run")
    for stream in spec.streams(PROGRAMME):
        assert raw_rows(whole, spec, stream) == raw_rows(daily, spec, stream), stream.name


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_what_changes_later_arrives(
    sandbox: running_sandbox, tmp_path_factory: pytest.TempPathFactory, spec: SourceSpec
) -> None:
    """Pulled day by day as time goes on, or once at the end: of each record the same newest version.

    Edits, deletes that the vendor tells, restated days and late rows are all in it. What vanishes at the vendor stays.
    """
    grown = Settings(_env_file=None, home=tmp_path_factory.mktemp("grown"))
    fresh = Settings(_env_file=None, home=tmp_path_factory.mktemp("fresh"))
    days = [UNTIL - timedelta(days=back) for back in reversed(range(6))]
    for until, some in ((days[2], days[:3]), (days[4], days[3:5]), (days[5], days[5:])):
        sandbox.set_clock(until)
        extract(spec, grown, some, "run")
    extract(spec, fresh, days, "run")
    for stream in spec.streams(PROGRAMME):
        if stream.kind != "snapshot":
            late = _newest(grown, spec, stream)
            once = _newest(fresh, spec, stream)
            assert once == {record: late.get(record) for record in once}, stream.name


def _newest(settings: Settings, spec: SourceSpec, stream: Stream) -> dict[object, object]:
    """The payload captured last, by record (and day, where days are reported on)."""
    rows = raw_rows(settings, spec, stream, "fetched_at, version, record_id, day, payload")
    by_day = stream.kind == "days"
    return {(record, day if by_day else None): payload for _, _, record, day, payload in rows}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_staging_the_same_days_again_changes_nothing(
    sandbox: running_sandbox, settings: Settings, spec: SourceSpec
) -> None:
    """Pulled and staged twice: the same staged rows, none of them written again; and there are some."""
    changed = []
    for run in ("first", "second"):
        extract(spec, settings, DAYS, run)
        reports = refresh(settings, DAYS, run)
        changed.append({str(report.table): sorted(report.changed, key=str) for report in reports})
    assert any(sum(report.rows.values()) for report in reports if str(report.table).startswith("staged."))
    assert {table: [] for table in changed[1]} == changed[1]


DOCUMENTED = [
    (vendor, path.stem)
    for vendor in SPECS
    for path in sorted((Path(__file__).parent / vendor / "documented").glob("*.json"))
]


@pytest.mark.parametrize(("vendor", "name"), DOCUMENTED)
def test_the_sandbox_serves_what_the_vendor_documents(sandbox: running_sandbox, vendor: str, name: str) -> None:
    """Field by field against an example made from the vendor's documentation: no key more, none less, the same types.

    `_optional` in the example lists keys that the documentation has and records here may lack.
    """
    example = orjson.loads((Path(__file__).parent / vendor / "documented" / f"{name}.json").read_bytes())
    optional = set(example.pop("_optional", ()))
    stream = next(s for s in SPECS[vendor].streams(PROGRAMME) if s.name == name)
    records = fetched(SPECS[vendor], stream, EVER if stream.kind == "changes" else WINDOW)
    documented, served = shapes([example]), shapes([orjson.loads(record.payload) for record in records])
    assert {} == {path: kinds for path, kinds in served.items() if not kinds <= documented.get(path, set()) | {"null"}}
    assert set() == documented.keys() - served.keys() - optional


def shapes(values: Sequence[object], path: str = "") -> dict[str, set[str]]:
    """JSON types by dotted path, list items under `[]`; below a path that only ever is null nothing is known."""
    out: dict[str, set[str]] = {}
    for value in values:
        if path:
            out.setdefault(path, set()).add(KINDS[type(value)])
        below = {"[]": value} if isinstance(value, list) else value if isinstance(value, dict) else {}
        for key, inner in below.items():
            at = f"{path}.{key}" if path else key
            for where, kinds in shapes(inner if key == "[]" else [inner], at).items():
                out.setdefault(where, set()).update(kinds)
    return out


KINDS = {str: "text", int: "number", float: "number", bool: "bool", list: "list", dict: "object", type(None): "null"}


@pytest.mark.parametrize("vendor", SPECS)
def test_a_stream_of_every_vendor_is_documented(vendor: str) -> None:
    """Each vendor has an example to be compared with."""
    assert vendor in {known for known, _ in DOCUMENTED}


@pytest.mark.parametrize("spec", OVER_HTTP.values(), ids=OVER_HTTP)
def test_a_stream_that_fails_leaves_the_others_stored(
    sandbox: running_sandbox, settings: Settings, spec: SourceSpec
) -> None:
    """One stream's route is down: the error names it, the others are there, and a re-run fills the gap."""
    name, route, expected = SUITES[spec.vendor].broken
    sandbox.set_fault(route, "down")
    with pytest.raises(ExtractError) as caught:
        extract(spec, settings, [UNTIL], "run")
    assert expected == set(caught.value.failures)
    assert f"- {spec.vendor} {name}: no complete answer" in str(caught.value)
    stored = {s.name for s in spec.streams(PROGRAMME) if settings.open_lake.days(spec.table(s))}
    assert {s.name for s in spec.streams(PROGRAMME)} - expected == stored
    sandbox.clear_faults()
    extract(spec, settings, [UNTIL], "again")
    assert all(settings.open_lake.days(spec.table(s)) for s in spec.streams(PROGRAMME))


@pytest.mark.parametrize("spec", OVER_HTTP.values(), ids=OVER_HTTP)
def test_wrong_credentials_are_told_and_not_repeated(
    sandbox: running_sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch, spec: SourceSpec
) -> None:
    """The login is refused before any stream is asked for, a key by each stream's first request.

    The message names what to check, never the secret.
    """
    suite = SUITES[spec.vendor]
    monkeypatch.setenv(suite.wrong, "Tr0ub4dor")
    before = sum(sandbox.requests.values())
    with pytest.raises((Permanent, ExtractError)) as caught:
        extract(spec, settings, [UNTIL], "run")
    asked = sum(sandbox.requests.values()) - before
    assert asked == 1 if suite.is_login else 1 <= asked <= len(spec.streams(PROGRAMME))
    assert "refused" in str(caught.value)
    assert f"ABM_{spec.vendor.upper()}_" in str(caught.value)
    assert "Tr0ub4dor" not in repr(caught.value)


@pytest.mark.parametrize("spec", OVER_HTTP.values(), ids=OVER_HTTP)
def test_a_vendor_that_is_down_says_so(sandbox: running_sandbox, settings: Settings, spec: SourceSpec) -> None:
    """Nothing answers at all: one error that says how often it was tried and what to do."""
    sandbox.set_fault(f"/{spec.vendor}/", "down")
    with pytest.raises(Exception, match=r"no complete answer.*8 times.*Run the same days again"):
        extract(spec, settings, [UNTIL], "run")


@pytest.mark.parametrize(("vendor", "name", "route"), PAGED)
def test_paging_that_turns_in_circles_is_stopped(
    sandbox: running_sandbox, small_pages: None, vendor: str, name: str, route: str
) -> None:
    """A continuation token that comes twice would page for ever."""
    if not SUITES[vendor].loops:
        pytest.skip("the end is told by something else than a token")
    sandbox.set_fault(route, "loop")
    stream = next(s for s in SPECS[vendor].streams(PROGRAMME) if s.name == name)
    with pytest.raises(Permanent, match="paging would never end"):
        fetched(SPECS[vendor], stream, EVER)


@pytest.mark.parametrize("kind", ["drop_field", "retype_field", "new_field"])
@pytest.mark.parametrize(
    ("vendor", "name", "field"),
    [(vendor, name, field) for vendor, suite in SUITES.items() for name, field in suite.schema],
)
def test_a_changed_schema_loses_no_record(
    sandbox: running_sandbox, settings: Settings, vendor: str, name: str, field: str, kind: str
) -> None:
    """A field gone, retyped or new: as many raw rows as before; what is broken is for staging to tell."""
    spec = only(SPECS[vendor], name)
    stream = spec.streams(PROGRAMME)[0]
    extract(spec, settings, [UNTIL], "run")
    before = len(raw_rows(settings, spec, stream))
    changed = Settings(_env_file=None, home=settings.home / "changed")
    sandbox.set_fault(SUITES[vendor].route_of(name), kind, field=None if kind == "new_field" else field)
    extract(spec, changed, [UNTIL], "run")
    assert before == len(raw_rows(changed, spec, stream))
