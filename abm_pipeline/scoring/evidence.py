"""What an earlier day's scores were, from what was known by then, and what happened after: the rows of a backtest.

Belongs here: making the tables `scored_then` (a model's score of a target account on an earlier day), `part_then` and
`observation` (the same beside the outcome). What they say of a model is `discrimination`'s.

**What a score may know.** The scoring SQL itself is run as of the day: touches and intent up to it, the employer, the
target list and the open deals of then. Nothing dated after the day reaches it, and outcomes are looked up by the day
alone. Two things have no history and are those of today: which records are one company or person, and a person's
buying role; and a touch is taken to be known from the day it is dated, whenever somebody typed it in.

Where a version's scores of a day stand in the lake and none of their inputs has changed since, they are read; else
they are computed in memory, which gives the same rows. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.scoring.model import ScoringModel
from abm_pipeline.scoring.refresh import CHANGE_DAYS, inputs, prepare_model, prepare_touches, run_chunk
from abm_pipeline.scoring.steps import SPAN_STEPS
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import Step, run_steps

OUTCOMES = ("opportunity", "won")
"""What may follow a score within the horizon: a deal is opened, by accounts without an open one; a deal is won."""


@dataclass(frozen=True)
class Candidate:
    """A model to judge: `label` is name@version, or the file that it was read from."""

    label: str
    model: ScoringModel

    @property
    def window(self) -> int:
        """Its longest window in days, which is the one whose score counts."""
        return max(self.model.windows)


STEPS = (
    Step(
        "account_of",
        "company_key of facts → account that is scored: itself, or the top of its hierarchy.",
        """
        SELECT member.source || ':' || member.source_id AS company_key,
               CASE WHEN look.account_level = 'parent' THEN coalesce(account.ultimate_parent_id, member.account_id)
                    ELSE member.account_id END AS account_id
        FROM identity.member AS member
        LEFT JOIN identity.account AS account ON account.account_id = member.account_id
        CROSS JOIN look
        """,
    ),
    Step(
        "deal_then",
        "Versions of deals by the days at whose end they held: from the first to before the second.",
        """
        SELECT account_of.account_id, deal.is_closed, deal.is_won, deal.closed_day,
               CAST(timezone(look.zone, deal.created_at) AS DATE) AS created_day,
               CAST(timezone(look.zone, deal.valid_from) AS DATE) AS from_day,
               coalesce(CAST(timezone(look.zone, deal.valid_to) AS DATE), DATE '9999-12-31') AS to_day
        FROM facts.deal AS deal
        JOIN account_of ON account_of.company_key = deal.company_key
        CROSS JOIN look
        """,
    ),
    Step(
        "backtest_input",
        "All that a backtest knows before it looks at outcomes: scores of the target accounts that every model has, "
        "and who had an open deal. Groups are among the target accounts of the day, highest first; without a score "
        "above 0 an account is in the lowest.",
        """
        WITH busy AS (
            SELECT DISTINCT as_of.day, deal_then.account_id
            FROM as_of JOIN deal_then ON deal_then.from_day <= as_of.day AND deal_then.to_day > as_of.day
            WHERE NOT deal_then.is_closed
        )
        SELECT past.model, past.day, past.account_id, past.score, past.band,
               CASE WHEN past.score > 0 THEN greatest(1, ceil(round(past.percentile * 5, 9))) ELSE 1 END::INTEGER
                   AS quintile,
               CASE WHEN past.score > 0 THEN greatest(1, ceil(round(past.percentile * 20, 9))) ELSE 0 END::INTEGER
                   AS twentieth,
               busy.account_id IS NOT NULL AS had_open_deal
        FROM scored_then AS past
        JOIN as_of ON as_of.day = past.day
        LEFT JOIN busy ON busy.day = past.day AND busy.account_id = past.account_id
        QUALIFY count(*) OVER (PARTITION BY past.day, past.account_id) = (SELECT models FROM look)
        """,
    ),
    Step(
        "outcome",
        "Who opened a deal, and who won one, in the days after: up to the horizon, as the books stood at its end.",
        """
        SELECT DISTINCT 'opportunity' AS outcome, as_of.day, deal_then.account_id
        FROM as_of CROSS JOIN look
        JOIN deal_then ON deal_then.created_day > as_of.day AND deal_then.created_day <= as_of.day + look.horizon
        UNION ALL
        SELECT DISTINCT 'won', as_of.day, deal_then.account_id
        FROM as_of CROSS JOIN look
        JOIN deal_then ON deal_then.closed_day > as_of.day AND deal_then.closed_day <= as_of.day + look.horizon
        WHERE deal_then.is_won AND deal_then.from_day <= as_of.day + look.horizon
          AND deal_then.to_day > as_of.day + look.horizon
        """,
    ),
    Step(
        "observation",
        "A row for each model, outcome, earlier day and target account: its score then and whether the outcome came.",
        """
        SELECT known.* EXCLUDE (had_open_deal), asked.outcome,
               CAST(outcome.account_id IS NOT NULL AS INTEGER) AS came
        FROM backtest_input AS known
        CROSS JOIN (VALUES ('opportunity'), ('won')) AS asked(outcome)
        LEFT JOIN outcome
               ON outcome.outcome = asked.outcome AND outcome.day = known.day AND outcome.account_id = known.account_id
        WHERE asked.outcome = 'won' OR NOT known.had_open_deal
        """,
    ),
)


def observe(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    candidates: Sequence[Candidate],
    days: Sequence[date],
    horizon: int,
    today: date,
    *,
    with_parts: bool = False,
) -> None:
    """Make `backtest_input` and `observation` of the models (by their position) on the days, and `scored_then`.

    `horizon`: days after each that its outcomes are looked for in. `today` is scored too. `with_parts` makes
    `part_then`, the points of each part of the scores.
    """
    programme = settings.programme
    _gather(con, settings, candidates, sorted({*days, today}), with_parts)
    for table in (T.FACT_DEAL, T.MEMBER, T.ACCOUNT):
        settings.open_lake.attach(con, table)
    con.execute("CREATE OR REPLACE TEMP TABLE as_of (day DATE)")
    con.executemany("INSERT INTO as_of VALUES (?)", [(day,) for day in days])
    con.execute(
        "CREATE OR REPLACE TEMP TABLE look AS "
        "SELECT ?::INTEGER AS horizon, ? AS account_level, ? AS zone, ?::INTEGER AS models",
        [horizon, programme.account_level, programme.reporting_timezone, len(candidates)],
    )
    run_steps(con, STEPS)


def _gather(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    candidates: Sequence[Candidate],
    days: Sequence[date],
    with_parts: bool,
) -> None:
    """What each model (by its position) gave the target accounts on the days."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE scored_then "
        "(model INTEGER, day DATE, account_id VARCHAR, score DOUBLE, percentile DOUBLE, band VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE part_then "
        "(model INTEGER, day DATE, account_id VARCHAR, part VARCHAR, points DOUBLE)"
    )

    def take(position: int, score: str, part: str) -> None:
        window = candidates[position].window
        con.execute(
            f"INSERT INTO scored_then SELECT ?, day, account_id, score, percentile, band FROM {score} "
            "WHERE window_days = ? AND percentile IS NOT NULL",
            [position, window],
        )
        if with_parts:
            con.execute(
                f"INSERT INTO part_then SELECT ?, day, account_id, part, points FROM {part} WHERE window_days = ?",
                [position, window],
            )

    missing = {}
    for position, candidate in enumerate(candidates):
        kept = _kept(settings, candidate, days)
        for day in kept:
            for table, name in ((T.ENGAGEMENT_SCORE, "kept_score"), (T.SCORE_PART, "kept_part")):
                settings.open_lake.attach(con, table, day, day, part=candidate.model.file_part, name=name)
            take(position, "kept_score", "kept_part")
        missing[position] = sorted(set(days) - set(kept))
    if wanted := sorted({day for todo in missing.values() for day in todo}):
        reach = max(candidate.window for candidate in candidates) - 1 + CHANGE_DAYS
        prepare_touches(con, settings.open_lake, settings.programme, wanted, reach)
        for position, candidate in enumerate(candidates):
            if missing[position]:
                prepare_model(con, candidate.model)
                run_steps(con, SPAN_STEPS)
            for day in missing[position]:
                run_chunk(con, [day])
                take(position, "score_row", "part_row")


def _kept(settings: Settings, candidate: Candidate, days: Iterable[date]) -> list[date]:
    """Those of the days whose rows in the lake are what would be computed now."""
    lake, part = settings.open_lake, candidate.model.file_part
    found = set(days) & set(lake.days(T.SCORE_PART, part=part)) & set(lake.days(T.ENGAGEMENT_SCORE, part=part))
    if found:
        read = inputs(candidate.model, settings.programme)
        for table in (T.ENGAGEMENT_SCORE, T.SCORE_PART):
            found -= set(lake.stale_days(table, read, part=part))
    return sorted(found)
