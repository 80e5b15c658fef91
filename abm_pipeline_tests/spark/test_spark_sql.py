"""Each rewrite of DuckDB's SQL for Spark: one statement that shows it, and the same rows on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm_pipeline.storage.engine import Cluster, Step, connect, forget_steps, run_steps
from abm_pipeline.storage.spark_sql import to_spark
from abm_pipeline_tests.spark.compare import Rows, differences, rows_of

WORLD = """
    CREATE TABLE score AS SELECT * FROM (VALUES
        ('a', DATE '2025-03-01', 1.50::DECIMAL(18, 4), ['x', 'y'], TIMESTAMPTZ '2025-03-01 03:30:00+00'),
        ('a', DATE '2025-03-04', 2.25::DECIMAL(18, 4), ['y'], TIMESTAMPTZ '2025-03-30 07:30:00+00'),
        ('b', DATE '2025-03-09', NULL, NULL, NULL)
    ) AS t (who, day, points, tags, seen);
    CREATE TABLE kind AS SELECT MAP {'a': 1} AS places;
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
    "as of, the row after": """
        SELECT d.who, d.day, s.points FROM (SELECT who, day - 1 AS day FROM score) AS d
        ASOF JOIN score AS s ON s.who = d.who AND d.day < s.day""",
    "as of, told the other way": """
        SELECT d.day, s.who, t.points FROM (SELECT DISTINCT who, day FROM score) AS d
        ASOF JOIN score AS s ON s.day <= d.day ASOF LEFT JOIN score AS t ON t.who = d.who AND t.day > d.day""",
    "union by name": """
        SELECT who, day FROM score
        UNION ALL BY NAME SELECT points, who FROM score UNION ALL BY NAME SELECT * FROM score""",
    "union of stars": "SELECT * REPLACE (day + 1 AS day), 'x' AS side FROM score UNION ALL SELECT *, who FROM score",
    "alias in WHERE": "SELECT day + 3 AS later, upper(who) AS who FROM score WHERE later > '2025-03-05' AND who = 'a'",
    "a day less a day": """
        WITH seen AS (SELECT who, day, lag(day) OVER (ORDER BY day) AS day_before FROM score)
        SELECT who, day - day_before AS since, max(day) OVER () - greatest(day, DATE '2025-03-03') AS until,
               day - 3 AS earlier FROM seen WHERE day - coalesce(day_before, DATE '2025-02-27') < 4""",
    "a whole row": "SELECT who, arg_max(s, s.day) AS last FROM score AS s GROUP BY who",
    "wide numbers": "SELECT CAST(9007199254740993 AS HUGEINT) * 1000 % 7 AS n, sum(CAST(n AS HUGEINT)) AS total "
    "FROM range(4) AS t (n)",
    "functions": "SELECT who, hash(who, day) = hash(who, DATE '2025-03-09') AS is_b, epoch_us(seen) AS us, "
    "extract(epoch FROM seen) AS seconds, "
    "CAST(day + to_years(2) AS DATE) AS later FROM score",
    "quantiles": "SELECT quantile_disc(points, 0.5) AS middle, quantile_cont(points, 0.5) AS between FROM score",
    "list made of a list": "SELECT who, [upper(t) for t in tags if t <> 'x'] AS some, tags[length(who) + 1] AS second, "
    "list_sum([n for n in [1, 2, 3] if n > length(who)]) AS sum FROM score",
    "parts of lists": "SELECT who, tags[:1] AS first, tags[2:] AS rest, tags[5:] AS beyond, ([1, 2, 3])[:-2] AS most "
    "FROM score",
    "parts of a map": "SELECT places['a'] AS one, places['b'] AS none FROM kind",
    "lists of rows": "SELECT who, list(points ORDER BY -points, day) AS all, list(who) FILTER (who > 'z') AS none, "
    "list(day ORDER BY day) FILTER (points > 2) AS some, list(DISTINCT who) AS once FROM score GROUP BY who",
    "lists together": "SELECT who, list_concat(tags, [who]) AS all, list_has_any(tags, ['x']) AS has, "
    "list_intersect(tags, ['y']) AS both FROM score",
    "replaced once": r"SELECT regexp_replace(who || '-a.b', '([a-z])-(a)', '\2\1', 'g') AS swapped, "
    r"regexp_replace(who || 'aa', 'a$', '') AS end FROM score",
    "rows of two lists": "SELECT unnest(['a', 'b']) AS name, unnest(range(3)) AS n",
    "rows of VALUES beside": "SELECT s.who, v.n FROM score AS s, LATERAL (VALUES (s.day), (s.day + 1)) AS v (n)",
    "no row of a series that ends before it begins": """
        SELECT who, unnest(generate_series(day, DATE '2025-03-05', INTERVAL 1 DAY))::DATE AS each FROM score""",
    "pairs in": "SELECT who, day FROM score WHERE (who, day) IN (SELECT (who, max(day)) FROM score GROUP BY who)",
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


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("SELECT * FROM a ASOF JOIN b ON a.k = b.k", "ASOF JOIN of another kind"),
        ("SELECT list(x ORDER BY x DESC) FROM a", "descending"),
        ("SELECT x[2:3] FROM a", "from one place to another"),
        ("SELECT regexp_replace(x, '[a-z]', '') FROM a", "first of several"),
    ],
)
def test_what_has_no_rewrite_is_refused(statement: str, why: str) -> None:
    """Spark would run it and give other rows, or nothing says which are meant: an error, no other rows."""
    with pytest.raises(ValueError, match=why):
        to_spark(statement, lambda query: {"x": "VARCHAR"})


def test_a_table_that_was_altered_is_read_anew(tmp_path: Path, master: str) -> None:
    """One row goes and another comes, so that there are as many as before: Spark sees those that are there."""
    step = Step("found", "reads a table of the connection", "SELECT n FROM altered")
    with connect(cluster=Cluster(master, tmp_path)) as con:
        con.execute("CREATE TEMP TABLE altered AS SELECT 1 AS n")
        run_steps(con, [step])
        con.execute("DELETE FROM altered")
        con.execute("INSERT INTO altered VALUES (2)")
        run_steps(con, [step])
        assert [(2,)] == con.execute("FROM found").fetchall()
        assert 1 == len([path for path in tmp_path.glob("*/*.parquet") if path.is_file()])


def test_a_local_step_runs_on_the_connection(tmp_path: Path, master: str) -> None:
    """It calls a function that Spark has not; it reads what Spark made, and Spark reads what it made; so again.

    0 + 0, 2 + 10 // 20 and 4 + 20 // 20 are 7: wide numbers are whole, as on DuckDB, where decimals would be divided.
    """
    steps = [
        Step("given", "made by Spark", "SELECT n, CAST(n * 10 AS HUGEINT) AS wide FROM range(3) AS t (n)"),
        Step("local", "calls Python", "SELECT twice(n) + wide // 20 AS n FROM given", is_local=True),
        Step("taken", "made by Spark", "SELECT CAST(sum(n) AS BIGINT) AS n FROM local"),
    ]
    with connect(cluster=Cluster(master, tmp_path)) as con:
        con.create_function("twice", lambda n: 2 * n, ["BIGINT"], "BIGINT")  # type: ignore[arg-type]
        for _ in range(2):
            run_steps(con, steps)
        assert [(7,)] == con.execute("FROM taken").fetchall()
        forget_steps(con, steps)
        assert [] == con.execute("SELECT table_name FROM duckdb_tables() WHERE table_name = 'local'").fetchall()
