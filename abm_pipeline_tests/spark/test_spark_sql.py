"""Each rewrite of DuckDB's SQL for Spark: one statement that shows it, and the same rows on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm_pipeline.storage.engine import Cluster, Step, connect, run_steps
from abm_pipeline.storage.spark_sql import to_spark
from abm_pipeline_tests.spark.compare import Rows, differences, rows_of

WORLD = """
    CREATE TABLE score AS SELECT * FROM (VALUES
        ('a', DATE '2025-03-01', 1.50::DECIMAL(18, 4), ['x', 'y'], TIMESTAMPTZ '2025-03-01 03:30:00+00'),
        ('a', DATE '2025-03-04', 2.25::DECIMAL(18, 4), ['y'], TIMESTAMPTZ '2025-03-30 07:30:00+00'),
        ('b', DATE '2025-03-09', NULL, NULL, NULL)
    ) AS t (who, day, points, tags, seen)
"""
CASES = {
    "infinity": "SELECT who FROM score WHERE day < DATE 'infinity' AND day > DATE '-infinity'",
    "rows of a cast list": "SELECT who, CAST(unnest(range(length(who), 4)) AS INTEGER) AS n FROM score",
    "range in FROM": "SELECT who, day + CAST(n AS INTEGER) AS day FROM score, range(3) AS week (n)",
    "instant to local": "SELECT who, timezone('America/New_York', seen) AS moment FROM score",
    "local to instant": "SELECT who, timezone('America/New_York', day + INTERVAL 12 HOUR) AS noon FROM score",
    "in doubles": "SELECT who, sum(points) / 7 AS seventh, avg(points) AS mean FROM score GROUP BY who",
    "position in a list": "SELECT who, coalesce(list_position(tags, 'y'), -1) AS n, len(tags) AS many FROM score",
    "rows compared": "SELECT who, (who, day) = lag((who, day + 0)) OVER (ORDER BY day) AS same FROM score",
    "largest row": "SELECT who, arg_max(points, (day, who)) AS points, max((day, who)) AS last FROM score GROUP BY who",
    "replaced": "SELECT * REPLACE (upper(who) AS who) FROM score",
    "qualified": "SELECT who AS me, day FROM score QUALIFY row_number() OVER (PARTITION BY me ORDER BY day DESC) = 1",
    "qualified, distinct": "SELECT DISTINCT who FROM score QUALIFY count(*) OVER (PARTITION BY who) > 1",
    "as of": """
        SELECT d.day, s.* EXCLUDE (day) FROM (SELECT DISTINCT who, day + 1 AS day FROM score) AS d
        ASOF LEFT JOIN score AS s ON s.who = d.who AND d.day >= s.day""",
    "named window": """
        SELECT who, lead(day) OVER w AS next, sum(points) OVER w - points AS before FROM score
        WINDOW w AS (PARTITION BY who ORDER BY day ROWS UNBOUNDED PRECEDING)""",
}  # fmt: skip


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, master: str) -> dict[str, tuple[Rows, Rows]]:
    """Each case's rows by DuckDB and by Spark."""
    steps = [Step(f"case_{n}", name, sql) for n, (name, sql) in enumerate(CASES.items())]
    taken = []
    for cluster in (None, Cluster(master, Path(tmp_path_factory.mktemp("scratch")))):
        with connect(cluster=cluster) as con:
            con.execute(WORLD)
            run_steps(con, steps)
            taken.append([rows_of(con, step.name) for step in steps])
    return dict(zip(CASES, zip(*taken, strict=True), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_a_rewrite_keeps_the_rows(rows: dict[str, tuple[Rows, Rows]], case: str) -> None:
    """The statement's rows on DuckDB are those on Spark."""
    assert rows[case][0].rows
    assert [] == differences(*rows[case])


def test_an_asof_join_of_another_kind_is_refused() -> None:
    """The nearest row after, not before: there is no rewrite, and so an error, no other rows."""
    with pytest.raises(ValueError, match="ASOF JOIN of another kind"):
        to_spark("SELECT * FROM a ASOF JOIN b ON a.k = b.k AND a.t <= b.t")
