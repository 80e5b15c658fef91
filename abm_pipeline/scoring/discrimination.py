"""How well scores tell who came: groups with their rates, lift and AUC, each with its interval, and differences.

Belongs here: the sums, in SQL over `observation` (see `evidence`), and the formulas over them. Sums are of integers,
so that no result depends on the order of rows.

An account that is looked at on several days is one witness, not several. So every interval takes what is counted by
account, and none grows narrow because the same accounts were asked more often:

- **rates**: Wilson (1927), on n divided by the design effect (Kish 1965), the variance between accounts over that of
  as many independent rows;
- **lift** (rate of the highest fifth ÷ that of the lowest): on the log scale (Katz et al. 1978), linearised by account;
- **AUC**: Obuchowski (Biometrics 53:567–578, 1997), which is DeLong, DeLong and Clarke-Pearson (1988) with their
  components summed by account; with each account on one day they are the same. Cut at 0 and 1.

The difference of two models is taken on the same accounts and days, from the differences of their components.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import duckdb

from abm_pipeline.storage.engine import Step, run_steps

Z95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; None where it cannot be told."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Group:
    """Rows alike in `value` of `dimension` (quintile, twentieth, band): n rows of so many accounts, to x of which it
    came; the lowest and highest score; the rate.
    """

    dimension: str
    value: str
    n: int
    x: int
    accounts: int
    lowest: float
    highest: float
    rate: Estimate
    is_low_sample: bool


@dataclass(frozen=True)
class Judged:
    """A model and an outcome. `yes`, `no`: accounts to which it came, and did not, on some day.

    `lift_difference` is the ratio of its lift to the reference's, `auc_difference` its AUC less the reference's.
    """

    model: int
    outcome: str
    n: int
    x: int
    yes: int
    no: int
    groups: tuple[Group, ...]
    lift: Estimate
    auc: Estimate
    lift_difference: Estimate | None
    auc_difference: Estimate | None
    roc: tuple[tuple[float, float], ...]
    is_low_sample: bool

    def of(self, dimension: str) -> list[Group]:
        """The groups of a dimension, from the lowest score."""
        return [group for group in self.groups if group.dimension == dimension]


STEPS = (
    Step(
        "grouped",
        "By group and account: rows, and to how many of them it came.",
        """
        WITH told AS (
            SELECT model, outcome, account_id, score, came,
                   unnest([{dimension: 'all', value: 'all'},
                           {dimension: 'quintile', value: CAST(quintile AS VARCHAR)},
                           {dimension: 'twentieth', value: CAST(twentieth AS VARCHAR)},
                           {dimension: 'band', value: band}], recursive := true)
            FROM observation
        )
        SELECT model, outcome, dimension, value, account_id, count(*)::HUGEINT AS n, sum(came)::HUGEINT AS x,
               min(score) AS lowest, max(score) AS highest
        FROM told GROUP BY ALL
        """,
    ),
    Step(
        "groups",
        "Each group, with the square of what its accounts stray from its rate, times n².",
        """
        WITH total AS (
            SELECT model, outcome, dimension, value, sum(n) AS n, sum(x) AS x, count(*) AS accounts,
                   min(lowest) AS lowest, max(highest) AS highest
            FROM grouped GROUP BY ALL
        )
        SELECT total.*, stray.squares
        FROM total
        JOIN (SELECT model, outcome, dimension, value,
                     sum((g.x * t.n - g.n * t.x) * (g.x * t.n - g.n * t.x)) AS squares
              FROM grouped AS g JOIN total AS t USING (model, outcome, dimension, value)
              GROUP BY ALL) AS stray USING (model, outcome, dimension, value)
        ORDER BY model, outcome, dimension, lowest, highest
        """,
    ),
    Step(
        "placed",
        "By account: in how many pairs its rows are on the right side, ties half, doubled to stay whole.",
        """
        WITH counted AS (
            SELECT model, outcome, account_id, came,
                   sum(came) OVER upto AS yes_upto, sum(came) OVER tied AS yes_tied,
                   sum(1 - came) OVER upto AS no_upto, sum(1 - came) OVER tied AS no_tied,
                   sum(came) OVER whole AS yes_all
            FROM observation
            WINDOW upto AS (PARTITION BY model, outcome ORDER BY score RANGE UNBOUNDED PRECEDING),
                   tied AS (PARTITION BY model, outcome, score), whole AS (PARTITION BY model, outcome)
        )
        SELECT model, outcome, account_id, sum(came)::HUGEINT AS yes, sum(1 - came)::HUGEINT AS no,
               sum(CASE came WHEN 1 THEN 2 * (no_upto - no_tied) + no_tied ELSE 0 END)::HUGEINT AS above_no,
               sum(CASE came WHEN 0 THEN 2 * (yes_all - yes_upto) + yes_tied ELSE 0 END)::HUGEINT AS below_yes
        FROM counted GROUP BY ALL
        """,
    ),
    Step(
        "component",
        "By account: what it adds to AUC and to lift beyond its share, in whole numbers.",
        """
        WITH total AS (
            SELECT model, outcome, sum(yes) AS yes, sum(no) AS no, sum(above_no) AS pairs FROM placed GROUP BY ALL
        ), ends AS (
            SELECT model, outcome, max(n) FILTER (value = '5') AS n5, max(x) FILTER (value = '5') AS x5,
                   max(n) FILTER (value = '1') AS n1, max(x) FILTER (value = '1') AS x1
            FROM groups WHERE dimension = 'quintile' GROUP BY ALL
        ), of_quintile AS (
            SELECT model, outcome, account_id, max(n) FILTER (value = '5') AS n5, max(x) FILTER (value = '5') AS x5,
                   max(n) FILTER (value = '1') AS n1, max(x) FILTER (value = '1') AS x1
            FROM grouped WHERE dimension = 'quintile' GROUP BY ALL
        )
        SELECT model, outcome, placed.account_id, placed.yes, placed.no,
               placed.above_no * total.yes - placed.yes * total.pairs AS a,
               placed.below_yes * total.no - placed.no * total.pairs AS b,
               coalesce(own.x5 * ends.n5 - own.n5 * ends.x5, 0) AS c,
               coalesce(own.x1 * ends.n1 - own.n1 * ends.x1, 0) AS d
        FROM placed
        JOIN total USING (model, outcome)
        JOIN ends USING (model, outcome)
        JOIN of_quintile AS own USING (model, outcome, account_id)
        """,
    ),
    Step(
        "judged",
        "Sums of products of the components, of each model with itself and with the reference, which is model 0.",
        """
        WITH alone AS (
            SELECT mine.model, mine.outcome, false AS is_difference, count(*) AS accounts,
                   count(*) FILTER (mine.yes > 0) AS with_yes, count(*) FILTER (mine.no > 0) AS with_no,
                   sum(a * a) AS aa, sum(b * b) AS bb, sum(a * b) AS ab, sum(c * c) AS cc, sum(d * d) AS dd,
                   sum(c * d) AS cd, 0 AS cc0, 0 AS cd0, 0 AS dc0, 0 AS dd0
            FROM component AS mine GROUP BY ALL
        ), paired AS (
            SELECT mine.model, mine.outcome, true, count(*), count(*) FILTER (mine.yes > 0),
                   count(*) FILTER (mine.no > 0), sum((mine.a - other.a) * (mine.a - other.a)),
                   sum((mine.b - other.b) * (mine.b - other.b)), sum((mine.a - other.a) * (mine.b - other.b)),
                   0, 0, 0, sum(mine.c * other.c), sum(mine.c * other.d), sum(mine.d * other.c), sum(mine.d * other.d)
            FROM component AS mine
            JOIN component AS other ON other.model = 0 AND other.outcome = mine.outcome
                                   AND other.account_id = mine.account_id
            WHERE mine.model > 0
            GROUP BY ALL
        )
        SELECT sums.*, total.yes, total.no, total.pairs
        FROM (FROM alone UNION ALL FROM paired) AS sums
        JOIN (SELECT model, outcome, sum(yes) AS yes, sum(no) AS no, sum(above_no) AS pairs FROM placed GROUP BY ALL)
             AS total USING (model, outcome)
        ORDER BY is_difference, model, outcome
        """,
    ),
    Step(
        "curve",
        "The ROC curve at about a hundred points: of each percent of those to whom it did not come, the highest.",
        """
        WITH cut AS (
            SELECT model, outcome, sum(came) OVER above AS yes, sum(1 - came) OVER above AS no,
                   sum(came) OVER whole AS all_yes, sum(1 - came) OVER whole AS all_no
            FROM observation
            WINDOW above AS (PARTITION BY model, outcome ORDER BY score DESC RANGE UNBOUNDED PRECEDING),
                   whole AS (PARTITION BY model, outcome)
        )
        SELECT model, outcome, max(no / all_no) AS false_share, max(yes / all_yes) AS true_share
        FROM cut WHERE all_yes > 0 AND all_no > 0
        GROUP BY model, outcome, CAST(ceil(100 * no / all_no) AS INTEGER)
        ORDER BY ALL
        """,
    ),
)


def judge(con: duckdb.DuckDBPyConnection, min_sample: int) -> list[Judged]:
    """What `observation` says of each model and outcome; model 0 is the reference of differences.

    `min_sample`: with fewer accounts a group is flagged, and lift and AUC with fewer on either side.
    """
    run_steps(con, STEPS)
    groups: dict[tuple[int, str], list[Group]] = {}
    rows = con.execute("SELECT * FROM groups").fetchall()
    for model, outcome, dimension, value, n, x, accounts, lowest, highest, squares in rows:
        rate = _rate(int(n), int(x), int(accounts), int(squares))
        found = Group(dimension, value, int(n), int(x), accounts, lowest, highest, rate, accounts < min_sample)
        groups.setdefault((model, outcome), []).append(found)
    sums = con.execute("SELECT * FROM judged")
    names = [column[0] for column in sums.description or ()]
    told = {}
    for row in sums.fetchall():
        one = dict(zip(names, row, strict=True))
        told[one["model"], one["outcome"], one["is_difference"]] = {
            name: int(one[name]) for name in names if name not in ("model", "outcome", "is_difference")
        }
    curves: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for model, outcome, no, yes in con.execute("FROM curve ORDER BY ALL").fetchall():
        curves.setdefault((model, outcome), [(0.0, 0.0)]).append((no, yes))
    out = []
    for (model, outcome), found_groups in groups.items():
        own, mine = told[model, outcome, False], _ends(found_groups)
        whole = next(group for group in found_groups if group.dimension == "all")
        difference = auc_difference = None
        if beside := told.get((model, outcome, True)):
            reference = told[0, outcome, False]
            difference = _lift(mine, own, _ends(groups[0, outcome]), reference, beside)
            auc_difference = _auc(beside, own["pairs"] - reference["pairs"], is_difference=True)
        out.append(
            Judged(
                model,
                outcome,
                whole.n,
                whole.x,
                own["with_yes"],
                own["with_no"],
                tuple(found_groups),
                _lift(mine, own),
                _auc(own, own["pairs"]),
                difference,
                auc_difference,
                tuple(curves.get((model, outcome), ())),
                min(own["with_yes"], own["with_no"]) < min_sample,
            )
        )
    return out


def wilson(x: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % score interval of x among n > 0; 8 of 10 gives 0.4902 … 0.9433."""
    share, spread = x / n, Z95 * Z95 / n
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return (0.0 if x == 0 else centre - half), (1.0 if x == n else centre + half)


def _rate(n: int, x: int, accounts: int, squares: int) -> Estimate:
    """x of n rows. Where it came to none or all there is no variance to compare: n is then the accounts."""
    effect = squares / (n * x * (n - x)) if 0 < x < n else n / accounts
    size = n / max(1.0, effect)
    low, high = wilson(x / n * size, size)
    return Estimate(x / n, low, high)


def _ends(groups: list[Group]) -> tuple[int, int, int, int]:
    """n and x of the highest and of the lowest fifth; 0 where nobody is in it."""
    fifths = {group.value: group for group in groups if group.dimension == "quintile"}
    high, low = fifths.get("5"), fifths.get("1")
    return (high.n if high else 0, high.x if high else 0, low.n if low else 0, low.x if low else 0)


def _lift(
    mine: tuple[int, int, int, int],
    own: dict[str, int],
    theirs: tuple[int, int, int, int] | None = None,
    reference: dict[str, int] | None = None,
    beside: dict[str, int] | None = None,
) -> Estimate:
    """The lift, or, with another model's, the ratio of the two; none while a fifth that is divided by has nobody."""
    n5, x5, n1, x1 = mine
    if not n5 or not x1:
        return Estimate(None)
    value = x5 / n5 / (x1 / n1)
    if theirs is None or reference is None or beside is None:
        return _on_log_scale(value, _spread(mine, own) if x5 else None)
    m5, y5, m1, y1 = theirs
    if not m5 or not y1 or not y5:
        return Estimate(None)
    ratio = value / (y5 / m5 / (y1 / m1))
    if not x5:
        return Estimate(ratio)
    shared = (
        beside["cc0"] / (n5 * x5 * m5 * y5)
        - beside["cd0"] / (n5 * x5 * m1 * y1)
        - beside["dc0"] / (n1 * x1 * m5 * y5)
        + beside["dd0"] / (n1 * x1 * m1 * y1)
    )
    return _on_log_scale(ratio, _spread(mine, own) + _spread(theirs, reference) - 2 * shared)


def _spread(ends: tuple[int, int, int, int], sums: dict[str, int]) -> float:
    """Variance of the logarithm of a lift."""
    n5, x5, n1, x1 = ends
    high, low = n5 * x5, n1 * x1
    return sums["cc"] / high**2 + sums["dd"] / low**2 - 2 * sums["cd"] / (high * low)


def _on_log_scale(value: float, variance: float | None) -> Estimate:
    if variance is None:
        return Estimate(value)
    half = Z95 * math.sqrt(max(variance, 0.0))
    return Estimate(value, value * math.exp(-half), value * math.exp(half))


def _auc(sums: dict[str, int], pairs: int, is_difference: bool = False) -> Estimate:
    """The area from twice the pairs that are right, or a difference of areas from twice their difference."""
    yes, no = sums["yes"], sums["no"]
    if not yes or not no:
        return Estimate(None)
    value = pairs / (2 * yes * no)
    accounts, with_yes, with_no = sums["accounts"], sums["with_yes"], sums["with_no"]
    if min(with_yes, with_no) < 2:
        return Estimate(value)
    variance = (
        with_yes / (with_yes - 1) * sums["aa"] / yes**2
        + with_no / (with_no - 1) * sums["bb"] / no**2
        + 2 * accounts / (accounts - 1) * sums["ab"] / (yes * no)
    ) / (2 * yes * no) ** 2
    half = Z95 * math.sqrt(max(variance, 0.0))
    least, most = (-1.0, 1.0) if is_difference else (0.0, 1.0)
    return Estimate(value, max(value - half, least), min(value + half, most))
