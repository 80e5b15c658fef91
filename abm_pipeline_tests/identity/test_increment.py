"""Resolving what changed ends where resolving everything does. On 150 simulated companies of six sources."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity import increment, resolve, state
from abm_pipeline.identity.refresh import OUTPUTS, refresh
from abm_pipeline.identity.resolve import Summary, resolve_file
from abm_pipeline.programme import load_programme
from abm_pipeline.sandbox.company_records import make
from abm_pipeline_tests.identity.staged import at, company, groups_of, read, settings_of, stage

HEAD = "kind,source_a,source_id_a,source_b,source_id_b\n"
LEARNED = ("about", "affinity", "place_word", "word_use")


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    """About 650 records."""
    frame: pd.DataFrame = make(150, 7, 1).records[0]
    return frame


@pytest.fixture(scope="module", autouse=True)
def always() -> Iterator[None]:
    """However few there are, keep them; however much has changed, go on from what was kept.

    Only `test_much_change_is_a_full_run` has the real share.
    """
    patch = pytest.MonkeyPatch()
    patch.setattr(increment, "SHARE", 10.0)
    patch.setattr(resolve, "FEW", 0)
    yield
    patch.undo()


class Kept:
    """Runs that keep what they can in one folder, each compared with one that has nothing but what was learned."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.decisions: list[str] = []

    def run(self, records: pd.DataFrame, state: Path | None = None) -> tuple[Summary, pd.DataFrame, pd.DataFrame]:
        """Summary, members and parents."""
        at = self.folder
        records.to_parquet(at / "records.parquet", index=False)
        (at / "decisions.csv").write_text(HEAD + "\n".join(self.decisions))
        summary = resolve_file(
            at / "records.parquet", at / "members.parquet", parents=at / "parents.parquet",
            decisions=at / "decisions.csv", state=state or at / "state",
        )  # fmt: skip
        return summary, pd.read_parquet(at / "members.parquet"), pd.read_parquet(at / "parents.parquet")

    def check(self, records: pd.DataFrame) -> Summary:
        """An increment, the same as a full run that goes by what was learned before, row by row."""
        summary, members, parents = self.run(records)
        fresh = self.folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(self.folder / "state", fresh)
        with duckdb.connect(fresh / "accounts.duckdb") as con:
            for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
                if name not in LEARNED:
                    con.execute(f"DELETE FROM {name}")
            con.execute("UPDATE about SET learned = 1000000")
        again, all_members, all_parents = self.run(records, fresh)
        assert (None, None) == (summary.why_full, again.why_full)
        pd.testing.assert_frame_equal(all_members, members)
        pd.testing.assert_frame_equal(all_parents, parents)
        assert _rows(fresh) == _rows(self.folder / "state")
        return summary


def _rows(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that is kept but what was learned."""
    with duckdb.connect(folder / "accounts.duckdb", read_only=True) as con:
        names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {
            name: con.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in names if name not in LEARNED
        }


@pytest.fixture(scope="module")
def first(records: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """All records decided, once for all tests, none of which may change it."""
    kept = Kept(tmp_path_factory.mktemp("first"))
    kept.run(records)
    return kept


@pytest.fixture
def kept(first: Kept, tmp_path: Path) -> Kept:
    """All records decided before."""
    shutil.copytree(first.folder, tmp_path / "kept")
    return Kept(tmp_path / "kept")


@pytest.mark.parametrize("seed", [1, 2])
def test_batches_end_where_all_at_once_does(seed: int, records: pd.DataFrame, kept: Kept) -> None:
    """At random: 100 records go and 10 say something else (a name, a domain or a number of another record, nothing at
    all); then 60 of those come back, 20 others go and 20 say something else.

    Members, rules, probabilities, parents, and all that is kept for the next run are what they would be if everything
    had come at once.
    """
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(records))
    there = _altered(records.iloc[order[100:]], chance, 10)
    kept.run(there)
    there = _altered(there.iloc[20:], chance, 20)
    kept.check(pd.concat([there, records.iloc[order[:60]]]))


def _altered(frame: pd.DataFrame, chance: np.random.Generator, count: int) -> pd.DataFrame:
    """The records, `count` of which say in one column what another one says."""
    frame = frame.reset_index(drop=True)
    columns = ["name", "domain", "phone", "duns", "linkedin_id", "city", "country", "industry", "xref", "parent"]
    for _ in range(count):
        to, by = chance.choice(len(frame), 2, replace=False)
        name = columns[chance.integers(len(columns))]
        if name in frame:
            frame.at[to, name] = frame.at[by, name]
    return frame


def test_a_name_of_too_many(tmp_path: Path) -> None:
    """28 companies called Atlas, one a city, are compared by their name; with four more of them they are too many for
    that (30), and with four less they aren't: each time as if all were decided anew.
    """
    kept = Kept(tmp_path)
    count = 32
    records = pd.DataFrame(
        {
            "source": "crm",
            "source_id": [str(number) for number in range(count)],
            "name": "Atlas",
            "city": [f"{chr(97 + number % 26)}{chr(97 + number // 26)}ville" for number in range(count)],
            "phone": [f"+49 30 55{number % 20:02}{number:02}{number * 7 % 90 + 10}" for number in range(count)],
        }
    )
    kept.run(records.head(28))
    kept.check(records)
    kept.check(records.head(28))


def test_decisions_are_decided_again(records: pd.DataFrame, first: Kept, kept: Kept) -> None:
    """Records of an account are parted, records of two are joined, and both are taken back: each time as if all were
    decided anew, and in the end as if nobody had decided.
    """  # fmt: skip
    before = pd.read_parquet(first.folder / "members.parquet")
    sizes = before["account_id"].value_counts()
    one, two = (before[before["account_id"] == account] for account in sizes.index[:2])
    ends = [one.iloc[0], one.iloc[-1], two.iloc[0]]
    line = [f"{row['source']},{row['source_id']}" for row in ends]
    kept.decisions = [f"never_merge,{line[0]},{line[1]}", f"merge,{line[0]},{line[2]}"]
    kept.check(records)
    kept.decisions = []
    summary, after, _ = kept.run(records)
    assert None is summary.why_full
    pd.testing.assert_frame_equal(before, after)
    assert _rows(first.folder / "state") == _rows(kept.folder / "state")


def test_nothing_changed_and_everything_gone(records: pd.DataFrame, first: Kept, kept: Kept) -> None:
    """The same records in another order, with another stamp: the same members, nobody decided again. Then no records at
    all but one, then all of them again: the same members, and the same is kept.
    """  # fmt: skip
    before = pd.read_parquet(first.folder / "members.parquet")
    told: list[str] = []
    again = records.iloc[::-1].assign(modified_at=pd.Timestamp("2030-01-01", tz="UTC"))
    again.to_parquet(kept.folder / "again.parquet", index=False)
    resolve_file(
        kept.folder / "again.parquet", kept.folder / "members.parquet", state=kept.folder / "state",
        progress=told.append,
    )  # fmt: skip
    pd.testing.assert_frame_equal(before, pd.read_parquet(kept.folder / "members.parquet"))
    assert [] == told
    kept.check(records.head(1))
    pd.testing.assert_frame_equal(before, kept.run(records)[1])
    assert _rows(first.folder / "state") == _rows(kept.folder / "state")


def test_what_cant_be_used_is_made_anew(records: pd.DataFrame, first: Kept, kept: Kept) -> None:
    """A broken, foreign or missing file: a run that says so and is a full one, with the same members, and leaves a file
    that can be used.
    """  # fmt: skip
    file = kept.folder / "state" / "accounts.duckdb"
    file.write_bytes(b"no database")
    assert "what is kept can't be read" == _why(kept)
    file.unlink()
    assert "nothing was kept" == _why(kept)
    shutil.copy(first.folder / "state" / file.name, file)
    with duckdb.connect(file) as con:
        con.execute("UPDATE about SET fingerprint = 'another'")
    full, after, _ = kept.run(records)
    assert "another version, or other lists, made what is kept" == full.why_full
    pd.testing.assert_frame_equal(pd.read_parquet(first.folder / "members.parquet"), after)
    assert None is _why(kept)


def _why(kept: Kept) -> str | None:
    """Why what is kept can't serve."""
    programme = load_programme()
    setting = repr((sorted(programme.free_mail_domains), sorted(programme.shared_domains)))
    with duckdb.connect() as con:
        return state.attach(con, kept.folder / "state", setting)


def test_a_file_in_use_is_left_alone(records: pd.DataFrame, kept: Kept) -> None:
    """While another process has it open: a full run, and the file as it was."""
    file = kept.folder / "state" / "accounts.duckdb"
    before = file.read_bytes()
    with _locked(file):
        assert "another run uses what is kept" == kept.run(records.head(20))[0].why_full
    assert before == file.read_bytes()


def test_much_change_is_a_full_run(records: pd.DataFrame, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 300 records 30 go: an increment, a tenth exactly. One more: everything is learned anew."""
    monkeypatch.setattr(increment, "SHARE", 0.1)
    kept.run(records.head(300))
    assert None is kept.run(records.head(270))[0].why_full
    assert "10% of the records have changed since all were looked at" == kept.run(records.head(269))[0].why_full


def test_the_lake_goes_by_what_it_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six companies with a telephone number each, then a second record of two of them and a third that parts from its
    number: every identity table, links and weak keys too, is that of a lake which decides everything each time.
    """  # fmt: skip
    names = ("Acme", "Borealis", "Globex", "Initech", "Umbrella", "Wonka")
    first = [
        company(f"{n}", name=name, domain=f"{name.lower()}.com", phone=f"493{n}9{n}1820{n}")
        for n, name in enumerate(names)
    ]
    later = [
        company("6", name="Acme", domain="acme.com", created_at=at("2025-02-01")),
        company("7", name="Borealis", phone="49319118201", created_at=at("2025-02-01")),
        company("2", name="Globex", domain="globex.com", phone="49309018209", modified_at=at("2025-02-01")),
    ]
    found = {}
    for few in (0, 1_000):
        monkeypatch.setattr(resolve, "FEW", few)
        settings = settings_of(tmp_path / str(few))
        for rows in (first, later):
            stage(settings.open_lake, t.COMPANY, rows)
            reports = refresh(settings, [], "run")
        said = {report.table: report.notes.get("decided") for report in reports}
        found[few] = [read(settings.open_lake, table) for table, _ in OUTPUTS]
        assert ("what changed" if few == 0 else "everything: they are few") == said[t.MEMBER]
    assert found[1_000] == found[0]
    assert 6 == len(groups_of(settings.open_lake))


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Another process that has the file open."""
    held = f"import duckdb, sys; con = duckdb.connect({str(file)!r}); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        yield
        process.stdin.close()
