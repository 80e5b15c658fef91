"""Facts, identity and scores as a refresh of metrics reads them, at any size, drawn by hashes: the same every time.

Belongs here: how much of what there is, in proportion to accounts, touches, deals and days. A third of the accounts
gets most touches and deals; half of the touches are exposures, as e-mails and ads are; half of the accounts are on the
list and a tenth pays for a subscription. Every table that a metric reads has rows, so that no step has nothing to do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select
from abm_pipeline.contracts.tables import Table
from abm_pipeline.metrics._setup import champion
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.journal import stretches
from abm_pipeline.storage.lake import now_ns

START = date(2024, 1, 1)
WRITE_DAYS = 60
PEOPLE = 10
"""People of an account."""

# touch_type, channel, source, per mille of touches, exposure, named person, content, outcome, weight
_KINDS = (
    ("ad_impression", "ads", "linkedin", 220, True, False, None, None, 8),
    ("email_sent", "email", "salesforce", 270, True, True, None, None, 1),
    ("web_visit", "web", "ga4", 70, False, False, None, "engaged", 1),
    ("page_view", "web", "snowplow", 80, False, True, "page", None, 1),
    ("call", "phone", "salesforce", 60, False, True, None, "no_answer", 1),
    ("email_open", "email", "outreach", 40, False, True, None, None, 1),
    ("email_click", "email", "outreach", 15, False, True, None, None, 1),
    ("email_bounce", "email", "outreach", 8, False, True, None, None, 1),
    ("email_forward", "email", "outreach", 2, False, True, None, None, 1),
    ("email_reply", "email", "salesforce", 25, False, True, None, None, 1),
    ("call_connected", "phone", "salesforce", 25, False, True, None, "connected", 1),
    ("meeting", "meeting", "salesforce", 30, False, True, None, "held; next step", 1),
    ("meeting_no_show", "meeting", "salesforce", 5, False, True, None, "no_show", 1),
    ("event_attended", "event", "salesforce", 15, False, True, "event", "attended", 1),
    ("webinar_attended", "webinar", "zoom", 20, False, True, "webinar", "attended", 1),
    ("content_download", "content", "salesforce", 40, False, True, "whitepaper", "downloaded", 1),
    ("form_fill", "content", "salesforce", 20, False, True, "demo_request", "submitted", 1),
    ("ad_click", "ads", "linkedin", 30, False, False, None, None, 2),
    ("ad_engagement", "ads", "linkedin", 10, False, False, None, "like", 3),
    ("social_engagement", "social", "linkedin", 10, False, True, None, "comment", 1),
    ("direct_mail", "mail", "salesforce", 3, True, True, None, None, 1),
    ("direct_mail_response", "mail", "salesforce", 2, False, True, None, None, 1),
)
_WHOLE = {
    T.ACCOUNT: """SELECT 'A' || a AS account_id, 'Company ' || a AS name, 'c' || a || '.com' AS domain,
        'A' || (CASE WHEN a % 20 = 0 AND a > 0 THEN a - 1 ELSE a END) AS ultimate_parent_id,
        'Industry ' || hash(a, 1) % 12 AS industry,
        ['EMEA', 'NA', 'APAC'][CAST(1 + hash(a, 2) % 3 AS INTEGER)] AS region,
        20 + hash(a, 3) % 5000 AS employee_count,
        ['1-49', '50-249', '250-999', '1000+'][CAST(1 + hash(a, 3) % 4 AS INTEGER)] AS employee_band,
        'Rep ' || hash(a, 4) % 40 AS owner_name, DATE '{start}' AS first_seen_day, 's' AS snapshot_id
        FROM range({accounts}) t(a)""",
    T.MEMBER: """SELECT 'A' || a AS account_id, s AS source,
        CASE WHEN s = 'domain' THEN 'c' || a || '.com' ELSE a::VARCHAR END AS source_id,
        'crm' AS match_rule, 1.0 AS match_probability, false AS is_manual, 's' AS snapshot_id
        FROM range({accounts}) t(a), unnest(['salesforce', 'linkedin', 'domain']) u(s)""",
    T.PERSON: """SELECT 'salesforce' AS source, a || '-' || p AS source_id, 'salesforce:' || a || '-' || p AS person_id,
        'A' || a AS account_id, 'contact' AS person_type, false AS is_deleted, 's' AS snapshot_id,
        ['decision_maker', 'champion', 'influencer', 'user', 'other'][CAST(1 + hash(a, p) % 5 AS INTEGER)] AS role,
        TIMESTAMPTZ '{start} 00:00:00+00' + to_days(CAST(hash(a, p, 1) % {days} AS INTEGER)) AS created_at
        FROM range({accounts}) t(a), range({people}) u(p)""",
    T.PERSON_HISTORY: """SELECT 'salesforce' AS source, a || '-0' AS source_id, 'salesforce:' || a || '-0' AS person_id,
        'A' || (CASE WHEN half = 0 THEN a ELSE a - 1 END) AS account_id, 'user' AS role, 's' AS snapshot_id,
        CASE WHEN half = 1 THEN DATE '{start}' + {days} // 2 ELSE DATE '1900-01-01' END AS valid_from_day,
        CASE WHEN half = 0 THEN DATE '{start}' + {days} // 2 END AS valid_to_day
        FROM range({accounts}) t(a), range(2) u(half) WHERE a % 50 = 1""",
    T.TIER_HISTORY: """SELECT 'A' || a AS account_id, true AS is_target,
        ['one_to_one', 'one_to_few', 'one_to_many', 'one_to_many'][CAST(1 + hash(a, half) % 4 AS INTEGER)] AS tier,
        TIMESTAMPTZ '2023-06-01 00:00:00+00' + to_days(CAST(half * (214 + {days} // 2) AS INTEGER)) AS valid_from,
        CASE WHEN half = 0 THEN TIMESTAMPTZ '2023-06-01 00:00:00+00' + to_days(CAST(214 + {days} // 2 AS INTEGER)) END
        AS valid_to FROM range({accounts} // 2) t(a), range(2) u(half)""",
    T.FACT_CAMPAIGN: """SELECT 'linkedin:c' || c AS campaign_id, 'linkedin' AS source,
        'Campaign ' || c AS campaign_name, 'ads' AS channel,
        ['generic', 'industry', 'account'][CAST(1 + c % 3 AS INTEGER)] AS personalisation,
        c % 3 > 0 AS is_abm, 9000 AS budget, 'USD' AS currency,
        DATE '{start}' + CAST(c * {days} // 60 AS INTEGER) AS start_day
        FROM range(60) t(c)""",
    T.FACT_DEAL: """SELECT *, 'USD' AS currency, amount AS amount_reporting, 'none' AS kind,
        CASE WHEN no % 5 = 0 THEN 'expansion' ELSE 'new' END AS deal_type FROM deal_version_drawn""",
    T.DEAL_STAGE: """SELECT deal_id, stage, n + 1 AS stage_order, valid_from AS entered_at, valid_to AS left_at
        FROM deal_version_drawn""",
    T.LEAD_STAGE: """SELECT 'salesforce:' || a || '-' || p AS contact_key, 'salesforce:' || a AS company_key, stage,
        TIMESTAMPTZ '{start} 09:00:00+00' + to_days(CAST(hash(a, p, 1) % {days} + 20 * depth AS INTEGER)) AS entered_at
        FROM range({accounts}) t(a), range(2) u(p), (VALUES ('lead', 0), ('mql', 1), ('sql', 2)) v(stage, depth)
        WHERE hash(a, p, 7) % 3 >= depth AND entered_at < DATE '{until}'""",
    T.FACT_SUBSCRIPTION: """SELECT 'sub' || a AS subscription_id, 'salesforce:' || a AS company_key,
        DATE '{start}' - 300 + CAST(half * (hash(a) % 900) AS INTEGER) AS valid_from_day,
        CASE WHEN half = 0 OR a % 70 = 0
             THEN DATE '{start}' - 300 + CAST((1 + half) * (hash(a) % 900) + half * 30 AS INTEGER) END AS valid_to_day,
        500 + hash(a, half) % 4000 AS mrr, 'USD' AS currency, mrr AS mrr_reporting, DATE '{start}' - 300 AS started_day,
        'Enterprise' AS plan FROM range(0, {accounts}, 10) t(a), range(2) u(half)
        WHERE valid_from_day < DATE '{until}'""",
}
_DEALS = """CREATE OR REPLACE TEMP TABLE deal_version_drawn AS
    WITH drawn AS (
        SELECT i AS no, 'salesforce:d' || i AS deal_id,
               'salesforce:' || CAST(floor({accounts} * pow(hash(i, 1) % 100000 / 1e5, 1.8)) AS BIGINT) AS company_key,
               TIMESTAMPTZ '{start} 10:00:00+00' + to_days(CAST(hash(i, 2) % {days} AS INTEGER)) AS created_at,
               CAST(6 + hash(i, 3) % 160 AS INTEGER) AS cycle, hash(i, 4) % 10 < 3 AS would_win,
               1000 + hash(i, 5) % 90000 AS amount, 'Rep ' || hash(i, 6) % 40 AS owner_name
        FROM range({deals}) t(i)
    )
    SELECT d.*, n, n = 3 AS is_closed, n = 3 AND would_win AS is_won,
           CASE WHEN n = 3 THEN CAST(created_at AS DATE) + cycle END AS closed_day,
           CASE n WHEN 0 THEN 'Discovery' WHEN 1 THEN 'Proposal' WHEN 2 THEN 'Negotiation'
                  ELSE CASE WHEN would_win THEN 'Closed Won' ELSE 'Closed Lost' END END AS stage,
           created_at + to_days(CAST(CASE WHEN n = 3 THEN cycle ELSE n * cycle // 4 END AS INTEGER)) AS valid_from,
           lead(valid_from) OVER (PARTITION BY no ORDER BY n) AS valid_to
    FROM drawn d, range(4) v(n)
    WHERE created_at + to_days(CAST(CASE WHEN n = 3 THEN cycle ELSE n * cycle // 4 END AS INTEGER)) < DATE '{until}'"""
# `d` is the number of the day.
_DAILY = {
    T.TOUCH: """
        WITH drawn AS (
            SELECT i, CAST(i * {days} // {touches} AS INTEGER) AS d, CAST(hash(i, 3) % 1000 AS INTEGER) AS place,
                   CAST(floor({accounts} * pow(hash(i, 2) % 100000 / 1e5, 2)) AS BIGINT) AS a
            FROM range({first}::BIGINT * {touches} // {days}, ({last}::BIGINT + 1) * {touches} // {days} + 1) t(i)
        )
        SELECT DATE '{start}' + d AS day, 'b:' || i AS touch_id, i::VARCHAR AS source_id,
               TIMESTAMPTZ '{start} 00:00:00+00' + to_days(d) + to_minutes(CAST(hash(i, 4) % 1440 AS INTEGER))
                   AS occurred_at,
               CASE WHEN k.source IN ('linkedin', 'snowplow', 'zoom') AND k.is_named THEN NULL
                    WHEN k.source IN ('ga4', 'snowplow') THEN 'domain:c' || a || '.com'
                    WHEN k.source = 'linkedin' THEN 'linkedin:' || a ELSE 'salesforce:' || a END AS company_key,
               CASE WHEN k.is_named THEN 'salesforce:' || a || '-' || hash(i, 5) % {people} END AS contact_key,
               k.* EXCLUDE (low, high, is_named, content),
               CASE WHEN content IS NOT NULL THEN content || hash(i, 6) % 40 END AS content_id,
               CASE WHEN content <> 'page' THEN content END AS content_type,
               CASE WHEN NOT is_exposure THEN ['top', 'mid', 'bottom'][CAST(1 + hash(i, 7) % 3 AS INTEGER)] END
                   AS funnel_stage,
               CASE WHEN channel = 'ads' OR hash(i, 8) % 3 = 0 THEN 'linkedin:c' || hash(i, 9) % 60 END AS campaign_id,
               CASE WHEN touch_type IN ('web_visit', 'meeting', 'call_connected') THEN hash(i, 10) % 1800 END
                   AS duration_seconds
        FROM drawn JOIN kind k ON place >= k.low AND place < k.high WHERE d BETWEEN {first} AND {last}""",
    T.INTENT: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'bombora' AS source, 'domain:c' || a || '.com'
        AS company_key, 'topic ' || topic AS topic, 60 + hash(a, topic, d // 7) % 40 AS score,
        hash(a, topic, d // 7, 1) % 2 = 0 AS is_surging
        FROM range({first}, {last} + 1) days(d), range({accounts}) accounts(a), range(10) topics(topic)
        WHERE hash(a, topic, d // 7) % 40 = 0""",
    T.SPEND: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, c || '-' || d AS spend_id, 'linkedin' AS source,
        'linkedin:c' || c AS campaign_id, 2000 AS impressions, 40 AS clicks, 90 + c AS amount, 'USD' AS currency,
        amount AS amount_reporting FROM range({first}, {last} + 1) days(d), range(60) t(c)""",
    T.COST: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, c || '-' || d AS cost_id, 'files' AS source,
        ['media', 'content', 'tool', 'event', 'sales_time', 'sales_time'][CAST(1 + c % 6 AS INTEGER)] AS cost_category,
        CASE WHEN c % 3 > 0 THEN 'salesforce:' || hash(d, c) % {accounts} END AS company_key,
        CASE WHEN c % 6 = 0 THEN 'linkedin:c' || c % 60 END AS campaign_id, 20 + c AS amount, 'USD' AS currency,
        amount AS amount_reporting
        FROM range({first}, {last} + 1) days(d), range(GREATEST(30, {accounts} // 100)) t(c)""",
    T.FACT_USAGE: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'files' AS source, a || '-' || d AS source_id,
        'salesforce:' || a AS company_key, 'Core' AS product, 'reports' AS feature, hash(a) % 60 AS active_users,
        hash(a, d) % 900 AS events FROM range({first}, {last} + 1) days(d), range(0, {accounts}, 10) t(a)""",
    T.FACT_TICKET: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'zendesk' AS source,
        a || '-' || d AS source_id, 'salesforce:' || a AS company_key,
        ['low', 'urgent'][CAST(1 + hash(a, d, 1) % 2 AS INTEGER)] AS priority,
        day::TIMESTAMPTZ AS opened_at, day::TIMESTAMPTZ + INTERVAL 2 DAY AS solved_at
        FROM range({first}, {last} + 1) days(d), range(0, {accounts}, 10) t(a) WHERE hash(a, d) % 30 = 0""",
    T.FACT_SURVEY: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'delighted' AS source,
        a || '-' || d AS source_id, 'salesforce:' || a AS company_key, 'salesforce:' || a || '-1' AS contact_key,
        ['nps', 'csat'][CAST(1 + hash(a, d, 1) % 2 AS INTEGER)] AS survey_type, 1 + hash(a, d, 2) % 5 AS score,
        day::TIMESTAMPTZ AS answered_at
        FROM range({first}, {last} + 1) days(d), range(0, {accounts}, 10) t(a) WHERE hash(a, d) % 60 = 0""",
    T.FACT_REVIEW: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'g2' AS source, 'r' || d AS source_id,
        'g2' AS site, 1 + d % 5 AS rating, 5 AS rating_max FROM range({first}, {last} + 1) days(d)""",
    T.FACT_REFERRAL: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'files' AS source, 'r' || d AS source_id,
        'salesforce:' || hash(d) % {accounts} AS company_key, 'salesforce:' || hash(d, 1) % {accounts} AS referred_key
        FROM range({first}, {last} + 1) days(d)""",
    T.CONTACT: """SELECT DATE '{start}' + CAST(hash(a, p, 1) % {days} AS INTEGER) AS day, 'salesforce' AS source,
        a || '-' || p AS source_id, 'contact' AS person_type, a::VARCHAR AS company_source_id, 'h' || a || '-' || p
        AS email_hash, 'Person ' || p AS full_name, CASE WHEN p % 3 > 0 THEN 'Director' END AS title, 'user' AS role,
        p % 2 = 0 AS phone_known, false AS is_deleted, day::TIMESTAMPTZ AS created_at, day::TIMESTAMPTZ AS modified_at
        FROM range({accounts}) t(a), range({people}) u(p) WHERE hash(a, p, 1) % {days} BETWEEN {first} AND {last}""",
    T.COMPANY: """SELECT DATE '{start}' + CAST(hash(a, 7) % {days} AS INTEGER) AS day, 'salesforce' AS source,
        a::VARCHAR AS source_id, 'Company ' || a AS name, 'Rep ' || hash(a, 4) % 40 AS owner_name, false AS is_deleted,
        day::TIMESTAMPTZ AS created_at, day::TIMESTAMPTZ AS modified_at
        FROM range({accounts}) t(a) WHERE hash(a, 7) % {days} BETWEEN {first} AND {last}""",
    T.DEAL_LINE: """SELECT CAST(created_at AS DATE) AS day, 'salesforce' AS source, 'l' || no AS source_id,
        'd' || no AS deal_source_id, 'p1' AS product_id, 'Core' AS product, 'Platform' AS category, 1 AS quantity,
        amount AS unit_price, amount, 'USD' AS currency, false AS is_deleted, created_at AS modified_at
        FROM deal_version_drawn
        WHERE n = 0 AND CAST(created_at AS DATE) - DATE '{start}' BETWEEN {first} AND {last}""",
    T.RANKING: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'files' AS source, b || '-' || d || '-' || a
        AS source_id, 'c' || a || '.com' AS domain, b AS ranked_by, 1 + hash(a, b, d) % 1000 AS position,
        day AS ranked_day, day::TIMESTAMPTZ AS modified_at
        FROM range({first}, {last} + 1) days(d), range(200) t(a), unnest(['sales', 'marketing']) u(b)
        WHERE d % 30 = 0 AND a < {accounts}""",
    T.ENGAGEMENT_SCORE: """
        WITH drawn AS (
            SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, a, w AS window_days, a < {accounts} // 2 AS is_listed,
                   CASE WHEN d < hash(a, 1) % {days} - {days} // 4 THEN 0
                        ELSE 120 * pow(1 - a / {accounts}, 3) * (0.4 + hash(a, d // 9) % 100 / 100.0) END AS score
            FROM range({first}, {last} + 1) days(d), range({accounts}) t(a), unnest({windows}) u(w)
        )
        SELECT day, 'A' || a AS account_id, '{model}' AS model, '{version}' AS model_version, window_days, score,
               CASE WHEN is_listed THEN a + 1 END AS rank,
               CASE WHEN is_listed THEN 1 - a * 2.0 / {accounts} END AS percentile,
               CASE WHEN score = 0 THEN 'none' WHEN a * 10 < {accounts} THEN 'hot' ELSE 'cool' END AS band,
               score >= 20 AS is_engaged, hash(a) % 6 AS contacts_engaged, CAST(score AS INTEGER) AS touches,
               day - 60 AS first_touch_day, day AS last_touch_day, score / 9 AS score_change_7d
        FROM drawn""",
    T.SCORE_PART: """
        SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'A' || a AS account_id, '{version}' AS model_version,
               w AS window_days, part, 1 + hash(a, part, d) % 20 AS points, hash(a, part) % 9 AS touches
        FROM range({first}, {last} + 1) days(d), range({accounts}) t(a), unnest({windows}) u(w),
             unnest(['web_visit', 'content_download', 'form_fill', 'meeting', 'email_reply', 'intent', 'breadth'])
             v(part)
        WHERE hash(a, part, d // 20) % 2 = 0""",
    T.QUARANTINE: """SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'salesforce' AS vendor, 'opportunity' AS stream,
        'q' || d AS record_id, '1' AS version, 'deal' AS table_name, 'days_to_close' AS rule
        FROM range({first}, {last} + 1) days(d) WHERE d % 5 = 0""",
    T.ACTIVITY: """SELECT *, occurred_at AS modified_at, false AS is_deleted FROM facts.touch""",
}


@dataclass(frozen=True)
class Size:
    """How much of what there is, from START on for `days` days."""

    accounts: int
    touches: int
    deals: int
    days: int

    def __str__(self) -> str:
        return f"{self.accounts:,} accounts, {self.touches:,} touches, {self.deals:,} deals, {self.days} days"


def make(settings: Settings, size: Size, through: int, parts_from: int = 0) -> None:
    """Bring the lake to where it stands after `through` days, as runs of the layers before would.

    Days that are there stay as they are. Parts of scores are written from the day of number `parts_from` on: they are
    most of a lake, and a day reads only its own.
    """
    lake, model = settings.open_lake, champion(settings)
    if (known := len(lake.days(T.ACTIVITY))) >= through:
        return
    numbers = {**asdict(size), "people": PEOPLE, "start": START, "until": START + timedelta(days=through)}
    numbers |= {"model": model.name, "version": model.model_version, "windows": list(model.windows)}
    with connect(memory_limit="3GB", temp=settings.home / "making") as con:
        _kinds(con)
        con.execute(_DEALS.format(**numbers))
        for table, sql in _WHOLE.items():
            rule = stretches(table, settings.programme.reporting_timezone)
            lake.write_table(con, table, _typed(table, sql.format(**numbers)), computed_at=now_ns(), rule=rule)
        for first in range(known, through, WRITE_DAYS):
            last = min(first + WRITE_DAYS, through) - 1
            chunk = [START + timedelta(days=offset) for offset in range(first, last + 1)]
            for table, sql in _DAILY.items():
                if table is T.SCORE_PART and last < parts_from:
                    continue
                if table is T.ACTIVITY:
                    lake.attach(con, T.TOUCH, chunk[0], chunk[-1])
                query = _typed(table, sql.format(first=first, last=last, **numbers))
                part = model.file_part if table in (T.ENGAGEMENT_SCORE, T.SCORE_PART) else "data"
                lake.write_days(con, table, query, chunk, computed_at=now_ns(), part=part)


def _typed(table: Table, sql: str) -> str:
    """The query with the columns that it does not name, as nulls."""
    return f"{empty_select(table)} UNION ALL BY NAME SELECT COLUMNS(lambda c: c IN {list(table.columns)}) FROM ({sql})"


def _kinds(con: duckdb.DuckDBPyConnection) -> None:
    """Make `kind`: types of touches, each with its part of the thousand."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE kind (low INTEGER, high INTEGER, touch_type VARCHAR, channel VARCHAR, "
        "source VARCHAR, is_exposure BOOLEAN, is_named BOOLEAN, content VARCHAR, outcome VARCHAR, weight_count DOUBLE)"
    )
    low = 0
    for touch_type, channel, source, parts, *rest in _KINDS:
        con.execute(
            f"INSERT INTO kind VALUES ({', '.join('?' * 10)})", [low, low + parts, touch_type, channel, source, *rest]
        )
        low += parts
