"""How much happened per channel with the target list: sums over 30 and 90 days, and rates of them.

Belongs here: the part `volume`, and the SPECs of counts and rates over it. What happened counts in the segment that
the account was in on that day: a later tier move takes nothing along. Sums are of what is on the list on the day.

The happenings of a day are counted by kind and segment once, and kept; then what comes into and goes out of each
window is summed, so that the work grows with the touches and not with the windows.
"""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.metrics._happenings import CONTENT, HAPPENED, HAPPENED_READS
from abm_pipeline.metrics._kept import Kept
from abm_pipeline.metrics._spec import MetricSpec, Part, Statistic
from abm_pipeline.metrics._starts import WINDOWS
from abm_pipeline.storage.engine import Step

VOLUME_SEGMENTS = ("tier", "industry", "region", "employee_band")
_SETS = ", ".join(f"(c.day, c.source, c.kind, c.split, {each})" for each in VOLUME_SEGMENTS)
_NAMES = " ".join(f"WHEN grouping({each}) = 0 THEN '{each}'" for each in VOLUME_SEGMENTS)

VOLUME_DAY = Kept(
    "volume_day",
    {
        **dict.fromkeys(("source", "kind", "split", "dimension", "dimension_value"), Type.TEXT),
        "amount": Type.INT,
    },
    key=("source", "kind", "split", "dimension", "dimension_value"),
    asked="SELECT day FROM touched",
    window_days=max(WINDOWS),
    reads=lambda _: HAPPENED_READS,
    steps=(
        *HAPPENED,
        Step(
            "counted",
            "How much of each kind happened at an account on a day. A mail opened, clicked or handed on several times "
            "in a day counts once; the source is told where a rate must ask only those that tell.",
            f"""
            WITH consumed AS (
                SELECT * FROM happening WHERE {CONTENT} AND touch_type <> 'web_visit'
                UNION ALL
                -- A visit is its page, where the source does not tell the pages by themselves.
                SELECT h.* FROM (SELECT * FROM happening WHERE {CONTENT} AND touch_type = 'web_visit') h
                ANTI JOIN (SELECT * FROM happening WHERE touch_type = 'page_view')
                USING (account_no, day, source, content_id)
            )
            SELECT account_no, day, source, touch_type AS kind, '' AS split,
                   count(DISTINCT (contact_key, campaign_id, content_id)) AS amount
            FROM happening WHERE touch_type IN ('email_open', 'email_click', 'email_forward') GROUP BY ALL
            UNION ALL
            SELECT account_no, day, source, touch_type, '', sum(events) FROM happening
            WHERE touch_type IN ('email_sent', 'email_bounce', 'email_reply', 'page_view') GROUP BY ALL
            UNION ALL
            SELECT account_no, day, source, 'page_seconds', '', sum(seconds) FROM happening
            WHERE touch_type = 'web_visit' GROUP BY ALL
            UNION ALL
            SELECT account_no, day, '', touch_type, '', sum(events) FROM happening
            WHERE touch_type IN ('call', 'call_connected', 'content_download', 'event_attended', 'webinar_attended',
                                 'direct_mail', 'direct_mail_response') GROUP BY ALL
            UNION ALL
            SELECT account_no, day, '', 'social',
                   CASE WHEN regexp_matches(outcome, 'like|reaction') THEN 'like'
                        WHEN regexp_matches(outcome, 'share|repost') THEN 'share'
                        WHEN outcome LIKE '%comment%' THEN 'comment'
                        WHEN outcome LIKE '%follow%' THEN 'follow'
                        WHEN touch_type = 'ad_engagement' THEN 'on_ads' ELSE 'other' END, sum(events)
            FROM happening WHERE touch_type IN ('social_engagement', 'ad_engagement') GROUP BY ALL
            UNION ALL
            SELECT account_no, day, '', CASE WHEN is_held THEN 'meeting' ELSE 'meeting_no_show' END, '', count(*)
            FROM met WHERE is_first GROUP BY ALL
            UNION ALL
            SELECT account_no, day, '', 'meeting_next_step', '', count(*) FROM met
            WHERE is_first AND is_held AND has_next_step GROUP BY ALL
            UNION ALL
            SELECT account_no, day, '', 'meeting_role',
                   CASE WHEN role IN ('decision_maker', 'influencer', 'champion') THEN role ELSE 'other' END,
                   count(DISTINCT begins_at)
            FROM met WHERE is_role_there GROUP BY ALL
            UNION ALL
            SELECT account_no, day, '', 'engagement', channel || '/' || touch_type, sum(events)
            FROM happening WHERE is_engagement GROUP BY ALL
            UNION ALL
            SELECT account_no, day, '', 'content', coalesce(funnel_stage, 'unknown'), sum(events)
            FROM consumed GROUP BY ALL
            UNION ALL
            SELECT account_no, day, '', 'content_fit', personalisation, sum(events) FROM consumed GROUP BY ALL
            """,
        ),
        Step(
            "volume_day",
            "The same for the accounts on the list on the day, in each segment.",
            f"""
            WITH here AS (
                SELECT c.account_no, c.day, arg_min(l.tier, l.tier_rank) AS tier
                FROM (SELECT DISTINCT account_no, day FROM counted) c
                JOIN firm f USING (account_no)
                JOIN listed_span l ON l.account_id = f.account_id AND c.day BETWEEN l.from_day AND l.until_day
                GROUP BY ALL
            )
            SELECT c.day, c.source, c.kind, c.split, CASE {_NAMES} ELSE 'all' END AS dimension,
                   coalesce({", ".join(VOLUME_SEGMENTS)}, 'all') AS dimension_value,
                   CAST(sum(c.amount) AS BIGINT) AS amount
            FROM counted c SEMI JOIN days USING (day) JOIN here USING (account_no, day) JOIN firm f USING (account_no)
            GROUP BY GROUPING SETS ((c.day, c.source, c.kind, c.split), {_SETS})
            """,
        ),
    ),
)

VOLUME = Part(
    "volume",
    kept=(VOLUME_DAY,),
    steps=(
        Step(
            "volume",
            "The sums over the windows up to each day: what came in less what went out. A kind that was there has a "
            "row on every day, if with 0.",
            f"""
            WITH kept AS (SELECT v.*, w.window_days FROM volume_day v, (VALUES {", ".join(f"({w})" for w in WINDOWS)})
                          w(window_days)),
            edge AS (
                SELECT k.* REPLACE (greatest(day, first_day) AS day) FROM kept k, params
                WHERE day > first_day - window_days AND day <= last_day
                UNION ALL BY NAME
                SELECT k.* REPLACE (CAST(day + window_days AS DATE) AS day, -amount AS amount) FROM kept k, params
                WHERE day > first_day - window_days AND day + window_days <= last_day
                UNION ALL BY NAME
                SELECT d.day, k.*, 0 AS amount
                FROM (SELECT DISTINCT * EXCLUDE (day, amount) FROM kept) k, days d
            ),
            change AS (
                SELECT day, window_days, dimension, dimension_value, source, kind, split, sum(amount) AS amount
                FROM edge GROUP BY ALL
            ),
            summed AS (
                SELECT * EXCLUDE (amount), CAST(sum(amount) OVER (
                    PARTITION BY window_days, dimension, dimension_value, source, kind, split ORDER BY day
                ) AS BIGINT) AS amount
                FROM change
            )
            SELECT * FROM summed SEMI JOIN days USING (day) WHERE amount <> 0
            """,
        ),
    ),
)


def _in(kinds: tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(repr(kind) for kind in kinds)})"


def _spec(
    identifier: str, title: str, formula: str, example: str, statistic: Statistic, unit: str, sql: str, *more: str
) -> MetricSpec:
    return MetricSpec(
        id=identifier,
        title=title,
        formula=formula,
        unit=unit,
        grain="happenings at target accounts",
        window_days=WINDOWS,
        segments=(*VOLUME_SEGMENTS, *more),
        guides=("G2", "G4"),
        statistic=statistic,
        parts=(VOLUME,),
        example=example,
        steps=(Step(identifier, f"{title}, in every segment and window.", sql),),
    )


def volume_count(
    identifier: str, title: str, formula: str, example: str, kinds: tuple[str, ...], unit: str, **splits: str
) -> MetricSpec:
    """The SPEC of a count of `kinds`; `splits` are further dimensions, each an SQL value of a row (null: no part)."""
    total = "CAST(sum(amount) AS BIGINT) AS numerator, CAST(NULL AS BIGINT) AS denominator, " \
            "CAST(sum(amount) AS BIGINT) AS n"  # fmt: skip
    sql = f"SELECT day, window_days, dimension, dimension_value, {total} FROM volume WHERE {_in(kinds)} GROUP BY ALL"
    for name, value in splits.items():
        sql += (
            f"\nUNION ALL BY NAME SELECT day, window_days, '{name}' AS dimension, {value} AS dimension_value, {total} "
            f"FROM volume WHERE dimension = 'all' AND {value} IS NOT NULL GROUP BY day, window_days, {value}"
        )
    return _spec(identifier, title, formula, example, "count", unit, sql, *splits)


def volume_rate(
    identifier: str,
    title: str,
    formula: str,
    example: str,
    over: tuple[str, ...],
    under: tuple[str, ...],
    *,
    statistic: Statistic = "proportion",
    unit: str = "share",
    is_asked: bool = False,
) -> MetricSpec:
    """The SPEC of kinds `over` ÷ kinds `under`; if `is_asked`, of the sources alone that told of both in the window."""
    counts = f"""
        SELECT day, window_days, dimension, dimension_value, source,
               coalesce(sum(amount) FILTER ({_in(over)}), 0) AS x, coalesce(sum(amount) FILTER ({_in(under)}), 0) AS y
        FROM volume WHERE {_in((*over, *under))} GROUP BY ALL"""
    asked = (
        "SEMI JOIN (SELECT * FROM counts WHERE dimension = 'all' AND x > 0 AND y > 0) USING (day, window_days, source)"
    )
    sql = f"""
        WITH counts AS ({counts})
        SELECT day, window_days, dimension, dimension_value, CAST(sum(x) AS BIGINT) AS numerator,
               CAST(sum(y) AS BIGINT) AS denominator, CAST(sum(y) AS BIGINT) AS n
        FROM counts {asked if is_asked else ""} GROUP BY day, window_days, dimension, dimension_value"""
    return _spec(identifier, title, formula, example, statistic, unit, sql)
