"""The pairs of accounts that wait for a person's answer, those first on whose answer most hangs.

Belongs here: choosing and ordering. What hangs on a pair is the share that its two accounts have of all open pipeline,
of all engagement scores (both of the newest day with metrics) and of all ad spend of the last `SPEND_DAYS` days, the
three added up: money and points have no common unit, shares have. Pairs on which nothing hangs follow by how near to
50 % they are: there an answer teaches most.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity import reading
from abm_pipeline.identity.reading import Piece, Record
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import Step, run_steps

SPEND_DAYS = 365

STEPS = (
    Step(
        "unit",
        "the account whose numbers an account's are part of, at the programme's level",
        """
        SELECT a.account_id, CASE WHEN level = 'parent' THEN a.ultimate_parent_id ELSE a.account_id END AS unit_id
        FROM identity.account AS a CROSS JOIN params
        """,
    ),
    Step(
        "figure",
        "what each unit has in pipeline, score and spend",
        """
        SELECT account_id AS unit_id, sum(pipeline)::DOUBLE AS pipeline, sum(score)::DOUBLE AS score,
            sum(spend)::DOUBLE AS spend
        FROM (
            SELECT account_id, coalesce(open_pipeline, 0) AS pipeline, coalesce(engagement_score, 0) AS score,
                0 AS spend
            FROM metrics.account_metrics_daily
            UNION ALL
            SELECT unit_id, 0, 0, coalesce(amount_reporting, 0)
            FROM facts.spend AS s
            JOIN identity.member AS m ON m.source || ':' || m.source_id = s.company_key
            JOIN unit USING (account_id)
        )
        GROUP BY ALL
        """,
    ),
    Step(
        "decided",
        "pairs of accounts about which a decision is in force",
        """
        SELECT DISTINCT least(l.account_id, r.account_id) AS one, greatest(l.account_id, r.account_id) AS other
        FROM decision AS d
        JOIN identity.member AS l ON l.source || ':' || l.source_id = d.left_key
        JOIN identity.member AS r ON r.source || ':' || r.source_id = d.right_key
        WHERE d.kind IN ('merge', 'never_merge') AND l.account_id <> r.account_id
        """,
    ),
    Step(
        "waiting",
        "pairs of accounts without an answer, each by its most probable pair of records",
        """
        SELECT
            *, least(left_account_id, right_account_id) AS one, greatest(left_account_id, right_account_id) AS other,
            count(*) OVER (PARTITION BY one, other) - 1 AS more
        FROM identity.link_review AS p
        WHERE p.status = 'review'
            AND (one, other) NOT IN (SELECT (one, other) FROM decided)
            AND (least(p.left_key, p.right_key), greatest(p.left_key, p.right_key)) NOT IN (
                SELECT (left_key, right_key) FROM decision WHERE kind IN ('merge', 'never_merge'))
        QUALIFY row_number() OVER (
            PARTITION BY one, other ORDER BY p.match_probability DESC, p.left_key, p.right_key) = 1
        """,
    ),
    Step(
        "at_stake",
        "what the accounts of each pair have together; a unit of both counts once",
        """
        SELECT one, other, sum(f.pipeline) AS pipeline, sum(f.score) AS score, sum(f.spend) AS spend
        FROM (
            SELECT one, other, unit_id FROM waiting JOIN unit ON account_id = one
            UNION
            SELECT one, other, unit_id FROM waiting JOIN unit ON account_id = other
        )
        JOIN figure AS f USING (unit_id)
        GROUP BY one, other
        """,
    ),
    Step(
        "ordered",
        "the queue",
        """
        SELECT
            w.*, coalesce(s.pipeline, 0) AS pipeline, coalesce(s.score, 0) AS score, coalesce(s.spend, 0) AS spend,
            coalesce(s.pipeline / nullif(total.pipeline, 0), 0) + coalesce(s.score / nullif(total.score, 0), 0)
                + coalesce(s.spend / nullif(total.spend, 0), 0) AS stake
        FROM waiting AS w
        LEFT JOIN at_stake AS s USING (one, other)
        CROSS JOIN (SELECT sum(pipeline) AS pipeline, sum(score) AS score, sum(spend) AS spend FROM figure) AS total
        """,
    ),
)
# Shares are sums of floats in no fixed order: beyond the ninth digit they tell nothing apart.
_QUEUE = """
    SELECT left_key, right_key, left_account_id, right_account_id, match_probability, match_weight, reason, evidence,
        pipeline, score, spend, more
    FROM ordered ORDER BY round(stake, 9) DESC, abs(match_probability - 0.5), left_key, right_key LIMIT ?"""


@dataclass(frozen=True)
class Pair:
    """Two records that may be one company, and what hangs on it.

    `probability` that they are, `weight` the same as log2 odds (bits). `pipeline` and `spend` (reporting currency) and
    `score` (points) are those of both accounts together. `more`: further pairs of records between the same accounts.
    """

    left: Record
    right: Record
    left_account_id: str
    right_account_id: str
    probability: float
    weight: float
    reason: str
    evidence: tuple[Piece, ...]
    pipeline: float
    score: float
    spend: float
    more: int

    @property
    def prior(self) -> float:
        """What was believed before looking, in bits: what the evidence leaves of the weight."""
        return self.weight - sum(piece.weight for piece in self.evidence)


@dataclass(frozen=True)
class Queue:
    """The first pairs of the queue, and how many wait in all. `day`: of the numbers; None if there are none."""

    pairs: tuple[Pair, ...]
    waiting: int
    day: date | None


def queue(settings: Settings, limit: int) -> Queue:
    """The first `limit` pairs to decide. What was decided since accounts were last worked out doesn't wait any more."""
    with _worked_out(settings) as (con, day):
        (waiting,) = con.execute("SELECT count(*) FROM waiting").fetchall()[0]
        return Queue(_pairs(con, limit), int(waiting), day)


def stake(settings: Settings) -> tuple[int, float, float]:
    """How many pairs wait, the open pipeline of the accounts in them (each counted once), and that of all accounts."""
    with _worked_out(settings) as (con, _):
        waiting, hanging, whole = con.execute(
            """
            SELECT (SELECT count(*) FROM waiting),
                (SELECT coalesce(sum(pipeline), 0) FROM figure WHERE unit_id IN (
                    SELECT unit_id FROM unit
                    WHERE account_id IN (SELECT one FROM waiting UNION SELECT other FROM waiting))),
                (SELECT coalesce(sum(pipeline), 0) FROM figure)
            """
        ).fetchall()[0]
        return int(waiting), float(hanging), float(whole)


@contextmanager
def _worked_out(settings: Settings) -> Iterator[tuple[duckdb.DuckDBPyConnection, date | None]]:
    """A connection on which the steps have run, and the day of the numbers."""
    lake = settings.open_lake
    day = max(lake.days(t.ACCOUNT_METRICS_DAILY), default=None)
    with reading.opened(settings) as con:
        lake.attach(con, t.ACCOUNT_METRICS_DAILY, day, day)
        last = day or max(lake.days(t.SPEND), default=date.today())
        lake.attach(con, t.SPEND, last - timedelta(days=SPEND_DAYS - 1), last)
        con.execute("CREATE TEMP TABLE params AS SELECT ? AS level", [settings.programme.account_level])
        run_steps(con, STEPS)
        yield con, day


def _pairs(con: duckdb.DuckDBPyConnection, limit: int) -> tuple[Pair, ...]:
    rows = con.execute(_QUEUE, [limit]).fetchall()
    known = reading.records(con, sorted({key for row in rows for key in row[:2]}))
    return tuple(
        Pair(
            left=known[left],
            right=known[right],
            left_account_id=left_account,
            right_account_id=right_account,
            probability=p,
            weight=weight,
            reason=reason or "",
            evidence=reading.pieces(evidence),
            pipeline=pipeline,
            score=score,
            spend=spend,
            more=int(more),
        )
        for left, right, left_account, right_account, p, weight, reason, evidence, pipeline, score, spend, more in rows
    )
