"""What a recomputation changed of numbers that were there before: the first value, the value now, and why.

Belongs here: rows of `staged.restatement` about `metric_values` and `account_metrics_daily`, found when a day computed
before gets other rows, and written just before those replace the old ones: a run killed in between finds the same
difference again, and logs it once. A day computed for the first time, and a metric that there was not before, restate
nothing; days that ad platforms still restate do.

The log stays small enough to be read and sent. Per day, totals of metrics are told one by one; cells of segments, and
numbers of accounts, only if no more than `DETAIL` of them moved: else one row a metric or column says how many. Of each
cell the newest `KEPT` changes are kept, and of each table the newest `MOST` rows. `value_first` stays the first value
through all of them; what a change started from is the `value_now` of the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb
import pyarrow as pa

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import select_list
from abm_pipeline.contracts.tables import Table
from abm_pipeline.scoring.model import ScoringModel
from abm_pipeline.storage.lake import Lake, now_ns
from abm_pipeline.storage.report import TableReport

DETAIL = 200
KEPT = 3
MOST = 500_000
ACCOUNT_COLUMNS = (
    "stage", "tier", "engagement_score", "is_covered", "contacts_engaged", "intent_topics_surging", "open_pipeline",
    "won_revenue",
)  # fmt: skip
"""The numbers of an account whose changes are logged."""

_LATE = "late data: "
# Made of other inputs, which say why.
_MADE = tuple(f"{_LATE}{table}" for table in (T.ENGAGEMENT_SCORE, T.COST_ALLOCATION, T.DATA_HEALTH, T.DEAL_CREDIT))

_MOVED = {
    T.METRIC_VALUES: """
        WITH old AS (FROM _old SEMI JOIN restated_day USING (day)),
        new AS (FROM _new SEMI JOIN restated_day USING (day)),
        before AS (
            SELECT day, metric, any_value(definition_version) AS definition, max(scoring_model_version) AS model
            FROM old GROUP BY ALL
        ),
        after AS (SELECT metric, any_value(definition_version) AS definition FROM new GROUP BY ALL)
        SELECT day, metric, dimension = 'all' AS is_total, 'value' AS "column",
            metric || ' ' || window_days || 'd' || CASE WHEN dimension = 'all' THEN ''
                ELSE ' ' || dimension || '=' || dimension_value END AS key,
            CAST(o.value AS VARCHAR) AS before, CAST(n.value AS VARCHAR) AS now,
            CASE WHEN b.definition <> a.definition THEN 'definition ' || b.definition || ' → ' || a.definition
                END AS definition
        FROM old AS o FULL JOIN new AS n USING (day, metric, window_days, dimension, dimension_value)
        JOIN before AS b USING (day, metric) LEFT JOIN after AS a USING (metric)
        WHERE o.value IS DISTINCT FROM n.value
            AND NOT coalesce(abs(o.value - n.value) <= 1e-9 * greatest(abs(o.value), abs(n.value)), false)
        """,
    T.ACCOUNT_METRICS_DAILY: f"""
        WITH old AS (FROM _old SEMI JOIN restated_day USING (day)),
        new AS (FROM _new SEMI JOIN restated_day USING (day))
        SELECT day, c.name AS metric, false AS is_total, c.name AS "column", account_id AS key, c.before, c.now,
            CAST(NULL AS VARCHAR) AS definition
        FROM old AS o FULL JOIN new AS n USING (day, account_id)
        CROSS JOIN unnest([{
        ", ".join(
            f"{{name: '{name}', before: CAST(o.{name} AS VARCHAR), now: CAST(n.{name} AS VARCHAR)}}"
            for name in ACCOUNT_COLUMNS
        )
    }]) AS columns (c)
        WHERE c.before IS DISTINCT FROM c.now
        """,
}
_TOLD = f"""
    WITH moved AS (
        SELECT *, NOT is_total AND count(*) FILTER (NOT is_total) OVER (PARTITION BY day) > {DETAIL} AS is_many
        FROM moved
    )
    SELECT day, key, "column", before, now, definition FROM moved WHERE NOT is_many
    UNION ALL
    SELECT day, metric || ' *', "column", NULL, count(*) || ' moved', any_value(definition)
    FROM moved WHERE is_many GROUP BY day, metric, "column"
"""
_NEWS = """
    SELECT ? AS "table", t.day, t.key, t."column", coalesce(l.value_first, t.before) AS value_first, t.now AS value_now,
        concat_ws('; ', t.definition, r.reason) AS reason, make_timestamptz(CAST(? AS BIGINT)) AS noticed_at
    FROM told AS t JOIN restated_day AS r USING (day) LEFT JOIN last_logged AS l USING (day, key, "column")
    -- A run that was killed after it had logged this logs it no second time.
    WHERE l.key IS NULL OR l.value_now IS DISTINCT FROM t.now
"""
# Of the last of the days, the totals, or scores of accounts, that moved most by their size.
_MOST = """
    SELECT key || ' ' || round(before::DOUBLE, 4) || ' → ' || round(now::DOUBLE, 4) FROM moved
    WHERE day = (SELECT max(day) FROM moved) AND (is_total OR "column" = 'engagement_score')
        AND before IS NOT NULL AND now IS NOT NULL
    ORDER BY abs(now::DOUBLE - before::DOUBLE) / greatest(abs(now::DOUBLE), abs(before::DOUBLE)) DESC, key LIMIT 5
"""


@dataclass
class Restatements:
    """Watches a refresh of the metrics. `whys`: of days that are computed again, what changed since."""

    lake: Lake
    model: ScoringModel
    whys: Mapping[date, tuple[str, ...]]
    noticed_at: int = field(default_factory=now_ns)
    logged: dict[Table, int] = field(default_factory=dict)
    _most: dict[Table, str] = field(default_factory=dict)
    _models: dict[date, str] = field(default_factory=dict)

    def look(self, con: duckdb.DuckDBPyConnection, days: list[date]) -> None:
        """Note under which scoring model the days' values stand. To be called before they are replaced."""
        self.lake.attach(con, T.METRIC_VALUES, days[0], days[-1], name="_stood")
        rows = con.execute("SELECT day, max(scoring_model_version) FROM _stood GROUP BY day").fetchall()
        self._models = {day: version for day, version in rows if version}
        con.execute("DROP VIEW _stood")

    def watch(self, table: Table, con: duckdb.DuckDBPyConnection, days: list[date]) -> None:
        """Log what differs between `_old` and `_new` on the days."""
        reasons = pa.table({"day": pa.array(days), "reason": [self._reason(day) for day in days]})
        con.register("_reasons", reasons)
        con.execute("CREATE OR REPLACE TEMP TABLE restated_day AS SELECT * FROM _reasons")
        con.unregister("_reasons")
        con.execute(f"CREATE OR REPLACE TEMP TABLE moved AS {_MOVED[table]}")
        con.execute(f"CREATE OR REPLACE TEMP TABLE told AS {_TOLD}")
        self.lake.attach(con, T.RESTATEMENT, part=table.name, name="_logged")
        con.execute(
            "CREATE OR REPLACE TEMP TABLE last_logged AS "
            'SELECT day, key, "column", value_first, value_now FROM _logged SEMI JOIN told USING (day, key, "column") '
            'QUALIFY row_number() OVER (PARTITION BY day, key, "column" ORDER BY noticed_at DESC) = 1'
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE news AS {_NEWS}", [str(table), self.noticed_at // 1000])
        (count,) = con.execute("SELECT count(*) FROM news").fetchall()[0]
        if not count:
            return
        self.logged[table] = self.logged.get(table, 0) + int(count)
        self._most[table] = "; ".join(text for (text,) in con.execute(_MOST).fetchall())
        columns = select_list(T.RESTATEMENT)
        # Beside: `_new` belongs to the write that is under way.
        with con.cursor() as other:
            other.execute("SET TimeZone = 'UTC'")
            self._append(other, table, con.sql(f"SELECT {columns} FROM news").to_arrow_table())

    def report(self) -> list[TableReport]:
        """What was logged, if anything was."""
        if not self.logged:
            return []
        notes: dict[str, int | float | str] = {f"{table.name}_restated": n for table, n in self.logged.items()}
        notes |= {f"{table.name}_moved_most": most for table, most in self._most.items()}
        return [TableReport(T.RESTATEMENT, {None: sum(self.logged.values())}, (None,), notes)]

    def _append(self, con: duckdb.DuckDBPyConnection, table: Table, news: pa.Table) -> None:
        con.register("_news", news)
        self.lake.attach(con, T.RESTATEMENT, part=table.name, name="_log")
        columns = select_list(T.RESTATEMENT)
        log = f"""
            SELECT {columns} FROM (SELECT {columns} FROM _log UNION ALL SELECT {columns} FROM _news)
            QUALIFY row_number() OVER (PARTITION BY day, key, "column" ORDER BY noticed_at DESC) <= {KEPT}
                AND row_number() OVER (ORDER BY noticed_at DESC, day DESC, key, "column") <= {MOST}
        """
        self.lake.write_table(con, T.RESTATEMENT, log, computed_at=self.noticed_at, part=table.name)

    def _reason(self, day: date) -> str:
        """Why the numbers of a day are others: what changed since they were computed."""
        whys = [why for why in self.whys.get(day, ()) if why not in _MADE]
        before = self._models.get(day, self.model.model_version)
        said = [f"scoring model {self.model.name} {before} → {self.model.model_version}"]
        said = said if before != self.model.model_version else []
        said += [why for why in whys if not why.startswith(_LATE)]
        if late := [why.removeprefix(_LATE) for why in whys if why.startswith(_LATE)]:
            said.append(_LATE + ", ".join(late))
        if not said:
            said.append("scores or credit changed" if self.whys.get(day) else "programme or definitions changed")
        return "; ".join(said)
