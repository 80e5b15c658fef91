"""What another version of a scoring model did to scores: which rows moved, by how much, whose most, and why.

Belongs here: comparing the rows of two versions that stand side by side in the lake. The page is `rescored`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import ConfigError
from abm_pipeline.scoring.lifecycle import Version, differences, promotions, versions
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect

# Days compared at a time: the rows of both are joined in memory.
CHUNK_DAYS = 30
# Scores are rounded to eight places: what differs by less is the same.
SAME = 1e-7
# Of the accounts that moved most, and of the parts that explain each.
MOST, WHY = 25, 3

_DAY = """
    SELECT coalesce(a.day, b.day) AS day, window_days, count(*) AS rows,
        count(*) FILTER (abs(coalesce(b.score, 0) - coalesce(a.score, 0)) > $same) AS moved,
        sum(abs(coalesce(b.score, 0) - coalesce(a.score, 0))) AS distance,
        max(abs(coalesce(b.score, 0) - coalesce(a.score, 0))) AS furthest,
        count(*) FILTER (a.band IS DISTINCT FROM b.band) AS rebanded,
        count(*) FILTER (b.band = 'hot' AND a.band IS DISTINCT FROM 'hot') AS turned_hot,
        count(*) FILTER (a.band = 'hot' AND b.band IS DISTINCT FROM 'hot') AS not_hot
    FROM before AS a FULL JOIN after AS b USING (window_days, account_id, day)
    GROUP BY ALL ORDER BY ALL
"""
_PARTS = """
    CREATE OR REPLACE TEMP TABLE moved_part AS
    SELECT account_id, part, coalesce(b.points, 0) - coalesce(a.points, 0) AS change
    FROM (SELECT * FROM part_before WHERE window_days = $window) AS a
    FULL JOIN (SELECT * FROM part_after WHERE window_days = $window) AS b USING (account_id, part)
    WHERE abs(change) > $same
"""
_ACCOUNTS = f"""
    WITH told AS (
        SELECT account_id, string_agg(replace(part, '_', ' ') || printf(' %+.1f', change), ', ' ORDER BY place) AS why
        FROM (SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY abs(change) DESC, part) AS place
              FROM moved_part) AS ranked
        WHERE place <= {WHY}
        GROUP BY account_id
    )
    SELECT account_id, coalesce(who.name, account_id) AS name, a.score AS before, b.score AS after,
        coalesce(b.score, 0) - coalesce(a.score, 0) AS change, a.rank AS rank_before, b.rank AS rank_after,
        coalesce(a.band, 'none') AS band_before, coalesce(b.band, 'none') AS band_after, coalesce(told.why, '') AS why
    FROM (SELECT * FROM before WHERE window_days = $window) AS a
    FULL JOIN (SELECT * FROM after WHERE window_days = $window) AS b USING (account_id)
    LEFT JOIN identity.account AS who USING (account_id)
    LEFT JOIN told USING (account_id)
    ORDER BY abs(change) DESC, account_id
"""
_BY_PART = """
    SELECT part, sum(change) AS net, sum(abs(change)) AS size, count(*) AS accounts
    FROM moved_part GROUP BY part ORDER BY size DESC, part
"""


@dataclass(frozen=True)
class Rescored:
    """Two versions on the days that both have scored.

    `edits`: what the YAML says otherwise (empty where one of them is not known any more). `by_day`: day, window_days,
    rows, moved, distance (sum of absolute changes), furthest, rebanded, turned_hot, not_hot. Of the last common day in
    the longest window: `accounts` (account_id, name, before, after, change, ranks and bands before and after, why: the
    parts that moved most; furthest first) and `parts` (part, net change, size whichever way, accounts; largest first).
    `promoted`: who, when and why, if this was a promotion.
    """

    before: Version
    after: Version
    edits: tuple[tuple[str, Any, Any], ...]
    by_day: pd.DataFrame
    window_days: int
    accounts: pd.DataFrame
    parts: pd.DataFrame
    promoted: str

    @property
    def last(self) -> date:
        """The last day that both have scored."""
        return max(self.common)

    @property
    def common(self) -> list[date]:
        return common_days(self.before, self.after)


def common_days(before: Version, after: Version) -> list[date]:
    """The days that both versions have scored, in order."""
    return sorted(set(before.days) & set(after.days))


def pairs(settings: Settings) -> list[tuple[Version, Version]]:
    """Versions worth comparing: of each declared model that which was scored last before it, and the last promotion's.

    Only pairs with days that both have scored. Raises ConfigError for a model that can't be used.
    """
    known = versions(settings)
    lake = settings.open_lake
    newest = {
        each.label: max(
            (at for day, at in lake.computed_at(T.SCORE_PART, f"{each.name}_{each.model_version}").items() if day),
            default=0,
        )
        for each in known
    }
    out: dict[tuple[str, str], tuple[Version, Version]] = {}
    for after in (each for each in known if each.is_present):
        older = [each for each in known if each.name == after.name and each is not after and common_days(each, after)]
        if older:
            before = max(older, key=lambda each: newest[each.label])
            out[before.label, after.label] = (before, after)
    by_label = {each.label: each for each in known}
    for made in promotions(settings)[-1:]:
        old, new = by_label.get(made.champion_before), by_label.get(made.champion)
        if old is not None and new is not None and common_days(old, new):
            out[old.label, new.label] = (old, new)
    return list(out.values())


def compare(settings: Settings, before: Version, after: Version) -> Rescored:
    """What `after` says otherwise than `before`. Raises ConfigError if no day is scored under both."""
    days = common_days(before, after)
    if not days:
        raise ConfigError(f"no day is scored under both {before.label} and {after.label}")
    both = ((before, "before"), (after, "after"))
    with connect(
        memory_limit=settings.memory_limit, threads=settings.threads, temp=settings.lake_path / ".spill"
    ) as con:
        frames = []
        for start in range(0, len(days), CHUNK_DAYS):
            chunk = days[start : start + CHUNK_DAYS]
            _attach(con, settings, both, chunk)
            frames.append(con.execute(_DAY, {"same": SAME}).df())
        by_day = pd.concat(frames, ignore_index=True)
        by_day = by_day[by_day.day.dt.date.isin(set(days))]
        _attach(con, settings, both, days[-1:])
        settings.open_lake.attach(con, T.ACCOUNT)
        window = int(by_day.window_days.max()) if len(by_day) else 0
        con.execute(_PARTS, {"window": window, "same": SAME})
        accounts = con.execute(_ACCOUNTS, {"window": window}).df()
        parts = con.execute(_BY_PART).df()
    edits = differences(before.model, after.model) if before.model is not None and after.model is not None else []
    log = [
        each for each in promotions(settings) if (each.champion_before, each.champion) == (before.label, after.label)
    ]
    why = f"{log[-1].who}, {log[-1].at:%Y-%m-%d %H:%M}: {log[-1].why}" if log else ""
    return Rescored(before, after, tuple(edits), by_day, window, accounts, parts, why)


def _attach(
    con: duckdb.DuckDBPyConnection, settings: Settings, both: Sequence[tuple[Version, str]], days: Sequence[date]
) -> None:
    for version, name in both:
        part = f"{version.name}_{version.model_version}"
        for table, view in ((T.ENGAGEMENT_SCORE, name), (T.SCORE_PART, f"part_{name}")):
            settings.open_lake.attach(con, table, days[0], days[-1], part=part, name=view)
