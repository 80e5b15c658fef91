"""Do CRM and marketing automation say the same? Definition: metrics.md F (alignment: owner, stage, e-mail).

A check is a field that both systems fill, of a record of marketing automation and the CRM's record that it says it is a
copy of: the owner of a company, the e-mail address of a person; and the stage in the lead funnel, of a person known to
both, by the deepest stage that each has seen. `field` has the share of checks passed by field; fields that one system
leaves empty are no check. Owners are compared by name, addresses by hash, without case.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import EVER, Input

CRM = "'salesforce', 'hubspot'"
AUTOMATION = "'hubspot', 'marketo'"
"""Systems by what they are used as; HubSpot is whichever the other record is not."""

RECORDS = Part(
    "crm_records",
    once=(
        Step(
            "field_version",
            "What a record says in the fields that are compared, from one day to another.",
            f"""
            WITH said AS (
                SELECT day, source, source_id, same_as, modified_at, captured_at, is_deleted, 'owner' AS field,
                       lower(trim(owner_name)) AS content
                FROM staged.company WHERE source IN ({CRM}, {AUTOMATION})
                UNION ALL
                SELECT day, source, source_id, same_as, modified_at, captured_at, is_deleted, 'email', email_hash
                FROM staged.contact WHERE source IN ({CRM}, {AUTOMATION})
            ),
            -- Of the CRM, only what others say that they are a copy of.
            asked AS (SELECT DISTINCT field, same_as AS record FROM said WHERE source IN ({AUTOMATION})),
            last_of_day AS (
                SELECT s.* FROM said s
                LEFT JOIN asked a ON a.field = s.field AND a.record = s.source || ':' || s.source_id
                WHERE s.source IN ({AUTOMATION}) OR a.record IS NOT NULL
                QUALIFY row_number() OVER (
                    PARTITION BY s.field, s.source, s.source_id, s.day
                    ORDER BY s.modified_at DESC, s.captured_at DESC) = 1
            )
            SELECT field, source, source || ':' || source_id AS record, same_as,
                   CASE WHEN NOT coalesce(is_deleted, false) THEN content END AS content, day AS from_day,
                   coalesce(lead(day) OVER (PARTITION BY field, source, source_id ORDER BY day),
                            DATE '9999-12-31') AS end_day
            FROM last_of_day
            """,
        ),
        Step(
            "stage_version",
            "The deepest stage of the lead funnel in which a system has seen a person, from one day to another.",
            f"""
            WITH entry AS (
                SELECT coalesce(r.person_id, l.contact_key) AS person_id, split_part(l.contact_key, ':', 1) AS source,
                       CAST(timezone(p.reporting_timezone, l.entered_at) AS DATE) AS day,
                       CASE l.stage WHEN 'sql' THEN 3 WHEN 'mql' THEN 2 ELSE 1 END AS depth
                FROM facts.lead_stage l LEFT JOIN person_unit r USING (contact_key), params p
                WHERE split_part(l.contact_key, ':', 1) IN ({CRM}, {AUTOMATION})
            ),
            deepest AS (
                SELECT person_id, source, day, max(max(depth)) OVER (PARTITION BY person_id, source ORDER BY day)
                           AS depth
                FROM entry GROUP BY person_id, source, day
            )
            SELECT *, day AS from_day, coalesce(lead(day) OVER (PARTITION BY person_id, source ORDER BY day),
                                                DATE '9999-12-31') AS end_day
            FROM deepest
            """,
        ),
        Step(
            "checked",
            "Stretches of days in which both systems say something, and whether it is the same.",
            f"""
            SELECT a.field, greatest(a.from_day, c.from_day) AS from_day, least(a.end_day, c.end_day) AS end_day,
                   a.content = c.content AS is_same
            FROM field_version a JOIN field_version c ON c.field = a.field AND c.record = a.same_as
            WHERE a.source IN ({AUTOMATION}) AND c.source IN ({CRM}) AND a.source <> c.source
              AND a.content IS NOT NULL AND c.content IS NOT NULL
              AND a.from_day < c.end_day AND c.from_day < a.end_day
            UNION ALL
            SELECT 'stage', greatest(a.from_day, c.from_day), least(a.end_day, c.end_day), a.depth = c.depth
            FROM stage_version a JOIN stage_version c USING (person_id)
            WHERE a.source IN ({AUTOMATION}) AND c.source IN ({CRM}) AND a.source <> c.source
              AND (a.source <> 'hubspot' OR c.source = 'salesforce')
              AND a.from_day < c.end_day AND c.from_day < a.end_day
            """,
        ),
    ),
    reads=(Input(T.COMPANY, EVER), Input(T.CONTACT, EVER), Input(T.LEAD_STAGE)),
)

SPEC = MetricSpec(
    id="record_consistency",
    title="CRM and marketing automation agree",
    formula="Fields that say the same in CRM and marketing automation ÷ fields that both fill.",
    unit="share",
    grain="fields of records that both systems have",
    window_days=(1,),
    segments=("field",),
    guides=("G3",),
    statistic="proportion",
    parts=(RECORDS,),
    example="Of 100 owners 95 are the same, of 200 addresses 180, of 50 stages 25: 300 ÷ 350 = 85.7 %.",
    steps=(
        Step(
            "record_consistency",
            "Checks that begin and end by day, summed up to each day.",
            """
            WITH edge AS (
                SELECT field, from_day AS day, 1 AS checks, CAST(is_same AS INTEGER) AS same FROM checked
                UNION ALL
                SELECT field, end_day, -1, -CAST(is_same AS INTEGER) FROM checked
            ),
            change AS (
                SELECT coalesce(field, 'all') AS field, day, sum(checks) AS checks, sum(same) AS same
                FROM edge GROUP BY GROUPING SETS ((field, day), (day))
            ),
            level AS (
                SELECT field, day AS from_day, CAST(sum(checks) OVER upto AS BIGINT) AS checks,
                       CAST(sum(same) OVER upto AS BIGINT) AS same
                FROM change WINDOW upto AS (PARTITION BY field ORDER BY day)
            )
            SELECT d.day, 1 AS window_days, CASE WHEN f.field = 'all' THEN 'all' ELSE 'field' END AS dimension,
                   f.field AS dimension_value, l.same AS numerator, l.checks AS denominator, l.checks AS n
            FROM days d CROSS JOIN (SELECT DISTINCT field FROM level) f
            ASOF JOIN level l ON l.field = f.field AND l.from_day <= d.day
            WHERE l.checks > 0""",
        ),
    ),
)
