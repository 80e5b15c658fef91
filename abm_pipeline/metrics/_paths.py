"""The paths of deals: which touches came before a deal and up to its close, and each model's share of each touch.

Belongs here: the steps from touches and deals to `touch_share`. Not here: what a model is (`_credit_models`), amounts
(`attribution`, and the metrics that read these steps).

A path is every engagement of every contact of the deal's account, in order of time, from `lookback_days` before the
deal was created: up to its creation (`created`), and up to the day it closed (`closed`). Exposures earn no credit.

Markov's effects are learned from the deals created (closed) in the year up to the day the deal itself was created
(closed), itself included: what a touch earned never changes because of deals that came later. Every deal created is a
conversion; of the deals closed the won are, and the lost are not. A path's channels share it in proportion to their
removal effects, the touches of a channel alike, so that credit adds up deal by deal; likewise Shapley's, where a path
is a game that only all of its channels win together, which its channels share alike (additivity makes the sum of these
the value of the game of all paths).
"""

from __future__ import annotations

from abm_pipeline.metrics._credit_models import ENDS, MODELS, scales, share
from abm_pipeline.storage.engine import Step

LEARNED_DAYS = 365
"""The year that Markov's effects are learned from."""

CREDITED_DEAL = Step(
    "credited_deal",
    "Each deal as last known, numbered, with its latest close if it ever closed, the first day of its path, and its "
    "amount in ten-thousandths of the reporting currency.",
    """
    WITH last_version AS (
        SELECT deal_id, arg_max(d, d.valid_from) AS d, arg_max(d, d.valid_from) FILTER (d.is_closed) AS c
        FROM facts.deal d GROUP BY deal_id
    )
    SELECT v.deal_id, CAST(row_number() OVER (ORDER BY v.deal_id) AS INTEGER) AS deal_no, u.account_no, u.account_id,
           v.d.created_at AS created_at, v.d.is_won AS is_won, v.d.valid_to IS NULL AS is_there,
           coalesce(v.c.is_won AND v.c.closed_day IS NOT NULL, false) AS was_won, v.c.closed_day AS closed_day,
           CAST(timezone(p.reporting_timezone, v.d.created_at) AS DATE) AS created_day,
           created_day - CAST(a.lookback_days AS INTEGER) AS first_day,
           CAST(v.d.amount_reporting * 10000 AS BIGINT) AS units
    FROM last_version v LEFT JOIN company_unit u ON u.company_key = v.d.company_key, params p, attribution_choice a
    """,
)
ENGAGEMENT = Step(
    "engagement",
    "Engagements of accounts that have a deal. A visit without a campaign is direct. A sales channel's touch is "
    "sales', as is e-mail without a campaign; all else is marketing's.",
    """
    SELECT coalesce(c.account_no, r.account_no) AS account_no, t.day, t.occurred_at, t.touch_id, t.touch_type,
           t.channel, t.campaign_id, t.content_type,
           t.touch_type IN ('web_visit', 'page_view') AND t.campaign_id IS NULL AS is_direct,
           s.channel IS NULL AND (t.channel <> 'email' OR t.campaign_id IS NOT NULL) AS is_marketing
    FROM facts.touch t
    SEMI JOIN engaging_type e ON e.touch_type = t.touch_type
    LEFT JOIN company_unit c ON c.company_key = t.company_key
    LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
    LEFT JOIN sales_channel s ON s.channel = t.channel
    WHERE NOT t.is_exposure AND coalesce(c.account_no, r.account_no) IN (SELECT account_no FROM credited_deal)
    """,
)
PATH = Step(
    "path",
    "The touches of each deal in order, and the channel of the next.",
    """
    SELECT d.deal_no, t.touch_id, t.touch_type, t.channel, t.campaign_id, t.content_type, t.occurred_at, t.day,
           t.is_direct, t.is_marketing, t.occurred_at <= d.created_at AS is_before,
           CAST(row_number() OVER in_time AS INTEGER) AS position, lead(t.channel) OVER in_time AS next_channel
    FROM credited_deal d JOIN engagement t
      ON t.account_no = d.account_no AND t.day >= d.first_day
     AND (t.occurred_at <= d.created_at OR t.day <= d.closed_day)
    WINDOW in_time AS (PARTITION BY d.deal_no ORDER BY t.occurred_at, t.touch_id)
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
    SELECT d.deal_no, min(e.entered_at) FILTER (e.stage = 'lead') AS lead_at,
           min(e.entered_at) FILTER (e.stage = 'sql') AS sql_at
    FROM credited_deal d JOIN entered e
      ON e.account_no = d.account_no AND e.day BETWEEN d.first_day AND d.created_day
    GROUP BY d.deal_no
    """,
)
DEAL_SPAN = Step(
    "deal_span",
    "Of each path: its length at both ends, and the positions of the last touch up to each milestone.",
    """
    SELECT p.deal_no, count(*) FILTER (p.is_before) AS n_created, count(*) AS n_closed,
           max(p.occurred_at) FILTER (p.is_before) AS last_created, max(p.occurred_at) AS last_closed,
           max(p.position) FILTER (p.is_before AND NOT p.is_direct) AS nondirect_created,
           max(p.position) FILTER (NOT p.is_direct) AS nondirect_closed,
           max(p.position) FILTER (p.is_before AND p.occurred_at <= m.lead_at) AS lead_created,
           max(p.position) FILTER (p.is_before AND p.occurred_at <= m.sql_at) AS sql_created
    FROM path p LEFT JOIN milestone m USING (deal_no) GROUP BY p.deal_no
    """,
)


def _decay(end: str) -> str:
    """SQL for 2^40 × ½ per half-life before the last touch: whole numbers, whose sum no order changes."""
    age = f"greatest(epoch_us(s.last_{end}) - epoch_us(p.occurred_at), 0)"  # touches after the end count elsewhere
    return f"CAST(round(pow(2, 40 - {age} / 86400e6 / c.half_life_days)) AS BIGINT)"


def _at_both(text: str) -> str:
    """The text for `created` and for `closed`, with a comma between."""
    return ", ".join(text.replace("{e}", end) for end in ENDS)


PATH_CHANNEL = Step(
    "path_channel",
    "Touches of each channel in a path, at both ends.",
    """
    SELECT deal_no, channel, count(*) FILTER (is_before) AS of_channel_created, count(*) AS of_channel_closed
    FROM path GROUP BY deal_no, channel
    """,
)
CHANNEL = Step(
    "channel_number",
    "Channels, numbered; Markov's states.",
    "SELECT channel, row_number() OVER (ORDER BY channel) AS channel_no FROM (SELECT DISTINCT channel FROM path)",
)
TRANSITION = Step(
    "transition",
    "How often a touch of one channel followed another, by the day the deal was created or closed; the start is the "
    "number after the channels', as is a conversion, and then none.",
    """
    WITH size AS (SELECT count(*) AS k FROM channel_number),
    ended AS (
        SELECT 'created' AS ending, p.deal_no, d.created_day AS day, p.channel,
               CASE WHEN p.position < s.n_created THEN p.next_channel END AS next_channel, true AS is_converted,
               p.position
        FROM path p JOIN deal_span s USING (deal_no) JOIN credited_deal d USING (deal_no) WHERE p.is_before
        UNION ALL
        SELECT 'closed', p.deal_no, d.closed_day, p.channel, p.next_channel, d.was_won, p.position
        FROM path p JOIN credited_deal d USING (deal_no) WHERE d.closed_day IS NOT NULL
    ),
    step AS (
        SELECT e.ending, e.day, c.channel_no AS source,
               coalesce(n.channel_no, CASE WHEN e.is_converted THEN z.k + 1 ELSE z.k + 2 END) AS target
        FROM ended e JOIN channel_number c USING (channel)
        LEFT JOIN channel_number n ON n.channel = e.next_channel CROSS JOIN size z
        UNION ALL
        SELECT e.ending, e.day, z.k + 1, c.channel_no
        FROM ended e JOIN channel_number c USING (channel) CROSS JOIN size z WHERE e.position = 1
    )
    SELECT ending, day, source, target, count(*) AS paths FROM step GROUP BY ALL
    """,
)
EFFECT = Step(
    "effect",
    "Each channel's removal effect, in billionths, on the days on which a deal was created or closed, learned from the "
    "year up to the day.",
    f"""
    WITH size AS (SELECT count(*) AS k FROM channel_number),
    grid AS (
        SELECT d.ending, d.day, s.source, t.target
        FROM (SELECT DISTINCT ending, day FROM transition) d CROSS JOIN size z
        CROSS JOIN LATERAL (SELECT unnest(range(1, z.k + 2)) AS source) s
        CROSS JOIN LATERAL (SELECT unnest(range(1, z.k + 3)) AS target) t
    ),
    learned AS (
        SELECT g.ending, g.day, g.source, g.target,
               sum(coalesce(t.paths, 0)) OVER (PARTITION BY g.ending, g.source, g.target ORDER BY g.day
                   RANGE BETWEEN INTERVAL {LEARNED_DAYS - 1} DAY PRECEDING AND CURRENT ROW) AS paths
        FROM grid g LEFT JOIN transition t USING (ending, day, source, target)
    ),
    solved AS (
        SELECT ending, day, removal_effects(list(CAST(paths AS DOUBLE) ORDER BY source, target)) AS effects
        FROM learned GROUP BY ending, day
    )
    SELECT s.ending, s.day, c.channel, CAST(round(s.effects[c.channel_no] * 1e9) AS BIGINT) AS effect
    FROM solved s CROSS JOIN channel_number c
    """,
)
CHANNEL_EFFECT = Step(
    "channel_effect",
    "The effects that hold for a deal, for the channels of its path.",
    """
    SELECT h.deal_no, h.channel, h.of_channel_created, h.of_channel_closed,
           CASE WHEN h.of_channel_created > 0 THEN a.effect END AS effect_created, b.effect AS effect_closed
    FROM path_channel h JOIN credited_deal d USING (deal_no)
    LEFT JOIN effect a ON a.ending = 'created' AND a.day = d.created_day AND a.channel = h.channel
    LEFT JOIN effect b ON b.ending = 'closed' AND b.day = d.closed_day AND b.channel = h.channel
    """,
)
DEAL_PATH = Step(
    "deal_path",
    "What the models need to know of a whole path.",
    f"""
    WITH decayed AS (
        SELECT p.deal_no, sum({_decay("created")}) FILTER (p.is_before) AS decays_created,
               sum({_decay("closed")}) AS decays_closed
        FROM path p JOIN deal_span s USING (deal_no) CROSS JOIN attribution_choice c GROUP BY p.deal_no
    ),
    removed AS (
        SELECT deal_no, count(*) FILTER (of_channel_created > 0) AS channels_created, count(*) AS channels_closed,
               sum(effect_created) AS effects_created, sum(effect_closed) AS effects_closed
        FROM channel_effect GROUP BY deal_no
    ),
    placed AS (
        SELECT s.*, d.units, d.is_won, d.is_there, y.decays_created, y.decays_closed,
               r.* EXCLUDE (deal_no), s.lead_created AS lead_closed, s.sql_created AS sql_closed,
               nullif(s.n_created, 0) AS opportunity_created, nullif(s.n_created, 0) AS opportunity_closed,
               CAST(NULL AS BIGINT) AS won_created, CASE WHEN d.was_won THEN s.n_closed END AS won_closed
        FROM deal_span s JOIN credited_deal d USING (deal_no) JOIN decayed y USING (deal_no)
        JOIN removed r USING (deal_no)
    )
    SELECT p.*, {scales("created")}, {scales("closed")} FROM placed p CROSS JOIN attribution_choice
    """,
)
TOUCH_SHARE = Step(
    "touch_share",
    "Each touch's share of each path under every model.",
    f"""
    WITH row_of_path AS (
        SELECT p.deal_no, p.touch_id, p.channel, p.campaign_id, p.content_type, p.position,
               {_at_both("e.of_channel_{e}, e.effect_{e}")}, s.* EXCLUDE (deal_no, last_created, last_closed), c.*,
               {_decay("created")} AS decay_created, {_decay("closed")} AS decay_closed
        FROM path p JOIN deal_path s USING (deal_no)
        JOIN channel_effect e ON e.deal_no = p.deal_no AND e.channel = p.channel
        CROSS JOIN attribution_choice c
    )
    SELECT deal_no, touch_id, channel, campaign_id, content_type, position, n_created, n_closed, units, is_won,
           is_there, {", ".join(f"{share(model, end)} AS {model}_{end}" for end in ENDS for model in MODELS)}
    FROM row_of_path
    """,
    is_view=True,
)
STEPS = (
    CREDITED_DEAL,
    ENGAGEMENT,
    PATH,
    MILESTONE,
    DEAL_SPAN,
    PATH_CHANNEL,
    CHANNEL,
    TRANSITION,
    EFFECT,
    CHANNEL_EFFECT,
    DEAL_PATH,
    TOUCH_SHARE,
)
"""After the steps of `_base` that place touches: `unit`, `company_unit`, `person_unit`, `person_at`."""
