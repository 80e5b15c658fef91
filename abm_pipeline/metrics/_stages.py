"""Stays in deal stages that have ended: what the metrics of deal stages share.

A stay counts on the day it ends, so that a deal that still sits in a stage is not taken as done, and with the stage as
it was then, whatever the deal's stage is today. Days are calendar days in the reporting zone. Segments are those at the
deal's creation.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._spec import Part
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

STAGE_SEGMENTS = ("program", "tier", "deal_stage")
"""Dimensions of the metrics of deal stages."""

HISTORY_DAYS = 365
"""Days before the window that a stage's own history is taken from."""


def _closed_order(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    con.execute("CREATE OR REPLACE TABLE closed_stage AS SELECT ? AS stage_order", [len(programme.open_stages) + 1])


STAGES = Part(
    "deal_stages",
    prepare=_closed_order,
    choices=("open_stages",),
    once=(
        Step(
            "stay",
            "Ended stays in open stages: how long, and whether the deal went on: to a later open stage (any other, "
            "where the order is not known) or to won.",
            """
            WITH segment AS (
                SELECT deal_id, any_value(program) AS program, any_value(tier) AS tier FROM deal GROUP BY deal_id
            ),
            moved AS (
                SELECT s.*, lead(s.stage_order) OVER (PARTITION BY s.deal_id ORDER BY s.entered_at) AS next_order
                FROM facts.deal_stage s
            )
            SELECT m.deal_id, m.stage AS deal_stage, coalesce(g.program, 'non_abm') AS program,
                   coalesce(g.tier, 'none') AS tier,
                   CAST(timezone(p.reporting_timezone, m.left_at) AS DATE) AS left_day,
                   left_day - CAST(timezone(p.reporting_timezone, m.entered_at) AS DATE) AS stay_days,
                   CASE WHEN v.is_closed THEN v.is_won
                        ELSE coalesce(m.next_order > m.stage_order, true) END AS is_forward
            FROM moved m CROSS JOIN params p CROSS JOIN closed_stage c
            LEFT JOIN segment g USING (deal_id)
            LEFT JOIN facts.deal v ON v.deal_id = m.deal_id AND v.valid_from = m.left_at
            WHERE m.left_at IS NOT NULL AND (m.stage_order IS NULL OR m.stage_order < c.stage_order)
            """,
        ),
    ),
    steps=(
        Step(
            "stay_day",
            "Stays that ended in the trailing window of each day.",
            f"""
            WITH expanded AS (
                SELECT s.*, unnest(generate_series(greatest(s.left_day, p.first_day),
                           least(s.left_day + {DEAL_WINDOW_DAYS - 1}, p.last_day), INTERVAL 1 DAY))::DATE AS day
                FROM stay s, params p
            )
            SELECT *, {DEAL_WINDOW_DAYS} AS window_days FROM expanded SEMI JOIN days USING (day)
            """,
        ),
    ),
    reads=(Input(T.DEAL_STAGE),),
)
"""Makes `stay` and `stay_day` (day, window_days, deal_id, deal_stage, program, tier, stay_days, is_forward)."""
