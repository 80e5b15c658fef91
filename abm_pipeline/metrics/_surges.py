"""Surges that are new or have risen: the days on which an account's interest in a topic began or grew.

Belongs here: the part of intent_surge. A topic surges anew on a day if it did on none of the seven days before; it has
risen if its score is at least RISE above the most it was on those days. Providers' scales differ, so each is compared
with itself; a provider that said nothing in those seven days says nothing about what is new (the day it is connected
would be all surges).
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

WEEK_DAYS = 7
RISE = 10
"""Points by which a score must grow within a week to have risen: less is noise of a weekly score from 0 to 100."""

SURGES = Part(
    "surge_count",
    choices=("bombora_topics",),
    reads=(Input(T.INTENT, 2 * WEEK_DAYS),),
    steps=(
        Step(
            "surging",
            "Tracked topics on which an account surges at a provider, by day; several records of an account are one.",
            """
            SELECT c.account_id, i.source, i.topic, i.day, max(i.score) AS score
            FROM facts.intent i JOIN company_unit c USING (company_key), params p
            WHERE i.is_surging AND i.day > p.first_day - 14 AND (
                (i.source, i.topic) IN (SELECT (source, topic) FROM tracked_topic)
                OR i.source NOT IN (SELECT source FROM tracked_topic)
            )
            GROUP BY ALL
            """,
        ),
        Step(
            "surge_event",
            "New and risen surges of an account and topic on a day; new, if any provider says so.",
            f"""
            WITH told AS (SELECT DISTINCT source, day FROM facts.intent),
            spoke AS (
                SELECT a.source, a.day FROM told a JOIN told b ON b.source = a.source AND b.day < a.day
                    AND b.day >= a.day - {WEEK_DAYS}
                GROUP BY ALL
            ),
            compared AS (
                SELECT *, max(score) OVER (
                    PARTITION BY account_id, source, topic ORDER BY day
                    RANGE BETWEEN INTERVAL {WEEK_DAYS} DAYS PRECEDING AND INTERVAL 1 DAY PRECEDING
                ) AS score_before
                FROM surging
            )
            SELECT account_id, topic, day, min(CASE WHEN score_before IS NULL THEN 'new' ELSE 'risen' END) AS surge
            FROM compared SEMI JOIN spoke USING (source, day), params p
            WHERE day > p.first_day - {WEEK_DAYS} AND (score_before IS NULL OR score >= score_before + {RISE})
            GROUP BY account_id, topic, day
            """,
        ),
        Step(
            "surge_week",
            "The week up to each day: an account and topic counts once, as new if it was on any of its days.",
            f"""
            SELECT d.day, {WEEK_DAYS} AS window_days, e.account_id, e.topic, min(e.surge) AS surge
            FROM surge_event e JOIN days d ON d.day BETWEEN e.day AND e.day + {WEEK_DAYS - 1}
            GROUP BY d.day, e.account_id, e.topic
            """,
        ),
        Step(
            "surge_count",
            "Surges of each account in the week.",
            """
            SELECT a.day, a.account_id, count(s.topic) AS intent_surges_7d
            FROM account_day a LEFT JOIN surge_week s USING (day, account_id) GROUP BY a.day, a.account_id
            """,
        ),
    ),
    columns=("intent_surges_7d",),
)
