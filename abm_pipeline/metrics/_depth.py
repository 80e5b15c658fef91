"""What each account did in the quarter up to a day: content consumed and how deep in the funnel, meetings, calls.

Belongs here: the part that content_depth, content_gap and their like share, and meetings and calls per account. Counts
over rolling windows are made as in `_accounts`: of what arrives and leaves.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import Type
from abm_pipeline.metrics._happenings import CONTENT, HAPPENED, HAPPENED_READS
from abm_pipeline.metrics._kept import Kept
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

REACH_DAYS = 90
"""Window of what is counted here."""

AWARENESS_PIECES = 5
"""So many pieces of the top of the funnel, and none deeper: stuck at awareness."""

MANY_TYPES = 3
"""From so many types of content on, an account is said to convert faster."""

_PARTS = ("content_download", "form_fill", "webinar_attended", "event_attended", "page_view", "web_visit")
_KINDS = ("pieces", "top_pieces", "mid_pieces", "bottom_pieces", "meetings", "calls")

DEPTH_ITEM = Kept(
    "depth_item",
    {"account_id": Type.TEXT, "kind": Type.TEXT, "item": Type.TEXT, "weight": Type.INT},
    key=("account_id", "kind", "item"),
    asked="SELECT day FROM touched",
    window_days=REACH_DAYS,
    reads=lambda _: HAPPENED_READS,
    steps=(
        *HAPPENED,
        Step(
            "depth_item",
            "What is counted: a piece of content (by its id, else its type) once a window, and once for each place in "
            "the funnel; a meeting and a call for themselves.",
            f"""
            WITH piece AS (
                SELECT account_no, day, coalesce(content_id, content_type) AS item, funnel_stage
                FROM happening WHERE {CONTENT}
            ),
            seen AS (
                SELECT 'pieces' AS kind, account_no, item, 1 AS weight, day FROM piece
                UNION ALL
                SELECT funnel_stage || '_pieces', account_no, item, 1, day FROM piece WHERE funnel_stage IS NOT NULL
                UNION ALL
                SELECT 'meetings', account_no, CAST(CAST(extract(epoch FROM begins_at) AS BIGINT) AS VARCHAR), 1, day
                FROM met WHERE is_first AND is_held
                UNION ALL
                SELECT 'calls', account_no, CAST(day AS VARCHAR), CAST(sum(events) AS INTEGER), day
                FROM happening WHERE touch_type = 'call_connected' GROUP BY account_no, day
            )
            SELECT DISTINCT s.* EXCLUDE (account_no), f.account_id
            FROM seen s SEMI JOIN days USING (day) JOIN firm f USING (account_no)
            """,
        ),
    ),
)

DEPTH = Part(
    "depth_day",
    kept=(DEPTH_ITEM,),
    reads=(Input(T.SCORE_PART),),
    steps=(
        Step(
            "depth_level",
            "From a day on: how many of each are within the window.",
            f"""
            WITH item AS (
                SELECT i.day, i.kind, f.account_no, i.weight, hash(i.item) AS item
                FROM depth_item i JOIN firm f USING (account_id), params p
                WHERE i.day BETWEEN p.first_day - {REACH_DAYS - 1} AND p.last_day
            ),
            stay AS (
                SELECT kind, account_no, weight, day, day - lag(day) OVER w AS since, lead(day) OVER w - day AS until
                FROM item WINDOW w AS (PARTITION BY kind, account_no, item ORDER BY day)
            ),
            edge AS (
                SELECT kind, account_no, day, weight FROM stay WHERE since IS NULL OR since >= {REACH_DAYS}
                UNION ALL
                SELECT kind, account_no, day + {REACH_DAYS}, -weight FROM stay
                WHERE until IS NULL OR until >= {REACH_DAYS}
            ),
            change AS (
                SELECT account_no, greatest(day, first_day) AS day,
                       {", ".join(f"coalesce(sum(weight) FILTER (kind = '{k}'), 0) AS {k}" for k in _KINDS)}
                FROM edge, params WHERE day <= last_day GROUP BY account_no, greatest(day, first_day)
            )
            SELECT account_no, day AS from_day, {", ".join(f"CAST(sum({k}) OVER w AS BIGINT) AS {k}" for k in _KINDS)}
            FROM change WINDOW w AS (PARTITION BY account_no ORDER BY day)
            """,
        ),
        Step(
            "content_score",
            "Points that content brings to the champion's score over its longest window.",
            f"""
            SELECT s.day, s.account_id, CAST(sum(CAST(s.points AS DECIMAL(18, 4))) AS DECIMAL(18, 4)) AS points
            FROM scoring.score_part s JOIN params p
              ON s.model_version = p.model_version AND s.window_days = p.score_window
            SEMI JOIN days USING (day)
            WHERE s.part IN ({", ".join(f"'{part}'" for part in _PARTS)})
            GROUP BY s.day, s.account_id
            """,
        ),
        Step(
            "depth_day",
            "Each account's content, meetings and calls of the 90 days up to each day.",
            f"""
            SELECT a.day, a.account_id, coalesce(l.pieces, 0) AS content_pieces,
                   coalesce(c.points, 0) AS content_points,
                   CASE WHEN l.bottom_pieces > 0 THEN 'bottom' WHEN l.mid_pieces > 0 THEN 'mid'
                        WHEN l.top_pieces > 0 THEN 'top' END AS content_stage,
                   coalesce(l.top_pieces >= {AWARENESS_PIECES} AND l.mid_pieces = 0 AND l.bottom_pieces = 0, false)
                       AS is_stuck_at_awareness,
                   coalesce(l.meetings, 0) AS meetings_90d, coalesce(l.calls, 0) AS calls_answered_90d
            FROM (
                SELECT a.day, a.account_id, f.account_no FROM account_day a JOIN firm f USING (account_id)
            ) a
            ASOF LEFT JOIN depth_level l ON l.account_no = a.account_no AND l.from_day <= a.day
            LEFT JOIN content_score c ON c.day = a.day AND c.account_id = a.account_id
            """,
        ),
    ),
    columns=(
        "content_pieces",
        "content_points",
        "content_stage",
        "is_stuck_at_awareness",
        "meetings_90d",
        "calls_answered_90d",
    ),
)
LISTED = f"""(
    SELECT a.*, {REACH_DAYS} AS window_days, d.* EXCLUDE (day, account_id)
    FROM account_day a JOIN depth_day d USING (day, account_id) WHERE a.is_listed)"""
"""Listed accounts with what they did."""

ENGAGED = LISTED.replace("a.is_listed)", "a.is_listed AND a.is_engaged)")
"""The same, of engaged accounts."""

CONSUMING = LISTED.replace("a.is_listed)", "a.is_listed AND d.content_pieces > 0)")
"""The same, of those that consumed any content."""
