"""What every source that arrives as files must survive. A new one gets these tests by being there."""

from __future__ import annotations

import gzip
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import quoted
from abm_pipeline.contracts.tables import STAGED
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import SourceSpec, Stream
from abm_pipeline.sources.extract import ExtractError, extract
from abm_pipeline.staging.refresh import refresh
from abm_pipeline_tests.sources.conftest import PROGRAMME, SPECS, SUITES, UNTIL, only, raw_rows

FILES = [
    pytest.param(spec, stream, id=f"{vendor}-{stream.name}")
    for vendor, spec in SPECS.items()
    for stream in spec.streams(PROGRAMME)
    if stream.name in SUITES[vendor].files
]
Damage = Callable[[bytes, Path, str | None], bytes | None]


@pytest.fixture
def folder(sandbox: running_sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of what all vendors have delivered, to spoil; every vendor looks there."""
    copy = tmp_path / "delivered"
    shutil.copytree(sandbox.files, copy, copy_function=shutil.copy2)
    for name, value in sandbox.environment.items():
        if str(sandbox.files) in value:
            monkeypatch.setenv(name, value.replace(str(sandbox.files), str(copy)))
    return copy


def _file(folder: Path, spec: SourceSpec, stream: Stream) -> tuple[Path, str | None]:
    """A file of the stream, the last by name, and a column that it must have."""
    pattern, column = SUITES[spec.vendor].files[stream.name]
    return max((folder / spec.vendor).glob(pattern)), column


def _text(damage: Callable[[list[bytes], str | None], list[bytes] | None]) -> Damage:
    """A damage to lines of text, unpacked if need be; none to other files."""

    def to_bytes(content: bytes, path: Path, column: str | None) -> bytes | None:
        if path.name.endswith(".parquet"):
            return None
        packed = path.name.endswith(".gz")
        lines = damage((gzip.decompress(content) if packed else content).splitlines(keepends=True), column)
        if lines is None:
            return None
        return gzip.compress(b"".join(lines)) if packed else b"".join(lines)

    return to_bytes


def _rename(lines: list[bytes], column: str | None) -> list[bytes] | None:
    if column is None:
        return None
    old = column.encode()
    if lines[0].startswith(b"{"):
        return [line.replace(b'"%b"' % old, b'"other"') for line in lines]
    return [lines[0].replace(old, b"other"), *lines[1:]]


DAMAGES: dict[str, Damage] = {
    "cut off": lambda content, path, column: (
        content[: len(content) // 2]
        if path.suffix in (".gz", ".parquet")
        else content[: content.rstrip().rfind(b"\n") + 4]
    ),
    # neither UTF-8 nor a letter of Windows
    "bad bytes": _text(lambda lines, column: [*lines[:-1], b"\x81\x81" + lines[-1]]),
    "without a column": _text(_rename),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(("spec", "stream"), FILES)
def test_a_bad_file_is_rejected_whole_and_taken_when_corrected(
    folder: Path, settings: Settings, spec: SourceSpec, stream: Stream, damage: str
) -> None:
    """None of its rows go in, all other files do; error and quarantine name it. Corrected, nothing is missing."""
    one = only(spec, stream.name)
    path, column = _file(folder, spec, stream)
    good, stat = path.read_bytes(), path.stat()
    spoiled = DAMAGES[damage](good, path, column)
    if spoiled is None:
        pytest.skip("not for this kind of file")
    clean = Settings(_env_file=None, home=settings.home / "clean")
    extract(one, clean, [UNTIL], "run")
    path.unlink()
    without = Settings(_env_file=None, home=settings.home / "without")
    extract(one, without, [UNTIL], "run")

    path.write_bytes(spoiled)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(ExtractError, match="rejected whole") as caught:
        extract(one, settings, [UNTIL], "run")
    assert path.name in str(caught.value)
    others, now = _ids(without, spec, stream), _ids(settings, spec, stream)
    rejected = now - others
    assert others <= now
    assert rejected
    assert all(path.name in record for record, _ in rejected)
    refresh(settings, [UNTIL], "run")
    assert {record for record, _ in rejected} == {row[0] for row in _quarantine(settings) if path.name in str(row[0])}

    path.write_bytes(good)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    extract(one, settings, [UNTIL], "run")
    assert _ids(clean, spec, stream) | rejected == _ids(settings, spec, stream)


@pytest.mark.parametrize(("spec", "stream"), FILES)
def test_a_file_being_written_waits(folder: Path, settings: Settings, spec: SourceSpec, stream: Stream) -> None:
    """A name that says so, or a fresh stamp: left alone without an error, and taken when it is complete."""
    one = only(spec, stream.name)
    path, _ = _file(folder, spec, stream)
    stat = path.stat()
    clean = Settings(_env_file=None, home=settings.home / "clean")
    extract(one, clean, [UNTIL], "run")
    part = path.rename(path.with_name(path.name + ".part"))
    extract(one, settings, [UNTIL], "run")
    without = _ids(settings, spec, stream)
    assert without != _ids(clean, spec, stream)
    part.rename(path)
    os.utime(path, (time.time(), time.time()))
    extract(one, settings, [UNTIL], "run")
    assert without == _ids(settings, spec, stream)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    extract(one, settings, [UNTIL], "run")
    assert _ids(clean, spec, stream) == _ids(settings, spec, stream)


@pytest.mark.parametrize("spec", [s for v, s in SPECS.items() if SUITES[v].is_file], ids=lambda spec: spec.vendor)
def test_rows_written_twice_are_staged_once(folder: Path, settings: Settings, spec: SourceSpec) -> None:
    """Every row of a file of each stream stands in it twice: the same staged rows."""
    clean = Settings(_env_file=None, home=settings.home / "clean")
    extract(spec, clean, [UNTIL], "run")
    refresh(clean, [UNTIL], "run")
    twice = _text(lambda lines, column: [*lines, *lines[lines[0][:1] != b"{" and column is not None :]])
    for pattern, column in SUITES[spec.vendor].files.values():
        for path in (folder / spec.vendor).glob(pattern):
            stat = path.stat()
            if doubled := twice(path.read_bytes(), path, column):
                path.write_bytes(doubled)
                os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    extract(spec, settings, [UNTIL], "run")
    refresh(settings, [UNTIL], "run")
    assert _staged(clean) == _staged(settings)


@pytest.mark.parametrize("spec", [s for v, s in SPECS.items() if SUITES[v].is_file], ids=lambda spec: spec.vendor)
def test_a_folder_without_files_is_an_empty_day(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, spec: SourceSpec
) -> None:
    """Nothing delivered is no error: partitions without rows. Without the folder, it names the variable."""
    shutil.rmtree(folder / spec.vendor)
    with pytest.raises(Exception, match=spec.base_url.env):
        extract(spec, settings, [UNTIL], "run")
    (folder / spec.vendor).mkdir()
    assert [{UNTIL: 0}] * len(spec.streams(PROGRAMME)) == [r.rows for r in extract(spec, settings, [UNTIL], "run")]


def test_a_file_that_vanishes_leaves_its_rows(folder: Path, settings: Settings) -> None:
    """Raw is never lost, and nothing staged ends with it."""
    spec = SPECS["files"]
    extract(spec, settings, [UNTIL], "run")
    refresh(settings, [UNTIL], "run")
    before = _staged(settings)
    for path in (folder / "files").rglob("*.*"):
        path.unlink()
    extract(spec, settings, [UNTIL], "again")
    refresh(settings, [UNTIL], "again")
    assert before == _staged(settings)


def _ids(settings: Settings, spec: SourceSpec, stream: Stream) -> set[tuple[str, str]]:
    rows = raw_rows(settings, spec, stream, "record_id, version")
    return {(str(record), str(version)) for record, version in rows}


def _quarantine(settings: Settings) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        settings.open_lake.attach(con, T.QUARANTINE, name="bad")
        return con.execute("SELECT record_id, rule FROM bad ORDER BY ALL").fetchall()


def _staged(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    out = {}
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        for table in STAGED:
            settings.open_lake.attach(con, table, name="rows_of")
            columns = ", ".join(quoted(c) for c in table.columns if c not in ("captured_at", "run_id"))
            out[str(table)] = con.execute(f"SELECT {columns} FROM rows_of ORDER BY ALL").fetchall()
    return out
