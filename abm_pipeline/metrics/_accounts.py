"""The wide account table: one row per account on the list (or with a score or a deal) and day.

Belongs here: the steps from touches, intent, people, deals and scores to `account_day`, which the account metrics
aggregate and `account_metrics_daily` publishes.

Counts over rolling windows are not made by joining windows with days. An item (a person, a channel …) seen on day t is
present until t + W − 1. Sorted by day, it *arrives* on a day that comes W or more after the one before and *leaves* W
after a day that has none in the W after it. Arrivals and leavings are few, so a count on any day is a running sum over
them, and the work grows with what happened, not with window × days. Of the days before the first one asked for, only
an item's last matters.
"""

from __future__ import annotations

from collections.abc import Sequence

from abm_pipeline.metrics._segments import quintile
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step

ENGAGED_DAYS = 90
"""Window of penetration, covered flags and content types."""

INTENT_DAYS = 30
"""Window of intent coverage: the guides speak of accounts researching "this month"."""

CHANNELS = (
    "email", "phone", "meeting", "event", "webinar", "content", "ads", "web", "social", "chat", "mail", "survey",
)  # fmt: skip
ROLES = ("decision_maker", "champion", "influencer", "user")
"""Roles of a buying committee whose absence is a gap."""


_KINDS = ("contacts", "roles", "content", "channels_60", "channels_90", "aware", "topics", "providers")


def _bit(column: str, names: tuple[str, ...]) -> str:
    """SQL for the bit of a name; the next one is for all that are not listed."""
    bits = " ".join(f"WHEN '{name}' THEN {1 << i}" for i, name in enumerate(names))
    return f"CASE {column} {bits} ELSE {1 << len(names)} END"


def has_channel(mask: str, *channels: str) -> str:
    """SQL for "any of the channels stands in the mask"."""
    return f"({mask} & {sum(1 << CHANNELS.index(channel) for channel in channels)}) <> 0"


TOUCH_DAY = Step(
    "touch_day",
    "What distinct things happened to an account on a day. It is the company's account; the person's where the company "
    "is not told or belongs to no account. What did not reach anybody is left out. An engagement is "
    "no exposure, and of a type with points in the champion.",
    """
    WITH placed AS (
        SELECT coalesce(c.account_no, r.account_no) AS account_no, t.day, t.channel,
               hash(r.person_id) AS contact, r.person_id IS NOT NULL AS is_named, r.role,
               t.content_type, NOT t.is_exposure AND e.touch_type IS NOT NULL AS is_engagement
        FROM facts.touch t
        LEFT JOIN company_unit c ON c.company_key = t.company_key
        LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
        LEFT JOIN engaging_type e ON e.touch_type = t.touch_type
        JOIN params p ON t.day > p.first_day - greatest(90, p.aware_window)
        WHERE t.touch_type NOT IN (SELECT touch_type FROM failed_type)
    )
    SELECT account_no, channel, is_engagement,
           CASE WHEN is_engagement AND is_named THEN contact END AS contact,
           CASE WHEN is_engagement THEN role END AS role,
           CASE WHEN is_engagement THEN content_type END AS content_type,
           greatest(day, p.first_day) AS day_or_first, max(day) AS day
    FROM placed, params p WHERE account_no IS NOT NULL
    GROUP BY ALL
    """,
)
SURGE_DAY = Step(
    "surge_day",
    "Tracked topics on which an account surged, by day; all of a provider's where the programme lists none.",
    """
    SELECT c.account_no, i.source, i.topic, greatest(i.day, p.first_day) AS day_or_first, max(i.day) AS day
    FROM facts.intent i JOIN company_unit c USING (company_key), params p
    WHERE i.is_surging AND (
        (i.source, i.topic) IN (SELECT (source, topic) FROM tracked_topic)
        OR i.source NOT IN (SELECT source FROM tracked_topic)
    )
    GROUP BY ALL
    """,
)
PROVIDER = Step(
    "provider",
    "Intent providers, each with a bit.",
    """
    SELECT source, CAST(1 AS BIGINT) << (row_number() OVER (ORDER BY source) - 1) AS bit
    FROM (SELECT DISTINCT source FROM facts.intent)
    """,
)
PROVIDER_DAY = Step(
    "provider_day",
    "The providers that told of anything in the window up to each day: what comes later in a range of days, or was "
    "before the window, does not show.",
    f"""
    SELECT d.day, b.source, b.bit
    FROM days d JOIN (SELECT DISTINCT day, source FROM facts.intent) i
      ON i.day BETWEEN d.day - {INTENT_DAYS - 1} AND d.day
    JOIN provider b USING (source)
    GROUP BY ALL
    """,
)
ITEM = Step(
    "item",
    "What is counted over which window: items seen on a day, each kind with its weight (a bit, where a set is made).",
    f"""
    WITH seen AS (
        SELECT 'contacts' AS kind, account_no, contact AS item, 1 AS weight, day FROM touch_day
        WHERE contact IS NOT NULL
        UNION ALL
        SELECT 'roles', account_no, hash(role), {_bit("role", ROLES)}, day FROM touch_day WHERE role IS NOT NULL
        UNION ALL
        SELECT 'content', account_no, hash(content_type), 1, day FROM touch_day WHERE content_type IS NOT NULL
        UNION ALL
        SELECT 'channels', account_no, hash(channel), {_bit("channel", CHANNELS)}, day FROM touch_day
        UNION ALL
        SELECT 'topics', account_no, hash(topic), 1, day FROM surge_day
        UNION ALL
        SELECT 'providers', account_no, hash(source), b.bit, day FROM surge_day JOIN provider b USING (source)
    )
    SELECT kind, account_no, item, weight, max(day) AS day FROM seen, params p
    GROUP BY kind, account_no, item, weight, greatest(day, p.first_day)
    """,
)
REACH = Step(
    "reach",
    "From a day on (until the account's next row): how many persons and content types are engaged, and which roles, "
    "channels and intent providers are present, each in its rolling window. Sets are sums of bits.",
    f"""
    WITH stay AS (
        SELECT kind, account_no, weight, day, day - lag(day) OVER by_day AS since, lead(day) OVER by_day - day AS until
        FROM item WINDOW by_day AS (PARTITION BY kind, account_no, item ORDER BY day)
    ),
    counted AS (
        SELECT kind AS kind_of_item, kind, {ENGAGED_DAYS} AS days
        FROM (VALUES ('contacts'), ('roles'), ('content')) v(kind)
        UNION ALL SELECT kind, kind, {INTENT_DAYS} FROM (VALUES ('topics'), ('providers')) v(kind)
        UNION ALL SELECT 'channels', 'channels_60', 60
        UNION ALL SELECT 'channels', 'channels_90', 90
        UNION ALL SELECT 'channels', 'aware', aware_window FROM params
    ),
    edge AS (
        SELECT c.kind, s.account_no, s.day, s.weight FROM stay s JOIN counted c ON c.kind_of_item = s.kind
        WHERE s.since IS NULL OR s.since >= c.days
        UNION ALL
        SELECT c.kind, s.account_no, s.day + c.days, -s.weight FROM stay s JOIN counted c ON c.kind_of_item = s.kind
        WHERE s.until IS NULL OR s.until >= c.days
    ),
    change AS (
        SELECT account_no, greatest(day, first_day) AS day,
               {", ".join(f"coalesce(sum(weight) FILTER (kind = '{k}'), 0) AS {k}" for k in _KINDS)}
        FROM edge, params WHERE day <= last_day GROUP BY account_no, greatest(day, first_day)
    )
    SELECT account_no, day AS from_day,
           {", ".join(f"CAST(sum({k}) OVER upto AS BIGINT) AS {k}" for k in _KINDS)}
    FROM change
    WINDOW upto AS (PARTITION BY account_no ORDER BY day ROWS UNBOUNDED PRECEDING)
    """,
)
PEOPLE_LEVEL = Step(
    "people_level",
    "From a day on: how many people of an account are known.",
    """
    WITH edge AS (
        SELECT account_id, person_id, stay_day AS day, 1 AS records FROM person_stay
        UNION ALL
        SELECT account_id, person_id, last_day + 1, -1 FROM person_stay WHERE last_day < DATE '9999-12-30'
    ),
    level AS (
        SELECT account_id, person_id, day,
               sum(sum(records)) OVER (PARTITION BY account_id, person_id ORDER BY day) > 0 AS is_known
        FROM edge GROUP BY account_id, person_id, day
    ),
    change AS (
        SELECT account_id, day, CAST(is_known AS INTEGER) - CAST(lag(is_known, 1, false) OVER (
                   PARTITION BY account_id, person_id ORDER BY day) AS INTEGER) AS people
        FROM level
    )
    SELECT account_id, day AS from_day,
           CAST(sum(sum(people)) OVER (PARTITION BY account_id ORDER BY day) AS BIGINT) AS contacts_known
    FROM change WHERE people <> 0 GROUP BY account_id, day
    """,
)
UNIVERSE = Step(
    "universe",
    "Accounts that have a row on a day: on the list, with a score, or with a deal.",
    """
    SELECT day, account_id FROM listed
    UNION
    SELECT day, account_id FROM score_day WHERE account_id IN (SELECT account_id FROM firm)
    UNION
    SELECT d.day, l.account_id
    FROM days d
    JOIN (SELECT account_id, min(from_day) AS from_day FROM deal_level GROUP BY account_id) l ON l.from_day <= d.day
    """,
)
MEDIA = Step(
    "media",
    "Which platforms delivered paid ads in the 90 days up to each day.",
    f"""
    SELECT d.day, s.source FROM days d JOIN (
        SELECT DISTINCT day, source FROM facts.spend WHERE company_key IS NULL AND (amount > 0 OR impressions > 0)
    ) s ON s.day BETWEEN d.day - {ENGAGED_DAYS - 1} AND d.day
    GROUP BY ALL
    """,
)
MATCHED = Step(
    "matched",
    "Accounts that a platform knows, of those that delivered ads.",
    """
    SELECT DISTINCT d.day, u.unit_id AS account_id
    FROM identity.member m JOIN unit u USING (account_id) JOIN media d ON d.source = m.source
    """,
)
STAGE = """CASE WHEN d.won_deals > 0 THEN 'customer'
                WHEN d.open_deals > 0 THEN 'opportunity'
                WHEN e.score >= p.qualified_min_score AND coalesce(r.contacts, 0) >= p.qualified_min_contacts
                     THEN 'qualified'
                WHEN e.is_engaged THEN 'engaged'
                WHEN r.aware <> 0 THEN 'aware'
                ELSE 'unaware' END"""
"""SQL for the journey stage, from the deepest up, of a level of deals `d`, a score `e`, a reach `r` and `params p`."""

ACCOUNT_DAY = Step(
    "account_day",
    "Everything known of an account as of a day: list, segments, score, reach, deals, journey stage.",
    f"""
    SELECT u.day, u.account_id, f.name, f.domain, f.industry, f.region, f.employee_band, f.owner, f.owner_name,
           l.account_id IS NOT NULL AS is_listed, l.tier AS listed_tier,
           CASE WHEN l.account_id IS NULL THEN 'non_abm' ELSE 'abm' END AS program, coalesce(l.tier, 'none') AS tier,
           coalesce({quintile("s")}, 'unknown') AS engagement_quintile,
           s.score, s.rank, s.band, coalesce(s.is_engaged, false) AS is_engaged, s.score_change_7d, s.touches,
           s.last_touch_day, f.committee_low, f.committee_high,
           coalesce(k.contacts_known, 0) AS contacts_known,
           coalesce(r.contacts, 0) AS contacts_engaged, coalesce(r.roles, 0) AS roles_engaged,
           coalesce(r.content, 0) AS content_types,
           coalesce(r.channels_60, 0) AS channels_60, coalesce(r.channels_90, 0) AS channels_90,
           coalesce(r.channels_90, 0) <> 0 AS is_covered,
           coalesce(r.topics, 0) AS intent_topics_surging, coalesce(r.providers, 0) AS providers,
           coalesce(d.open_deals, 0) AS open_deals, coalesce(d.open_pipeline, 0) AS open_pipeline,
           coalesce(d.won_revenue, 0) AS won_revenue,
           CASE WHEN r.channels_90 <> 0 THEN NULL
                WHEN f.domain IS NULL THEN 'no_domain'
                WHEN coalesce(k.contacts_known, 0) = 0 THEN 'no_contacts'
                WHEN NOT EXISTS (SELECT 1 FROM media b WHERE b.day = u.day) THEN 'no_budget'
                WHEN m.account_id IS NULL THEN 'not_matched_on_platform'
                ELSE 'below_privacy_threshold' END AS uncovered_reason,
           {STAGE} AS stage
    FROM universe u CROSS JOIN params p
    JOIN firm f ON f.account_id = u.account_id
    LEFT JOIN listed l ON l.account_id = u.account_id AND l.day = u.day
    LEFT JOIN score_day s ON s.account_id = u.account_id AND s.day = u.day AND s.window_days = p.score_window
    LEFT JOIN score_day e ON e.account_id = u.account_id AND e.day = u.day AND e.window_days = p.journey_window
    LEFT JOIN matched m ON m.account_id = u.account_id AND m.day = u.day
    ASOF LEFT JOIN reach r ON r.account_no = f.account_no AND r.from_day <= u.day
    ASOF LEFT JOIN deal_level d ON d.account_id = u.account_id AND d.from_day <= u.day
    ASOF LEFT JOIN people_level k ON k.account_id = u.account_id AND k.from_day <= u.day
    """,
)
STEPS = (
    TOUCH_DAY,
    SURGE_DAY,
    PROVIDER,
    PROVIDER_DAY,
    ITEM,
    REACH,
    PEOPLE_LEVEL,
    UNIVERSE,
    MEDIA,
    MATCHED,
    ACCOUNT_DAY,
)

_GAPS = ", ".join(f"CASE WHEN roles_engaged & {1 << i} = 0 THEN '{role}' END" for i, role in enumerate(ROLES))
_PUBLISH = f"""
    SELECT day, account_id, name, program, listed_tier AS tier, industry, region, employee_band, owner_name, stage,
           score AS engagement_score, rank, band, is_engaged, score_change_7d, is_covered,
           {has_channel("channels_90", "email")} AS is_covered_email,
           {has_channel("channels_90", "phone")} AS is_covered_phone,
           {has_channel("channels_90", "meeting")} AS is_covered_meeting,
           {has_channel("channels_90", "event", "webinar")} AS is_covered_event,
           {has_channel("channels_90", "content")} AS is_covered_content,
           {has_channel("channels_90", "ads")} AS is_covered_ads,
           {has_channel("channels_90", "web")} AS is_covered_web,
           {has_channel("channels_90", "social")} AS is_covered_social,
           {has_channel("channels_90", "chat")} AS is_covered_chat,
           {has_channel("channels_90", "mail")} AS is_covered_mail,
           uncovered_reason, contacts_known, contacts_engaged, committee_low, committee_high,
           CAST(contacts_engaged AS DOUBLE) / nullif(committee_high, 0) AS penetration_low,
           CAST(contacts_engaged AS DOUBLE) / nullif(committee_low, 0) AS penetration_high,
           concat_ws(',', {_GAPS}) AS role_gaps, intent_topics_surging, content_types, touches, last_touch_day,
           open_deals, open_pipeline, won_revenue"""


def publish(parts: Sequence[Part]) -> str:
    """SQL for the rows of `account_metrics_daily`: what stands here, and the columns that parts bring."""
    beside = [part for part in parts if part.columns]
    columns = "".join(f", {part.name}.{column}" for part in beside for column in part.columns)
    joins = "".join(
        f"\n    LEFT JOIN (SELECT day, account_id, {', '.join(part.columns)} FROM {part.name}) AS {part.name} "
        "USING (day, account_id)"
        for part in beside
    )
    return f"{_PUBLISH}{columns}\n    FROM account_day{joins}"
