"""What the weekly review says, read from the lake as of a day. Not here: how it is laid out (`weekly`, `_charts`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import duckdb
import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.tables import Table
from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.scoring.model import load_models
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine

TREND_DAYS = 90
WEEK = timedelta(days=7)
HOT_ROWS = 15

_TREND = """
    SELECT day, 'Engaged accounts' AS series, value FROM metrics.metric_values
    WHERE metric = 'engaged_accounts' AND dimension = 'all' AND window_days = (
        SELECT max(window_days) FROM metrics.metric_values WHERE metric = 'engaged_accounts')
    UNION ALL
    SELECT day, 'Mean score', avg(coalesce(engagement_score, 0)) FROM metrics.account_metrics_daily
    WHERE program = 'abm' GROUP BY day
    UNION ALL
    SELECT day, 'Coverage', value FROM metrics.metric_values
    WHERE metric = 'coverage' AND dimension = 'all' AND window_days = 90
    ORDER BY 1"""
_STAGES = """
    SELECT stage, count(*) FILTER (day = $day) AS accounts, count(*) FILTER (day = $before) AS accounts_before
    FROM metrics.account_metrics_daily WHERE program = 'abm' AND day IN ($day, $before) GROUP BY stage"""
_HOT = """
    SELECT now.*, before.band IS NOT NULL AND before.band <> 'hot' AS is_new
    FROM metrics.account_metrics_daily now
    LEFT JOIN metrics.account_metrics_daily before ON before.account_id = now.account_id AND before.day = $before
    WHERE now.day = $day AND now.band = 'hot' AND now.program = 'abm'
    ORDER BY now.rank, now.name, now.account_id LIMIT $rows"""
_PARTS = """
    SELECT account_id, part, points, touches FROM scoring.score_part
    WHERE day = $day AND model_version = $version AND window_days = $window AND points > 0
    ORDER BY account_id, points DESC, part"""
_TOPICS = """
    WITH unit AS (
        SELECT m.source || ':' || m.source_id AS company_key,
               CASE WHEN $level = 'parent' THEN coalesce(a.ultimate_parent_id, m.account_id) ELSE m.account_id END
               AS account_id
        FROM identity.member m LEFT JOIN identity.account a USING (account_id)
    )
    SELECT u.account_id, i.topic, max(i.score) AS score, bool_or(i.day > $before) AS is_now,
           NOT bool_or(i.day <= $before) AS is_new
    FROM facts.intent i JOIN unit u USING (company_key)
    SEMI JOIN (SELECT account_id FROM metrics.account_metrics_daily WHERE day = $day AND program = 'abm') listed
        ON listed.account_id = u.account_id
    WHERE i.is_surging GROUP BY ALL HAVING is_now ORDER BY score DESC, topic"""
_UNCOVERED = """
    SELECT uncovered_reason AS reason, count(*) AS accounts FROM metrics.account_metrics_daily
    WHERE day = $day AND program = 'abm' AND NOT is_covered GROUP BY 1 ORDER BY 2 DESC, 1"""
_QUARANTINE = """
    SELECT vendor, stream, rule, "column", sum(rows) AS rows FROM metrics.quarantine_summary
    WHERE day > $before AND day <= $day GROUP BY ALL ORDER BY rows DESC, vendor, stream, rule LIMIT 8"""


class Values:
    """Rows of metric_values of one day, to be looked up."""

    def __init__(self, rows: pd.DataFrame | None = None) -> None:
        self._rows: dict[tuple[str, str, str], list[Any]] = {}
        if rows is None:
            return
        has_benchmark = rows["benchmark_low"].notna() | rows["benchmark_high"].notna()
        ranked = rows.assign(has_benchmark=has_benchmark).sort_values(["has_benchmark", "window_days"])
        for row in ranked.itertuples(index=False):
            each: Any = row
            self._rows.setdefault((each.metric, each.dimension, each.dimension_value), []).append(each)

    def row(self, metric: str, dimension: str = "all", value: str = "all", window: int | None = None) -> Any:
        """A row as a namedtuple or None: of several windows the one with a benchmark, else the longest."""
        found = self._rows.get((metric, dimension, value), ())
        return next((row for row in reversed(found) if window in (None, row.window_days)), None)


@dataclass(frozen=True)
class Review:
    """Everything on the page. Frames are empty where the lake has nothing.

    `values`: rows of metric_values on `day` and seven days before. `trend`: day, series, value. `stages`: stage,
    accounts, accounts_before. `hot`: rows of account_metrics_daily with is_new. `parts`, `topics`: by account_id.
    """

    day: date
    currency: str
    model_version: str
    specs: Mapping[str, MetricSpec]
    values: pd.DataFrame
    trend: pd.DataFrame
    stages: pd.DataFrame
    hot: pd.DataFrame
    parts: pd.DataFrame
    topics: pd.DataFrame
    uncovered: pd.DataFrame
    health: pd.DataFrame
    quarantine: pd.DataFrame

    def value(self, metric: str, dimension: str = "all", segment: str = "all", *, ago: bool = False) -> Any:
        """The row of a metric as a namedtuple; None where there is none. Of several windows the one with a benchmark,
        else the longest.
        """
        day = self.day - WEEK if ago else self.day
        return self._by_day.get(pd.Timestamp(day), Values()).row(metric, dimension, segment)

    @cached_property
    def _by_day(self) -> dict[Any, Values]:
        return {day: Values(rows) for day, rows in self.values.groupby("day")}


def latest_day(settings: Settings) -> date | None:
    """The newest day that metrics were computed for."""
    return max(settings.open_lake.days(T.METRIC_VALUES), default=None)


def read_review(settings: Settings, day: date) -> Review:
    """Read all that the review of the week ending on `day` says. Raises ConfigError for a wrong configuration."""
    programme, before = settings.programme, day - WEEK
    model = load_models(settings.config)[programme.champion]
    names: dict[str, Any] = {"day": day, "before": before}
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        lake, first = settings.open_lake, day - timedelta(days=TREND_DAYS - 1)
        spans: tuple[tuple[Table, date], ...] = (
            (T.METRIC_VALUES, first),
            (T.ACCOUNT_METRICS_DAILY, first),
            (T.SCORE_PART, day),
            (T.INTENT, day - 2 * WEEK + timedelta(days=1)),
            (T.DATA_HEALTH, day),
        )
        for table, since in spans:
            lake.attach(con, table, since, day)
        for table in (T.ACCOUNT, T.MEMBER, T.QUARANTINE_SUMMARY):
            lake.attach(con, table)

        def frame(sql: str, **more: Any) -> pd.DataFrame:
            return _frame(con, sql, {**names, **more})

        return Review(
            day=day,
            currency=programme.reporting_currency,
            model_version=f"{model.name} {model.model_version}",
            specs={spec.id: spec for spec in metric_specs()},
            values=frame("SELECT * FROM metrics.metric_values WHERE day IN ($day, $before)"),
            trend=frame(_TREND),
            stages=frame(_STAGES),
            hot=frame(_HOT, rows=HOT_ROWS),
            parts=frame(_PARTS, version=model.model_version, window=max(model.windows)),
            topics=frame(_TOPICS, level=programme.account_level),
            uncovered=frame(_UNCOVERED),
            health=frame("SELECT * FROM metrics.data_health WHERE day = $day ORDER BY source"),
            quarantine=frame(_QUARANTINE),
        )


def _frame(con: duckdb.DuckDBPyConnection, sql: str, names: Mapping[str, Any]) -> pd.DataFrame:
    used = {name: value for name, value in names.items() if f"${name}" in sql}
    return con.execute(sql, used).df()
