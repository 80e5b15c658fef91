"""What every computation of this layer begins with: the programme's choices as tables that SQL can read.

Belongs here: parameters and attaching inputs. Not here: any number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import FAILED_TYPES
from abm_pipeline.programme import ConfigError, Programme
from abm_pipeline.registry import collect
from abm_pipeline.scoring.model import ScoringModel, load_models
from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import SourceSpec
from abm_pipeline.storage.journal import FACTS, KNOWN
from abm_pipeline.storage.lake import Input

IDENTITY = (T.ACCOUNT, T.MEMBER, T.PERSON, T.PERSON_HISTORY, T.TIER_HISTORY)
WHO = tuple(Input(table, way=KNOWN) for table in IDENTITY)
"""Who is who, joined to facts, to the accounts' days and to who is known since when."""
WHO_DID = tuple(Input(table, way=FACTS) for table in IDENTITY if table is not T.TIER_HISTORY)
"""The same, joined only to facts, and without the list."""


def champion(settings: Settings) -> ScoringModel:
    """The scoring model whose scores are published. Raises ConfigError if the programme names none that there is."""
    models, name = load_models(settings.config), settings.programme.champion
    if name not in models:
        raise ConfigError(
            f"programme.yaml: champion {name!r} is no scoring model; known are {', '.join(sorted(models))}"
        )
    return models[name]


def set_choices(con: duckdb.DuckDBPyConnection, programme: Programme, model: ScoringModel) -> None:
    """Make `choices` and the small tables of programme and model: what does not depend on the days asked for."""
    journey, windows = programme.journey, model.windows
    score_window = max(windows)
    con.execute(
        "CREATE OR REPLACE TABLE choices AS SELECT ? AS reporting_timezone, ? AS account_level, ? AS champion, "
        "? AS model_version, ?::INTEGER AS score_window, ?::INTEGER AS journey_window, ?::INTEGER AS aware_window, "
        "?::DOUBLE AS qualified_min_score, ?::BIGINT AS qualified_min_contacts",
        [
            programme.reporting_timezone,
            programme.account_level,
            model.name,
            model.model_version,
            score_window,
            journey.engaged_window_days if journey.engaged_window_days in windows else score_window,
            journey.aware_window_days,
            journey.qualified_min_score,
            journey.qualified_min_contacts,
        ],
    )
    _fill(con, "engaging_type (touch_type VARCHAR)", [(name,) for name in model.engagement_types])
    _fill(con, "failed_type (touch_type VARCHAR)", [(name,) for name in FAILED_TYPES])
    _fill(con, "model_window (window_days INTEGER)", [(window,) for window in windows])
    _fill(
        con,
        "tracked_topic (source VARCHAR, topic VARCHAR)",
        [("bombora", topic) for topic in programme.bombora_topics],
    )
    _fill(
        con,
        "committee_size (position INTEGER, min_employees BIGINT, low BIGINT, high BIGINT)",
        [(i, size.min_employees, size.low, size.high) for i, size in enumerate(programme.committee_sizes)],
    )
    set_days(con, [date(1970, 1, 1)])


def set_days(con: duckdb.DuckDBPyConnection, days: Sequence[date]) -> None:
    """Make `days` the days asked for, and `params` the one row of choices with their first and last."""
    set_dates(con, "days", days)
    con.execute(
        "CREATE OR REPLACE TABLE params AS "
        "SELECT c.*, d.* FROM choices c, (SELECT min(day) AS first_day, max(day) AS last_day FROM days) d"
    )


def set_dates(con: duckdb.DuckDBPyConnection, table: str, days: Sequence[date]) -> None:
    """Make `table` of the dates, as `day`."""
    con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT unnest($days::DATE[]) AS day", {"days": list(days)})


def set_sources(con: duckdb.DuckDBPyConnection) -> None:
    """Make `expected_source` the vendors that the pipeline knows: one that sends nothing must show all the same."""
    vendors = [(spec.vendor,) for spec in collect("abm_pipeline.sources", SourceSpec)]
    _fill(con, "expected_source (source VARCHAR)", vendors)


def chunks(days: Iterable[date], longest: int) -> Iterator[list[date]]:
    """The days in order, in groups that span at most `longest` days."""
    group: list[date] = []
    for day in sorted(set(days)):
        if group and day - group[0] >= timedelta(days=longest):
            yield group
            group = []
        group.append(day)
    if group:
        yield group


def _fill(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    con.execute(f"CREATE OR REPLACE TABLE {table}")
    if rows:
        con.executemany(f"INSERT INTO {table.split(maxsplit=1)[0]} VALUES ({', '.join('?' * len(rows[0]))})", rows)
