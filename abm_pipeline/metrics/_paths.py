"""The paths of deals: which touches came before a deal and up to its close, and each model's share of each touch.

Belongs here: the steps from touches and deals to `touch_share`. Not here: what a model is (`_credit_models`), amounts
(`attribution`, and the metrics that read these steps).

A path is every engagement of every contact of the deal's account, in order of time, from `lookback_days` before the
deal was created: up to its creation (`created`), and up to the day it closed (`closed`). Exposures earn no credit.

A path belongs to the day on which it ended, and never changes because of later days: paths are made day by day, and
what stands is not made again. What Markov's chains need of a path is kept, by day, as counts of transitions
(`metrics.channel_transition`). Markov's effects are learned from the deals created (closed) in the year up to the day
the deal itself was created (closed), itself included: what a touch earned never changes because of deals that came
later. Every deal created is a conversion; of the deals closed the won are, and the lost are not.

A path's channels share it in proportion to their removal effects, the touches of a channel alike, so that credit adds
up deal by deal; likewise Shapley's, where a path is a game that only all of its channels win together, which its
channels share alike (additivity makes the sum of these the value of the game of all paths).
"""

from __future__ import annotations

from abm_pipeline.metrics._credit_models import MODELS, scales, share
from abm_pipeline.storage.engine import Step

LEARNED_DAYS = 365
"""The year that Markov's effects are learned from."""

START, CONVERSION, NONE = "(start)", "(conversion)", "(null)"
"""States of Markov's chains beside the channels, as the field writes them."""

CREDITED_DEAL = Step(
    "credited_deal",
    "Each deal as last known, with its latest close if it ever closed, the first day of its path, and its amount in "
    "ten-thousandths of the reporting currency.",
    """
    WITH last_version AS (
        SELECT deal_id, arg_max(d, d.valid_from) AS d, arg_max(d, d.valid_from) FILTER (d.is_closed) AS c
        FROM facts.deal d GROUP BY deal_id
    )
    SELECT v.deal_id, u.account_no, v.d.created_at AS created_at, v.d.is_won AS is_won,
           coalesce(v.c.is_won AND v.c.closed_day IS NOT NULL, false) AS was_won, v.c.closed_day AS closed_day,
           CAST(timezone(p.reporting_timezone, v.d.created_at) AS DATE) AS created_day,
           created_day - CAST(a.lookback_days AS INTEGER) AS first_day,
           CAST(v.d.amount_reporting * 10000 AS BIGINT) AS units
    FROM last_version v LEFT JOIN company_unit u ON u.company_key = v.d.company_key, params p, attribution_choice a
    """,
)
MILESTONE = Step(
    "milestone",
    "When the account of a deal first had a lead and a qualified one within the lookback before the deal; a date "
    "without a time is the end of its day.",
    """
    WITH entered AS (
        SELECT coalesce(r.account_no, c.account_no) AS account_no, l.stage,
               CASE WHEN date_trunc('day', timezone(p.reporting_timezone, l.entered_at))
                         = timezone(p.reporting_timezone, l.entered_at)
                    THEN l.entered_at + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND ELSE l.entered_at END AS entered_at,
               CAST(timezone(p.reporting_timezone, l.entered_at) AS DATE) AS day
        FROM facts.lead_stage l CROSS JOIN params p
        LEFT JOIN person_at r ON r.contact_key = l.contact_key
              AND CAST(timezone(p.reporting_timezone, l.entered_at) AS DATE) BETWEEN r.from_day AND r.until_day
        LEFT JOIN company_unit c ON c.company_key = l.company_key
    )
    SELECT d.deal_id, min(e.entered_at) FILTER (e.stage = 'lead') AS lead_at,
           min(e.entered_at) FILTER (e.stage = 'sql') AS sql_at
    FROM credited_deal d JOIN entered e
      ON e.account_no = d.account_no AND e.day BETWEEN d.first_day AND d.created_day
    GROUP BY d.deal_id
    """,
)
ENGAGEMENT = Step(
    "engagement",
    "Engagements of the accounts that are `traced`, from the first day that anybody asks for. A visit without a "
    "campaign is direct. A sales channel's touch is sales', as is e-mail without a campaign; all else is marketing's.",
    """
    WITH placed AS (
        SELECT coalesce(c.account_no, r.account_no) AS account_no, t.*
        FROM facts.touch t
        SEMI JOIN engaging_type e ON e.touch_type = t.touch_type
        LEFT JOIN company_unit c ON c.company_key = t.company_key
        LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
        WHERE NOT t.is_exposure
    )
    SELECT t.account_no, t.day, t.occurred_at, t.touch_id, t.channel,
           hash(t.touch_type, t.campaign_id, t.content_type) AS kind,
           t.touch_type IN ('web_visit', 'page_view') AND t.campaign_id IS NULL AS is_direct,
           s.channel IS NULL AND (t.channel <> 'email' OR t.campaign_id IS NOT NULL) AS is_marketing
    FROM placed t JOIN traced a ON a.account_no = t.account_no AND t.day >= a.from_day
    LEFT JOIN sales_channel s ON s.channel = t.channel
    """,
)
KIND = Step(
    "engagement_kind",
    "What touches of one kind have in common; long names are not carried along every path.",
    """
    SELECT DISTINCT hash(t.touch_type, t.campaign_id, t.content_type) AS kind, t.touch_type, t.campaign_id,
           t.content_type
    FROM facts.touch t WHERE NOT t.is_exposure
    """,
)
ENDED = Step(
    "ended",
    "The paths that ended on the days asked for, numbered.",
    """
    SELECT CAST(row_number() OVER (ORDER BY ending, deal_id) AS INTEGER) AS path_no, * FROM (
        SELECT 'created' AS ending, created_day AS day, CAST(NULL AS DATE) AS last_day, true AS is_converted, *
        FROM credited_deal WHERE created_day IN (SELECT day FROM days)
        UNION ALL
        SELECT 'closed', closed_day, closed_day, was_won, * FROM credited_deal
        WHERE closed_day IN (SELECT day FROM days)
    )
    """,
)
PATH = Step(
    "path",
    "The touches of each path in order, and the channel of the next.",
    """
    SELECT e.path_no, t.touch_id, t.channel, t.kind, t.occurred_at, t.day, t.is_direct, t.is_marketing,
           t.occurred_at <= e.created_at AS is_before,
           CAST(row_number() OVER in_time AS INTEGER) AS position, lead(t.channel) OVER in_time AS next_channel
    FROM ended e JOIN engagement t
      ON t.account_no = e.account_no AND t.day >= e.first_day
     AND (t.occurred_at <= e.created_at OR t.day <= e.last_day)
    WINDOW in_time AS (PARTITION BY e.path_no ORDER BY t.occurred_at, t.touch_id)
    """,
)
TRANSITION = Step(
    "transition",
    "How often a touch of one channel followed another, by the day the paths ended.",
    f"""
    WITH step AS (
        SELECT e.day, e.ending, p.channel,
               coalesce(p.next_channel, CASE WHEN e.is_converted THEN '{CONVERSION}' ELSE '{NONE}' END) AS next_channel
        FROM path p JOIN ended e USING (path_no)
        UNION ALL
        SELECT e.day, e.ending, '{START}', p.channel FROM path p JOIN ended e USING (path_no) WHERE p.position = 1
    )
    SELECT day, ending, channel, next_channel, count(*) AS paths FROM step GROUP BY ALL
    """,
)
EFFECT = Step(
    "effect",
    "Each channel's removal effect, in billionths, on the days on which the paths ended, learned from the year up to "
    "the day. States are numbered: channels, then the start (or a conversion), then none.",
    f"""
    WITH known AS (
        SELECT channel, row_number() OVER (ORDER BY channel) AS state, count(*) OVER () AS k
        FROM (SELECT DISTINCT channel FROM metrics.channel_transition WHERE channel <> '{START}')
    ),
    size AS (SELECT count(*) AS k FROM known),
    asked AS (SELECT DISTINCT ending, day FROM ended),
    counted AS (
        SELECT t.ending, t.day, coalesce(s.state, z.k + 1) AS source,
               coalesce(n.state, CASE WHEN t.next_channel = '{CONVERSION}' THEN z.k + 1 ELSE z.k + 2 END) AS target,
               t.paths
        FROM metrics.channel_transition t CROSS JOIN size z
        LEFT JOIN known s ON s.channel = t.channel LEFT JOIN known n ON n.channel = t.next_channel
        UNION ALL
        SELECT a.ending, a.day, s.source, t.target, 0 FROM asked a CROSS JOIN size z
        CROSS JOIN LATERAL (SELECT unnest(range(1, z.k + 2)) AS source) s
        CROSS JOIN LATERAL (SELECT unnest(range(1, z.k + 3)) AS target) t
    ),
    learned AS (
        SELECT ending, day, source, target,
               sum(sum(paths)) OVER (PARTITION BY ending, source, target ORDER BY day
                   RANGE BETWEEN INTERVAL {LEARNED_DAYS - 1} DAY PRECEDING AND CURRENT ROW) AS paths
        FROM counted GROUP BY ending, day, source, target
    ),
    solved AS (
        SELECT ending, day, removal_effects(list(CAST(paths AS DOUBLE) ORDER BY source, target)) AS effects
        FROM learned SEMI JOIN asked USING (ending, day) GROUP BY ending, day
    )
    SELECT s.ending, s.day, c.channel, CAST(round(s.effects[c.state] * 1e9) AS BIGINT) AS effect
    FROM solved s CROSS JOIN known c
    """,
    is_local=True,
)
PATH_CHANNEL = Step(
    "path_channel",
    "Touches of each channel in a path, and the effect that holds for it.",
    """
    SELECT h.*, f.effect
    FROM (SELECT path_no, channel, count(*) AS of_channel FROM path GROUP BY path_no, channel) h
    JOIN ended e USING (path_no)
    LEFT JOIN effect f ON f.ending = e.ending AND f.day = e.day AND f.channel = h.channel
    """,
)
_DECAY = (
    "CAST(round(pow(2, 40 - (epoch_us(s.last_at) - epoch_us(p.occurred_at)) / 86400e6 / c.half_life_days)) AS BIGINT)"
)
"""2^40 × ½ per half-life before the last touch: whole numbers, whose sum no order changes."""

WHOLE_PATH = Step(
    "whole_path",
    "What the models need to know of a whole path; a milestone stands at the last touch up to it.",
    f"""
    WITH span AS (
        SELECT p.path_no, count(*) AS n, max(p.occurred_at) AS last_at,
               max(p.position) FILTER (NOT p.is_direct) AS nondirect_position,
               max(p.position) FILTER (p.is_before AND p.occurred_at <= m.lead_at) AS lead_position,
               max(p.position) FILTER (p.is_before AND p.occurred_at <= m.sql_at) AS sql_position,
               nullif(count(*) FILTER (p.is_before), 0) AS opportunity_position
        FROM path p JOIN ended e USING (path_no) LEFT JOIN milestone m USING (deal_id) GROUP BY p.path_no
    ),
    decayed AS (
        SELECT p.path_no, sum({_DECAY}) AS decays
        FROM path p JOIN span s USING (path_no) CROSS JOIN attribution_choice c GROUP BY p.path_no
    ),
    removed AS (
        SELECT path_no, count(*) AS channels, sum(effect) AS effects FROM path_channel GROUP BY path_no
    ),
    placed AS (
        SELECT s.*, y.decays, r.channels, r.effects,
               CASE WHEN e.ending = 'closed' AND e.was_won THEN s.n END AS won_position
        FROM span s JOIN ended e USING (path_no) JOIN decayed y USING (path_no) JOIN removed r USING (path_no)
    )
    SELECT p.*, {scales()} FROM placed p CROSS JOIN attribution_choice
    """,
)
TOUCH_SHARE = Step(
    "touch_share",
    "Each touch's share of its path under every model.",
    f"""
    WITH row_of_path AS (
        SELECT p.touch_id, p.channel, p.kind, p.position, h.of_channel, h.effect, s.*, c.*, {_DECAY} AS decay
        FROM path p JOIN whole_path s USING (path_no)
        JOIN path_channel h ON h.path_no = p.path_no AND h.channel = p.channel
        CROSS JOIN attribution_choice c
    )
    SELECT path_no, touch_id, channel, kind, position, {", ".join(f"{share(model)} AS {model}" for model in MODELS)}
    FROM row_of_path
    """,
    is_view=True,
)
DEALS = (CREDITED_DEAL, MILESTONE)
"""After the steps of `_base` that place touches: `unit`, `company_unit`, `person_unit`, `person_at`."""
TOUCHES = (ENGAGEMENT, KIND)
"""After `traced`: which accounts' touches are read, and from which day on."""
PATHS = (PATH, TRANSITION)
"""After `ended`: the paths of a chunk of days."""
SHARES = (EFFECT, PATH_CHANNEL, WHOLE_PATH, TOUCH_SHARE)
"""After `metrics.channel_transition` of the year up to these days."""
STEPS = (*DEALS, *TOUCHES, ENDED, *PATHS, *SHARES)
