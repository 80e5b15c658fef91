"""What part of a deal each channel, campaign and type of content earned, and how its path went: `deal_credit`.

Belongs here: the steps from the shares of touches (`_paths`) to shares of deals. A share never changes with the day, so
metrics of a day read this table instead of touches. Each row counts from a day on: what earned the pipeline from the
day the deal was created, what earned the revenue from the day it closed.
"""

from __future__ import annotations

from abm_pipeline.metrics._credit_models import ENDS, MODELS
from abm_pipeline.storage.engine import Step

UNATTRIBUTED = "unattributed"
DIMENSIONS = ("channel", "campaign", "content_type")
RULES = ("three_engagements", "recent_engagement", "abm_event")
"""What makes a deal of a listed account influenced, each by itself."""

RECENT_DAYS = 60
"""An engagement so shortly before a deal was created makes it influenced."""

_COLUMNS = [f"{model}_{end}" for end in ENDS for model in MODELS]
WHOLE = 10**12
"""A whole deal, in the unit of shares."""


def _shares(end: str) -> str:
    return ", ".join(f"s.{model}_{end} AS share_{model}" for model in MODELS)


DEAL_SHARE = Step(
    "deal_share",
    "What part of a deal each channel, campaign and type of content earned, in 10^-12; all of it `unattributed` for a "
    "path without touches.",
    f"""
    WITH named AS (
        SELECT * EXCLUDE (campaign_id, content_type), coalesce(campaign_id, 'none') AS campaign,
               coalesce(content_type, 'none') AS content_type
        FROM touch_share
    ),
    split AS (
        SELECT deal_no,
               CASE WHEN grouping(channel) = 0 THEN 'channel' WHEN grouping(campaign) = 0 THEN 'campaign'
                    ELSE 'content_type' END AS dimension,
               coalesce(channel, campaign, content_type) AS dimension_value,
               {", ".join(f"CAST(sum(CAST(round({c} * {WHOLE}) AS BIGINT)) AS BIGINT) AS {c}" for c in _COLUMNS)}
        FROM named GROUP BY GROUPING SETS ((deal_no, channel), (deal_no, campaign), (deal_no, content_type))
    ),
    -- Nothing before the deal: its pipeline is unattributed, even if touches up to its close share its revenue.
    unmet AS (
        SELECT d.deal_no, unnest({list(DIMENSIONS)}) AS dimension, '{UNATTRIBUTED}' AS dimension_value,
               {
        ", ".join(
            f"CASE WHEN coalesce(s.n_{end}, 0) = 0 THEN {WHOLE} ELSE 0 END AS {model}_{end}"
            for end in ENDS
            for model in MODELS
        )
    }
        FROM credited_deal d LEFT JOIN deal_span s USING (deal_no) WHERE coalesce(s.n_created, 0) = 0
    )
    SELECT * FROM split UNION ALL BY NAME SELECT * FROM unmet
    """,
)
DEAL_STORY = Step(
    "deal_story",
    "How a deal's path began and went on: whether marketing's touch was the first, when marketing first touched it "
    "once it was open, and what makes it influenced.",
    f"""
    WITH helped AS (
        SELECT d.deal_no, t.day AS helped_day
        FROM credited_deal d
        ASOF JOIN (SELECT account_no, occurred_at, day FROM engagement WHERE is_marketing) t
          ON t.account_no = d.account_no AND d.created_at < t.occurred_at
        WHERE t.day <= coalesce(d.closed_day, DATE '9999-12-31')
    )
    SELECT d.deal_no, any_value(h.helped_day) AS helped_day,
           coalesce(arg_min(p.is_marketing, p.position) FILTER (p.is_before), false) AS is_sourced,
           count(p.position) >= 3 AS is_three_engagements,
           coalesce(bool_or(p.is_before AND p.day >= d.created_day - {RECENT_DAYS}), false) AS is_recent_engagement,
           coalesce(bool_or(p.touch_type IN ('event_attended', 'webinar_attended') AND m.is_abm), false)
               AS is_abm_event
    FROM credited_deal d LEFT JOIN helped h USING (deal_no) LEFT JOIN path p USING (deal_no)
    LEFT JOIN facts.campaign m ON m.campaign_id = p.campaign_id
    GROUP BY d.deal_no
    """,
)


def _influence(rule: str) -> str:
    return (
        f"UNION ALL SELECT d.deal_id, 'closed', 'story', '{rule}', d.closed_day "
        f"FROM credited_deal d JOIN deal_story t USING (deal_no) WHERE d.was_won AND t.is_{rule}"
    )


STEPS = (
    DEAL_SHARE,
    DEAL_STORY,
    Step(
        "deal_credit_row",
        "Shares and stories, each from the day that it counts from.",
        f"""
        WITH told AS (
            SELECT d.deal_id, 'created' AS ending, 'story' AS dimension, 'sourced' AS dimension_value,
                   d.created_day AS valid_from_day
            FROM credited_deal d JOIN deal_story t USING (deal_no) WHERE t.is_sourced
            UNION ALL
            SELECT d.deal_id, 'created', 'story', 'helped', t.helped_day
            FROM credited_deal d JOIN deal_story t USING (deal_no) WHERE t.helped_day IS NOT NULL
            {" ".join(map(_influence, RULES))}
        )
        SELECT d.deal_id, 'created' AS ending, s.dimension, s.dimension_value, d.created_day AS valid_from_day,
               {_shares("created")}
        FROM deal_share s JOIN credited_deal d USING (deal_no) WHERE s.linear_created > 0
        UNION ALL
        SELECT d.deal_id, 'closed', s.dimension, s.dimension_value, d.closed_day, {_shares("closed")}
        FROM deal_share s JOIN credited_deal d USING (deal_no) WHERE d.was_won AND s.linear_closed > 0
        UNION ALL BY NAME
        SELECT * FROM told
        """,
    ),
)
"""After those of `_paths`; the last yields the rows of `deal_credit`."""
