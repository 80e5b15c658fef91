"""Resolve any file of company records: which are one account, and who belongs to whom. Needs no lake and no Dagster.

In: Parquet with source, source_id, name and any other column of `records.INPUT`; columns that nobody knows are left
alone, values of the wrong type count as missing. Out: a row per record, account_id, source, source_id, match_rule,
match_probability; with `parents`, child_account_id and parent_account_id.

A row without source or source_id names no record: it is left out, and counted. Of several rows of one record the one
modified last counts.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import duckdb

from abm_pipeline.identity import decisions as log
from abm_pipeline.identity import rounds, state, vocabulary
from abm_pipeline.identity.families import FAMILIES
from abm_pipeline.identity.ids import IDS, MATCHES
from abm_pipeline.identity.increment import FEW, increment
from abm_pipeline.identity.levels import LEVELS
from abm_pipeline.identity.records import CLEAN, INPUT
from abm_pipeline.identity.text import register_text_functions
from abm_pipeline.programme import ConfigError, Programme, load_programme
from abm_pipeline.staging.domains import register_domain_function
from abm_pipeline.storage.engine import Cluster, connect, on_spark, run_steps

Level = Literal["entity", "account", "group"]
_REQUIRED = ("source", "source_id", "name")
_LISTS = ("additional_domains", "email_domains", "xref")
_NAMED = {"source", "source_id", "account_id"}


@dataclass(frozen=True)
class Summary:
    """What a resolution did. `rejected`: rows that name no record. `repeated`: rows of a record with a newer one."""

    records: int
    accounts: int
    rejected: int
    repeated: int
    unreadable: int
    carried: int
    parents: int
    weak_keys: int
    why_full: str | None
    seconds: float

    def lines(self) -> list[str]:
        """The summary for people."""
        out = [f"{self.records:,} records are {self.accounts:,} accounts, found in {self.seconds:.1f} s"]
        out.append("only what changed was decided again" if self.why_full is None
                   else f"all was decided anew: {self.why_full}")  # fmt: skip
        if self.rejected:
            out.append(f"{self.rejected:,} rows without source or source_id were left out")
        if self.repeated:
            out.append(f"{self.repeated:,} rows were older versions of a record that is there too")
        if self.unreadable:
            out.append(f"{self.unreadable:,} values could not be read as their column's type and count as missing")
        if self.carried:
            out.append(f"{self.carried:,} accounts keep the id they had")
        out.append(f"{self.weak_keys:,} keys connect too much to be trusted (shared domains, numbers, pages)")
        out.append(f"{self.parents:,} accounts have a parent")
        return out


@contextmanager
def opened(
    memory_limit: str, temp: Path, threads: int | None = None, cluster: Cluster | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the text functions, and no decisions yet."""
    with connect(memory_limit=memory_limit, threads=threads, temp=temp, cluster=cluster) as con:
        register_text_functions(con)
        register_domain_function(con)
        con.execute("CREATE TEMP TABLE decision (kind VARCHAR, left_key VARCHAR, right_key VARCHAR)")
        con.execute("CREATE TEMP TABLE previous (account_id VARCHAR, source VARCHAR, source_id VARCHAR)")
        yield con


def read_records(con: duckdb.DuckDBPyConnection, relation: str, programme: Programme | None = None) -> dict[str, int]:
    """Make `record` and `record_domain` of a relation's rows, as `take_records` does `company_record`."""
    counts = take_records(con, relation, programme)
    run_steps(con, CLEAN)
    return counts


def take_records(con: duckdb.DuckDBPyConnection, relation: str, programme: Programme | None = None) -> dict[str, int]:
    """Make `company_record` of a relation's rows. Returns counts: rejected, repeated, unreadable.

    Raises ConfigError if a required column is missing.
    """
    programme = programme or load_programme()
    have = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    if missing := [name for name in _REQUIRED if name not in have]:
        raise ConfigError(f"the records have no column {', '.join(missing)}; they have {', '.join(sorted(have))}")
    columns = ", ".join(f"{_typed(name, kind, have)} AS {name}" for name, kind in INPUT.items())
    said = (
        f"SELECT source || ':' || source_id AS record_key, * FROM (SELECT {columns} FROM {relation}) AS said "
        "WHERE source <> '' AND source_id <> ''"
    )
    (rows, named, kept) = con.execute(
        f"SELECT (SELECT count(*) FROM {relation}), count(*), count(DISTINCT record_key) FROM ({said})"
    ).fetchall()[0]
    once = "row_number() OVER (PARTITION BY record_key ORDER BY modified_at DESC NULLS LAST, hash(said)) = 1"
    con.execute(f"CREATE OR REPLACE TEMP TABLE company_record AS {said} {f'QUALIFY {once}' if named > kept else ''}")
    unreadable = 0
    for name, kind in INPUT.items():
        if name in have and name not in _LISTS and have[name] != kind and kind != "VARCHAR":
            typed = _typed(name, kind, have)
            found = con.execute(
                f"SELECT count(*) FROM {relation} WHERE {name} IS NOT NULL AND {typed} IS NULL"
            ).fetchall()
            unreadable += int(found[0][0])
    con.execute(
        "CREATE OR REPLACE TEMP TABLE text_params AS SELECT ?::VARCHAR[] AS junk, ?::VARCHAR[] AS unusable_domains, "
        "MAP(?::VARCHAR[], ?::VARCHAR[]) AS short",
        [
            vocabulary.words(vocabulary.JUNK),
            [*programme.free_mail_domains, *programme.shared_domains],
            list(vocabulary.SHORT),
            list(vocabulary.SHORT.values()),
        ],
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE id_params AS SELECT ?::VARCHAR[] AS sources", [list(programme.precedence.default)]
    )
    return {"rejected": int(rows - named), "repeated": int(named - kept), "unreadable": unreadable}


def _typed(name: str, kind: str, have: dict[str, str]) -> str:
    if name not in have:
        return f"NULL::{kind}"
    if name in _LISTS and not have[name].endswith("[]"):
        split = rf"regexp_split_to_array(trim({name}::VARCHAR, '[]\" '), '[\s,;|\"]+')"
        return f"CASE WHEN {name} IS NOT NULL THEN {split} END"
    return f"nullif(trim({name}::VARCHAR), '')" if kind == "VARCHAR" else f"TRY_CAST({name} AS {kind})"


def resolve(
    con: duckdb.DuckDBPyConnection,
    told: Callable[[str], None] = lambda text: None,
    folder: Path | None = None,
    programme: Programme | None = None,
) -> str | None:
    """From `company_record`, `decision`, `previous` to `record_account`, `joined_by`, `parent`, `ultimate`.

    With a `folder` only what has changed is worked out, by the state that the last run left there. Returns None, or why
    all was worked out.
    """
    why: str | None = "nothing is kept"
    if folder is not None and con.execute("SELECT count(*) FROM company_record").fetchall()[0][0] < FEW:
        folder, why = None, "they are few"
    if folder is not None and on_spark(con) is not None:
        folder, why = None, "on Spark nothing is kept"
    if folder is not None:
        programme = programme or load_programme()
        setting = repr((sorted(programme.free_mail_domains), sorted(programme.shared_domains)))
        why = state.attach(con, folder, setting) or increment(con, told)
    if why is None:
        state.show(con)
    else:
        run_steps(con, CLEAN)
        rounds.group(con, told=told)
        if folder is not None and why != state.IN_USE:
            state.save(con, folder, setting)
    run_steps(con, [*IDS, *MATCHES, *FAMILIES])
    return why


def resolve_file(
    input: Path,
    output: Path,
    previous: Path | None = None,
    decisions: Path | None = None,
    parents: Path | None = None,
    level: Level = "account",
    state: Path | None = None,
    memory_limit: str = "4GB",
    progress: Callable[[str], None] = lambda text: None,
) -> Summary:
    """Resolve the records of a Parquet file and write who is who; see the module's docstring. Raises ConfigError.

    `previous` is the output of an earlier run, whose ids are carried on. `level` is what an account is: "entity", one
    country's part of a company; "account", a brand with all its countries; "group", all that has one ultimate parent.
    `state` is a folder in which runs keep what the next one need not work out again.
    """
    begun = time.monotonic()
    with TemporaryDirectory(dir=output.parent, prefix=".resolve-") as temp, opened(memory_limit, Path(temp)) as con:
        counts = take_records(con, _parquet(con, input, "records"))
        if previous is not None:
            relation = _parquet(con, previous, "previous members")
            found = {row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
            if not found >= _NAMED:
                raise ConfigError(f"{previous} has no column {', '.join(sorted(_NAMED - found))}")
            con.execute(f"INSERT INTO previous SELECT account_id, source, source_id FROM {relation}")
        if decisions is not None:
            con.execute("DROP TABLE decision")
            log.register(con, log.load(decisions))
        why = resolve(con, progress, state)
        run_steps(con, LEVELS[level])
        _write(con, "SELECT account_id, source, source_id, match_rule, match_probability FROM leveled "
               "ORDER BY account_id, source, source_id", output)  # fmt: skip
        if parents is not None:
            _write(con, "SELECT child_account_id, parent_account_id FROM leveled_parent ORDER BY ALL", parents)
        (records, accounts, carried, families, weak) = con.execute(
            """
            SELECT (SELECT count(*) FROM leveled), (SELECT count(DISTINCT account_id) FROM leveled),
                (SELECT count(*) FROM (SELECT DISTINCT account_id FROM leveled) SEMI JOIN previous USING (account_id)),
                (SELECT count(*) FROM leveled_parent),
                (SELECT count(*) FROM key_strength WHERE is_weak AND kind <> 'phone_stem')
            """
        ).fetchall()[0]
    return Summary(
        int(records), int(accounts), counts["rejected"], counts["repeated"], counts["unreadable"], int(carried),
        int(families), int(weak), why, time.monotonic() - begun,
    )  # fmt: skip


def _parquet(con: duckdb.DuckDBPyConnection, path: Path, what: str) -> str:
    relation = f"read_parquet('{str(path).replace(chr(39), chr(39) * 2)}')"
    try:
        con.execute(f"SELECT 1 FROM {relation} LIMIT 1")
    except duckdb.Error:
        raise ConfigError(f"{path} is no Parquet file that can be read ({what})") from None
    return relation


def _write(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write Parquet beside its place, then put it there."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    con.execute(f"COPY ({query}) TO '{str(beside).replace(chr(39), chr(39) * 2)}' (FORMAT parquet, COMPRESSION zstd)")
    beside.replace(path)
