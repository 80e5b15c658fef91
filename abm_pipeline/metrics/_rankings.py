"""The account rankings of marketing and sales, side by side: what the metrics of alignment share.

The ranking of a team as of D is its newest by then, in the rows known then. Companies that resolve to no account are in
none; of several records of one account the highest place counts. Since rankings change seldom, everything is worked out
once for each day on which one came, and a day shows the latest of these.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._spec import Part
from abm_pipeline.scoring.discrimination import Z95
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import EVER, Input

TOP = 20
"""Places that the overlap looks at."""

RANKINGS = Part(
    "rankings",
    once=(
        Step(
            "ranked",
            "Place of each account in each team's newest ranking, as of each day on which a ranking came.",
            """
            WITH known AS (
                SELECT r.*, greatest(r.day, r.ranked_day) AS known_day, c.account_id
                FROM staged.ranking r
                LEFT JOIN company_unit c
                  ON c.company_key = coalesce(r.source || ':' || r.company_source_id, 'domain:' || r.domain)
            ),
            newest AS (
                SELECT t.turn_day, k.ranked_by, max(k.ranked_day) AS ranked_day
                FROM (SELECT DISTINCT known_day AS turn_day FROM known) t JOIN known k ON k.known_day <= t.turn_day
                GROUP BY ALL
            ),
            standing AS (
                SELECT n.turn_day, k.ranked_by, k.account_id, k.position
                FROM newest n JOIN known k USING (ranked_by, ranked_day)
                WHERE k.known_day <= n.turn_day
                QUALIFY row_number() OVER (
                    PARTITION BY n.turn_day, k.source, k.source_id ORDER BY k.known_day DESC, k.modified_at DESC) = 1
            )
            SELECT turn_day, ranked_by, account_id, min(position) AS place
            FROM standing WHERE account_id IS NOT NULL AND ranked_by IN ('marketing', 'sales')
            GROUP BY turn_day, ranked_by, account_id
            """,
        ),
        Step(
            "ranked_by_both",
            "Accounts that both teams rank.",
            """
            SELECT turn_day, account_id, m.place AS marketing, s.place AS sales
            FROM (SELECT * FROM ranked WHERE ranked_by = 'marketing') m
            JOIN (SELECT * FROM ranked WHERE ranked_by = 'sales') s USING (turn_day, account_id)
            """,
        ),
    ),
    reads=(Input(T.RANKING, EVER),),
)
"""Makes `ranked` and `ranked_by_both`."""


def as_of_each_day(relation: str) -> str:
    """SELECT of tidy rows: the row of `relation` (turn_day and columns) that holds on each day asked for."""
    return f"""
        SELECT d.day, 1 AS window_days, 'all' AS dimension, 'all' AS dimension_value, r.* EXCLUDE (turn_day)
        FROM days d ASOF JOIN {relation} r ON r.turn_day <= d.day"""


def fisher(value: str, n: str, variance: str, fewest: int) -> str:
    """SQL columns ci_low and ci_high of a rank correlation, by Fisher's z with `variance` ÷ (n − fewest).

    Fieller, Hartley and Pearson (1957): 1.06 ÷ (n − 3) for Spearman's ρ, 0.437 ÷ (n − 4) for Kendall's τ. None where
    n does not exceed `fewest`, or for a perfect correlation.
    """
    half = f"{Z95!r} * sqrt({variance} / ({n} - {fewest}))"
    exists = f"{n} > {fewest} AND abs({value}) < 1"
    return ", ".join(
        f"CASE WHEN {exists} THEN tanh(atanh({value}) {sign} {half}) END AS {name}"
        for sign, name in (("-", "ci_low"), ("+", "ci_high"))
    )
