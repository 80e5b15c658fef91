"""Tickets opened in the window, by priority as the helpdesk names it and by list and tier of the day."""

from __future__ import annotations

from abm_pipeline.metrics._segments import COUNTED, by_segment
from abm_pipeline.metrics._signals import HEALTH, VOLUME_DAYS
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SEGMENTS = ("program", "tier", "priority")

SPEC = MetricSpec(
    id="tickets",
    title="Support tickets",
    formula="Tickets opened in the last 30 days.",
    unit="tickets",
    grain="tickets",
    window_days=(VOLUME_DAYS,),
    segments=SEGMENTS,
    guides=("G3",),
    statistic="count",
    parts=(HEALTH,),
    example="Three tickets in June, one of them urgent: 3, urgent 1.",
    steps=(
        Step(
            "ticket_day",
            "Tickets of the window of each day.",
            f"""
            SELECT d.day, {VOLUME_DAYS} AS window_days, t.priority,
                   CASE WHEN l.account_id IS NULL THEN 'non_abm' ELSE 'abm' END AS program,
                   coalesce(l.tier, 'none') AS tier
            FROM days d JOIN ticket_placed t ON t.day > d.day - {VOLUME_DAYS} AND t.day <= d.day
            LEFT JOIN listed l ON l.account_id = t.account_id AND l.day = d.day
            """,
        ),
        Step(
            "tickets",
            "Counted in every segment.",
            by_segment(
                "ticket_day",
                COUNTED,
                SEGMENTS,
            ),
        ),
    ),
)
