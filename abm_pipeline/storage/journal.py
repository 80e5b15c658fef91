"""What the changes of an unpartitioned table matter to: since which day, and why they were made.

Belongs here: the journal beside such a table, `_changes_{part}.json`, the rule for tables whose rows hold from one day
or instant to another, and which days the changes of a daily table reach. A table without a rule is taken to matter to
every day whenever it changes.

The journal is written after the file that it tells of, and names it by its modification time. So where it is missing,
or its newest entry is of another file (a writer was killed in between, a lake was copied, a file was put in by hand),
it does not know of a change, and that change matters to every day.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import orjson

from abm_pipeline.contracts.fields import FIELDS, Type
from abm_pipeline.contracts.render import quoted
from abm_pipeline.contracts.tables import Table
from abm_pipeline.storage.whole import write_whole

ROWS, FACTS, KNOWN, ENDS = "rows", "facts", "known", "ends"
"""How a table can be read, for `Change.since`: for itself; only joined to facts, so that a row without any is nothing;
joined to facts, to the days on which accounts have a row, and for who is known since when; only for when deals of whom
were created and closed.
"""
Since = Mapping[str, date | None]
Rule = Callable[[duckdb.DuckDBPyConnection], Since]
"""Finds, from `_old` and `_new`, the content before and after, the first day that the change matters to."""

ALWAYS: Since = {ROWS: date.min}
# The latest are all kept, for what they say; of those before only what makes a day stale that no later one does.
KEPT = 100
STRETCHES = {"valid_from": "valid_to", "valid_from_day": "valid_to_day", "entered_at": "left_at"}
"""Columns of the beginning of what holds for a while, with that of its end, where it has one."""

# Says which run wrote a row, not what it says.
_OF_THE_RUN = frozenset({"snapshot_id", "run_id"})


@dataclass(frozen=True)
class Change:
    """At `at` (ns) the content changed; it matters to the days from `since` on: by how the table is read, None for no
    day. A way that it does not tell is ROWS.
    """

    at: int
    since: Since
    why: str = ""

    def first_day(self, way: str) -> date | None:
        """The first day that the change matters to, for who reads the table in this way."""
        return self.since[way] if way in self.since else self.since[ROWS]


def read(path: Path, changed_at: int | None) -> list[Change]:
    """The changes up to the content of `changed_at`, oldest first; none if there is no such content."""
    if changed_at is None:
        return []
    told = _entries(path)
    if told and told[-1].at == changed_at:
        return told
    return [*told, Change(changed_at, ALWAYS)]


def add(path: Path, before: int | None, change: Change) -> None:
    """Tell of a change of the content that was last changed at `before`. The caller holds the table's lock."""
    told = [*read(path, before), change]
    latest = len(told) - KEPT
    told = [old for i, old in enumerate(told) if i >= latest or not any(_covers(new, old) for new in told[i + 1 :])]
    since = [{way: day and day.isoformat() for way, day in c.since.items()} for c in told]
    rows = [{"at": c.at, "why": c.why, "since": days} for c, days in zip(told, since, strict=True)]
    write_whole(path, orjson.dumps(rows))


def stretches(table: Table, zone: str) -> Rule | None:
    """The rule for rows that hold from one instant or day on, perhaps until another; None if the table has no such.

    A row that differs matters from its beginning on, or from what was its beginning; one that only ends at another
    time, from the earlier of the two ends on. Instants are turned to days in `zone`.
    """
    start = next((column for column in STRETCHES if column in table.columns), None)
    if start is None:
        return None
    end = STRETCHES[start] if STRETCHES[start] in table.columns else None
    same = [column for column in table.columns if column not in {start, end} | _OF_THE_RUN]
    columns = f"""{", ".join(map(quoted, table.key))}, hash(row({", ".join(map(quoted, same))})) AS content,
        {_day(start)} AS starts, {_day(end) if end else "CAST(NULL AS DATE)"} AS ends"""
    key = ", ".join(map(quoted, table.key))

    def rule(con: duckdb.DuckDBPyConnection) -> Since:
        rows = con.execute(
            f"""
            SELECT min(CASE WHEN o.content = n.content AND o.starts = n.starts THEN least(o.ends, n.ends)
                            ELSE least(o.starts, n.starts) END)
            FROM (SELECT {columns} FROM _old) AS o FULL JOIN (SELECT {columns} FROM _new) AS n USING ({key})
            WHERE (o.content, o.starts, o.ends) IS DISTINCT FROM (n.content, n.starts, n.ends)
            """,
            {"zone": zone} if FIELDS[start].type is Type.TIMESTAMP else {},
        ).fetchall()
        return {ROWS: rows[0][0]}

    return rule


def reached(computed: list[tuple[date, int]], news: list[tuple[date, int]], window_days: int) -> Iterator[date]:
    """Computed days in whose window something is newer than they are."""
    ahead, live = deque(sorted(news)), deque[tuple[date, int]]()
    for day, at in computed:
        while ahead and ahead[0][0] <= day:
            arrived = ahead.popleft()
            # What is earlier and older can't be the newest of any window to come.
            while live and live[-1][1] <= arrived[1]:
                live.pop()
            live.append(arrived)
        while live and (day - live[0][0]).days >= window_days:
            live.popleft()
        if live and live[0][1] > at:
            yield day


def _day(column: str) -> str:
    is_instant = FIELDS[column].type is Type.TIMESTAMP
    return f"CAST(timezone($zone, {quoted(column)}) AS DATE)" if is_instant else quoted(column)


def _covers(new: Change, old: Change) -> bool:
    """Whether every day that the older change makes stale is made stale by the newer one too."""
    for way in new.since.keys() | old.since.keys():
        was, now = old.first_day(way), new.first_day(way)
        if was is not None and (now is None or now > was):
            return False
    return True


def _entries(path: Path) -> list[Change]:
    try:
        told: Sequence[Mapping[str, Any]] = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return []
    return [
        Change(entry["at"], {way: day and date.fromisoformat(day) for way, day in entry["since"].items()}, entry["why"])
        for entry in told
    ]
