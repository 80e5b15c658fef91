"""Rows of files as canonical rows.

What a row says holds from the last write of its file. Where a newer version of the file says all anew (`is_complete`),
the rows of the older one end just before it; the newer one says again what still holds. A file that vanishes ends
nothing.

A company on a list is a company record of its own, one a list, so that lists don't contradict each other; it carries
tier and target flag to the history of tiers. Days of validity that a list tells are told on as changes of both. A
person of a committee map, or of whom only the e-mail address is known, is a record under the hash of the address.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.tables import Table
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping
from abm_pipeline.sources.files._targets import TARGETS

# Rows of a stream, and again where they ended.
_TOLD = """
WITH version AS (
    SELECT name, modified, lead(modified) OVER (PARTITION BY name ORDER BY modified) AS next_at FROM ref."file"
),
told AS (
    SELECT r.*, r."_file.id" AS id, r."_file.modified" AS modified_at, false AS is_over FROM src.{stream} AS r
    UNION ALL
    SELECT r.*, r."_file.id", v.next_at - INTERVAL 1 MICROSECOND, true
    FROM src.{stream} AS r JOIN version AS v ON v.name = r."_file.name" AND v.modified = r."_file.modified"
    WHERE v.next_at IS NOT NULL
)
"""
# Who it is about; a domain may be written as a website, a host or an e-mail address.
_COMPANY_OF = "r.company_id AS company_source_id, registrable_domain(r.domain) AS domain"


def _select(table: Table, columns: str, *, ends: bool = True) -> Select:
    """Rows of the target's table; with `ends` it knows that a row is over."""
    stream = table.name
    if not ends:
        told = 'r."_file.id" AS source_id, r."_file.modified" AS modified_at'
        sql = f"SELECT r._from, {told}, {columns} FROM src.{stream} AS r"
        return Select(table, stream, sql)
    over = "r.id AS source_id, r.modified_at, r.is_over AS is_deleted"
    return Select(table, stream, f"{_TOLD.format(stream=stream)} SELECT r._from, {over}, {columns} FROM told AS r")


_LISTED = (
    _TOLD.format(stream="list_membership")
    + """,
listed AS (
    SELECT *, 'list:' || list_name || ':' || coalesce(company_id, registrable_domain(domain)) AS company,
        coalesce(is_target, tier IS NOT NULL) AS is_wanted, is_target IS NOT NULL OR tier IS NOT NULL AS says_tier
    FROM told
)
"""
)

_MEMBERSHIP = f"""
{_LISTED}
SELECT
    _from, id AS source_id, company AS company_source_id, registrable_domain(domain) AS domain, list_name, tier,
    is_target, valid_from_day, valid_to_day, is_over AS is_deleted, modified_at
FROM listed
"""

# Of the stays that a list tells of a company, the one that holds at the file's last write, if one does.
_LISTED_COMPANY = f"""
{_LISTED}
SELECT
    _from, company AS source_id, name, registrable_domain(domain) AS domain, domain AS website, company_id AS same_as,
    committee_size, holds AND is_wanted AND says_tier AS is_target, CASE WHEN holds THEN tier END AS tier,
    CASE WHEN holds THEN valid_from_day END AS tier_since_day, false AS is_deleted, modified_at
FROM (
    SELECT *, NOT is_over AND coalesce(valid_from_day <= today, true) AND coalesce(valid_to_day > today, true) AS holds
    FROM (
        SELECT l.*, CAST(timezone(p.reporting_timezone, modified_at) AS DATE) AS today
        FROM listed AS l CROSS JOIN params AS p
    )
)
WHERE says_tier OR NOT is_over
QUALIFY row_number() OVER (
    PARTITION BY _from.day, company, modified_at ORDER BY holds DESC, valid_from_day DESC NULLS LAST, _from.record_id
) = 1
"""

# Sorted by name, the end of a stay comes before the beginning of the next on the same day.
_LIST_CHANGE = f"""
{_LISTED}
SELECT
    l._from, concat_ws(':', l.company, c.day, c.name, CASE WHEN c.is_start THEN 'on' ELSE 'off' END) AS source_id,
    l.company AS company_source_id, c.name AS "column", c.value_first, c.value_now,
    timezone(p.reporting_timezone, CAST(c.day AS TIMESTAMP)) AS entered_at, l.is_over AS is_deleted, l.modified_at
FROM listed AS l CROSS JOIN params AS p
CROSS JOIN unnest([
    {{name: 'tier', day: l.valid_from_day, is_start: true, value_first: NULL, value_now: l.tier}},
    {{name: 'tier', day: l.valid_to_day, is_start: false, value_first: l.tier, value_now: NULL}},
    {{name: 'is_target', day: l.valid_from_day, is_start: true, value_first: 'false',
      value_now: CAST(l.is_wanted AS VARCHAR)}},
    {{name: 'is_target', day: l.valid_to_day, is_start: false, value_first: CAST(l.is_wanted AS VARCHAR),
      value_now: 'false'}}
]) AS changes (c)
WHERE c.day IS NOT NULL AND l.says_tier AND (l.valid_from_day IS NOT NULL OR NOT c.is_start)
"""


def _named_company(stream: str) -> Select:
    """The company record in another system that a row names; it knows nothing but which one it is."""
    sql = f"""
        SELECT _from, company_id AS source_id, company_id AS same_as, false AS is_deleted,
            "_file.modified" AS modified_at
        FROM src.{stream} WHERE company_id IS NOT NULL
    """
    return Select(T.COMPANY, stream, sql)


_COMMITTEE_PERSON = f"""
{_TOLD.format(stream="committee_map")}
SELECT
    r._from, 'committee:' || email_hash(r.email) AS source_id, 'contact' AS person_type,
    r.company_id AS company_source_id, email_hash(r.email) AS email_hash,
    registrable_domain(email_host(r.email)) AS email_domain,
    registrable_domain(r.domain) AS domain, r.full_name, r.title, coalesce(r.role, role_of_title(r.title)) AS role,
    r.department, 'committee:' || email_hash(r.reports_to_email) AS reports_to_source_id, r.is_over AS is_deleted,
    r.modified_at
FROM told AS r WHERE email_hash(r.email) IS NOT NULL
"""


def _person(stream: str) -> Select:
    """The person of a row, of whom only the address is known."""
    sql = f"""
        SELECT
            r._from, email_hash(r.email) AS source_id, 'contact' AS person_type, r.company_id AS company_source_id,
            email_hash(r.email) AS email_hash, registrable_domain(email_host(r.email)) AS email_domain,
            registrable_domain(coalesce(r.domain, r.email)) AS domain, false AS is_deleted,
            r."_file.modified" AS modified_at
        FROM src.{stream} AS r WHERE email_hash(r.email) IS NOT NULL
    """
    return Select(T.CONTACT, stream, sql)


_SELECTS = (
    Select(T.LIST_MEMBERSHIP, "list_membership", _MEMBERSHIP),
    Select(T.COMPANY, "list_membership", _LISTED_COMPANY),
    Select(T.COMPANY_CHANGE, "list_membership", _LIST_CHANGE),
    _select(
        T.COMMITTEE_MAP,
        f"{_COMPANY_OF}, 'committee:' || email_hash(r.email) AS contact_source_id, email_hash(r.email) AS email_hash, "
        "r.full_name, r.title, coalesce(r.role, role_of_title(r.title)) AS role, r.department, "
        "'committee:' || email_hash(r.reports_to_email) AS reports_to_source_id",
    ),
    Select(T.CONTACT, "committee_map", _COMMITTEE_PERSON),
    _select(
        T.STAGED_COST,
        f"{_COMPANY_OF}, r.campaign_source_id, r.cost_category, r.description, r.amount, r.currency, r.cost_day",
    ),
    _select(
        T.TIME_ENTRY,
        f"{_COMPANY_OF}, r.campaign_source_id, r.owner_id, r.owner_name, r.work_type, r.hours, r.hourly_rate, "
        "r.currency, r.worked_day",
    ),
    _select(T.RANKING, f'{_COMPANY_OF}, r.ranked_by, r."position", r.ranked_day', ends=False),
    _select(
        T.REFERRAL,
        f"{_COMPANY_OF}, r.referred_name, registrable_domain(r.referred_domain) AS referred_domain, "
        "r.deal_source_id, r.referred_day",
    ),
    _select(T.REVIEW, f"{_COMPANY_OF}, r.site, r.title, r.rating, r.rating_max, r.comment, r.reviewed_day"),
    _select(T.FX_RATE, "r.currency, r.rate, r.start_day, r.end_day", ends=False),
    _select(
        T.USAGE_DAY,
        f"{_COMPANY_OF}, r.usage_on_day, r.product, r.feature, r.active_users, r.events",
        ends=False,
    ),
    _select(
        T.INTENT_SIGNAL,
        f"{_COMPANY_OF}, r.topic, r.score, r.score_previous, r.stage, r.signal_day, "
        "coalesce(r.is_surging, r.score >= (SELECT surge_threshold FROM params), false) AS is_surging, "
        "coalesce(r.is_snapshot, true) AS is_snapshot",
        ends=False,
    ),
    _select(
        T.SURVEY_RESPONSE,
        f"{_COMPANY_OF}, email_hash(r.email) AS contact_source_id, r.survey_id, r.survey_type, r.question, r.score, "
        "r.comment, r.answered_at",
    ),
    _select(
        T.ACTIVITY,
        f"{_COMPANY_OF}, email_hash(r.email) AS contact_source_id, r.occurred_at, r.touch_type, r.channel, "
        "r.direction, r.content_id, r.content_type, r.funnel_stage, r.campaign_source_id, r.duration_seconds, "
        "r.outcome, r.touch_type IN ('email_sent', 'ad_impression') AS is_exposure",
    ),
    _person("survey_response"),
    _person("activity"),
    *(_named_company(t.name) for t in TARGETS.values() if "company_id" in t.columns and t.name != "list_membership"),
)
_ENDING = dict.fromkeys(select.table for select in _SELECTS if 'ref."file"' in select.sql)

MAPPING = VendorMapping(
    selects=_SELECTS, references=(Reference("file", ("name", "modified"), tuple((table, None) for table in _ENDING)),)
)
