"""One tiny sandbox for the session, credentials for it, and short waits: retries happen, but fast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from abm_pipeline.programme import Programme, load_programme
from abm_pipeline.registry import collect
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources import _http, credentials
from abm_pipeline.sources._spec import Client, Record, SourceSpec, Stream, Window
from abm_pipeline_tests.sources.suite import calm, suite_of

UNTIL = date(2026, 6, 30)
PROGRAMME = load_programme()
SPECS = {spec.vendor: spec for spec in collect("abm_pipeline.sources", SourceSpec)}
STREAMS = [
    pytest.param(spec, stream, id=f"{spec.vendor}-{stream.name}")
    for spec in SPECS.values()
    for stream in spec.streams(PROGRAMME)
]
SUITES = {vendor: suite_of(vendor) for vendor in SPECS}
# Vendors that answer over HTTP, and so can fail as HTTP fails; the others arrive as files.
OVER_HTTP = {vendor: spec for vendor, spec in SPECS.items() if not SUITES[vendor].is_file}
STREAMS_OVER_HTTP = [one for one in STREAMS if one.values[0].vendor in OVER_HTTP]


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[running_sandbox]:
    """The session's sandbox."""
    with running_sandbox("tiny", until=UNTIL) as sandbox:
        calm(sandbox)
        yield sandbox


@pytest.fixture
def sandbox(one_sandbox: running_sandbox) -> Iterator[running_sandbox]:
    """The sandbox as it was: no faults, clock and limits reset."""
    yield one_sandbox
    one_sandbox.clear_faults()
    one_sandbox.set_clock(UNTIL)
    calm(one_sandbox)


@pytest.fixture(autouse=True)
def environment(one_sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials of the sandbox, no `.env`, and waits of at most a hundredth of a second."""
    monkeypatch.chdir(tmp_path)
    for name, value in one_sandbox.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(_http, "WAIT_CAP_SECONDS", 0.01)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages so small that a tiny world needs many."""
    for suite in SUITES.values():
        for module, name, value in suite.small_pages:
            monkeypatch.setattr(module, name, value)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake of the test's own."""
    return Settings(_env_file=None, home=tmp_path / "home")


def connect(spec: SourceSpec, programme: Programme = PROGRAMME) -> Client:
    """A client of the sandbox."""
    return spec.connect(credentials.required(spec), programme)


def fetched(spec: SourceSpec, stream: Stream, window: Window) -> list[Record]:
    """All records of the stream; what has to be fetched first is."""
    with connect(spec) as client:
        for before in spec.streams(PROGRAMME):
            if before.name == stream.after:
                list(client.fetch(before, window))
        return [record for page in client.fetch(stream, window) for record in page.records]


def only(spec: SourceSpec, *names: str) -> SourceSpec:
    """The source with some of its streams, and what they wait for."""
    chosen = tuple(s for s in spec.streams(PROGRAMME) if s.name in names)
    waited = {stream.after for stream in chosen}
    kept = tuple(s for s in spec.streams(PROGRAMME) if s.name in {*names, *waited})
    return replace(spec, streams=lambda _: kept)


def raw_rows(
    settings: Settings, spec: SourceSpec, stream: Stream, columns: str = "day, record_id, version, payload"
) -> list[tuple[object, ...]]:
    """Rows of a stream's raw table, in order."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        settings.open_lake.attach(con, spec.table(stream), name="raw_rows")
        return con.execute(f"SELECT {columns} FROM raw_rows ORDER BY ALL").fetchall()


def stream_of(vendor: str, name: str) -> tuple[SourceSpec, Stream]:
    """A stream by name, with its source."""
    spec = SPECS[vendor]
    return spec, next(stream for stream in spec.streams(PROGRAMME) if stream.name == name)
