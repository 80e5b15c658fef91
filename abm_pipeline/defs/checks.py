"""Asset checks: few, over the quality tables, and unpartitioned.

A partitioned check in a run over a range of days stores its verdict without a partition and leaves every day as
planned; so what concerns single rows is judged inside the layers (quarantine), and the checks here look at what
came out of them over the last days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import dagster as dg

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.defs.layers import key_of
from abm_pipeline.defs.published import key_of_published
from abm_pipeline.metrics._segments import SEGMENTS
from abm_pipeline.scoring.thresholds import LEAST_LIFT, QUARTER_DAYS
from abm_pipeline.settings import Settings

# What a check looks at: this many days up to the latest.
LAST_DAYS = 7
# Scores and parts are rounded to 8 decimals each; a score has at most some twenty parts.
TOLERANCE = 1e-6


@dataclass(frozen=True)
class QualityCheck:
    """`sql` gives one row: `value`, and columns to show. It passes while `value` is at most `limit`."""

    name: str
    table: Table
    about: str
    reads: tuple[Table, ...]
    sql: str
    limit: float
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR


CHECKS = (
    QualityCheck(
        "quarantine_share",
        t.DATA_HEALTH,
        "At most 5 % of a source's rows are in quarantine.",
        (t.DATA_HEALTH,),
        """
        SELECT coalesce(max(share), 0) AS value, coalesce(arg_max(source, share), '') AS source
        FROM (SELECT source, sum(rows_quarantined) / nullif(sum(rows_staged) + sum(rows_quarantined), 0) AS share
              FROM metrics.data_health GROUP BY source)
        """,
        0.05,
    ),
    QualityCheck(
        "no_silent_source",
        t.DATA_HEALTH,
        "No source has been silent for longer than it usually is.",
        (t.DATA_HEALTH,),
        """
        SELECT count(*) AS value, coalesce(string_agg(source, ', ' ORDER BY source), '') AS sources
        FROM metrics.data_health WHERE is_silent AND day = (SELECT max(day) FROM metrics.data_health)
        """,
        0,
        dg.AssetCheckSeverity.WARN,
    ),
    QualityCheck(
        "unmatched_touches",
        t.DATA_HEALTH,
        "At most 40 % of a source's touches belong to no account.",
        (t.DATA_HEALTH,),
        """
        SELECT coalesce(max(1 - match_rate), 0) AS value, coalesce(arg_min(source, match_rate), '') AS source
        FROM metrics.data_health WHERE day = (SELECT max(day) FROM metrics.data_health)
        """,
        0.40,
        dg.AssetCheckSeverity.WARN,
    ),
    QualityCheck(
        "unmatched_spend",
        t.DATA_HEALTH,
        "At most 40 % of the ad spend that platforms tell by company is on companies of no account.",
        (t.SPEND, t.MEMBER),
        """
        SELECT coalesce(unmatched / nullif(amount, 0), 0) AS value, unmatched, amount, unmatched_rows
        FROM (
            SELECT coalesce(sum(amount_reporting), 0)::DOUBLE AS amount,
                   coalesce(sum(amount_reporting) FILTER (m.account_id IS NULL), 0)::DOUBLE AS unmatched,
                   count(*) FILTER (m.account_id IS NULL) AS unmatched_rows
            FROM facts.spend AS s LEFT JOIN identity.member AS m ON m.source || ':' || m.source_id = s.company_key
            WHERE s.company_key IS NOT NULL
        )
        """,
        0.40,
        dg.AssetCheckSeverity.WARN,
    ),
    QualityCheck(
        "shared_domains",
        t.DATA_HEALTH,
        "At most 10 % of touches are at domains that are shared or between accounts.",
        (t.DATA_HEALTH, t.TOUCH, t.WEAK_KEY),
        """
        SELECT coalesce(ambiguous / nullif(touches, 0), 0) AS value, ambiguous, touches, domains
        FROM (SELECT coalesce(sum(touches_ambiguous), 0)::BIGINT AS ambiguous FROM metrics.data_health)
        CROSS JOIN (SELECT count(*) AS touches FROM facts.touch)
        CROSS JOIN (SELECT count(*) AS domains FROM identity.weak_key WHERE key_kind = 'domain')
        """,
        0.10,
        dg.AssetCheckSeverity.WARN,
    ),
    QualityCheck(
        "largest_account",
        t.MEMBER,
        "No account has more than 500 records: one that has is a sign of a key that connects too much.",
        (t.MEMBER,),
        """
        SELECT coalesce(max(records), 0) AS value, coalesce(arg_max(account_id, records), '') AS account_id,
               count(*) AS accounts, count(*) FILTER (records = 1) AS with_one_record,
               coalesce(quantile_disc(records, 0.99), 0) AS records_p99
        FROM (SELECT account_id, count(*) AS records FROM identity.member WHERE source <> 'domain' GROUP BY ALL)
        """,
        500,
        dg.AssetCheckSeverity.WARN,
    ),
    QualityCheck(
        "review_queue",
        t.LINK_REVIEW,
        "At most a quarter of the open pipeline hangs on pairs of accounts that wait for a person's answer.",
        (t.LINK_REVIEW, t.ACCOUNT, t.ACCOUNT_METRICS_DAILY),
        """
        WITH waiting AS (SELECT * FROM identity.link_review WHERE status = 'review'),
        named AS (SELECT left_account_id AS account_id FROM waiting UNION SELECT right_account_id FROM waiting),
        hanging AS (
            FROM named UNION SELECT ultimate_parent_id FROM identity.account SEMI JOIN named USING (account_id)
        ),
        latest AS (
            SELECT account_id, coalesce(open_pipeline, 0)::DOUBLE AS pipeline FROM metrics.account_metrics_daily
            WHERE day = (SELECT max(day) FROM metrics.account_metrics_daily)
        )
        SELECT coalesce(sum(pipeline) FILTER (account_id IN (FROM hanging)) / nullif(sum(pipeline), 0), 0) AS value,
               coalesce(sum(pipeline) FILTER (account_id IN (FROM hanging)), 0) AS pipeline,
               (SELECT count(*) FROM waiting) AS pairs
        FROM latest
        """,
        0.25,
        dg.AssetCheckSeverity.WARN,
    ),
    QualityCheck(
        "parts_add_up",
        t.SCORE_PART,
        "The parts of every score add up to it.",
        (t.ENGAGEMENT_SCORE, t.SCORE_PART),
        f"""
        WITH part AS (
            SELECT day, account_id, model_version, window_days, sum(points) AS points
            FROM scoring.score_part GROUP BY ALL
        )
        SELECT count(*) FILTER (WHERE abs(score - coalesce(points, 0)) > {TOLERANCE}) AS value, count(*) AS scores
        FROM scoring.engagement_score LEFT JOIN part USING (day, account_id, model_version, window_days)
        """,
        0,
    ),
    QualityCheck(
        "score_lift",
        t.METRIC_VALUES,
        "The highest fifth of the scores opens deals at least twice as often as the lowest (told where both are large "
        "enough, and where either opened any).",
        (t.METRIC_VALUES,),
        f"""
        SELECT coalesce(max(CAST(value < {LEAST_LIFT} AS INTEGER)) FILTER (NOT low_sample), 0) AS value,
               coalesce(max(value)::VARCHAR, 'unknown') AS lift, coalesce(max(ci_low)::VARCHAR, 'unknown') AS lift_low,
               coalesce(max(ci_high)::VARCHAR, 'unknown') AS lift_high, coalesce(max(n), 0) AS accounts
        FROM metrics.metric_values
        WHERE metric = 'score_calibration_lift' AND dimension = 'all'
          AND day = (SELECT max(day) FROM metrics.metric_values)
        """,
        0,
        dg.AssetCheckSeverity.WARN,
    ),
    QualityCheck(
        "year_one_churn",
        t.METRIC_VALUES,
        "At most 20 % of the customers leave in their first year (told where at least ten have had one).",
        (t.METRIC_VALUES,),
        """
        SELECT coalesce(max(value) FILTER (NOT low_sample), 0) AS value, coalesce(max(n), 0) AS customers
        FROM metrics.metric_values
        WHERE metric = 'year_one_churn' AND dimension = 'all'
          AND day = (SELECT max(day) FROM metrics.metric_values)
        """,
        0.20,
        dg.AssetCheckSeverity.WARN,
    ),
    QualityCheck(
        "movements_add_up",
        t.METRIC_VALUES,
        "The movements of recurring revenue add up to its change.",
        (t.METRIC_VALUES,),
        f"""
        WITH told AS (
            SELECT day, window_days, sum(numerator) FILTER (dimension = 'all') AS change,
                   coalesce(sum(numerator) FILTER (dimension = 'movement'), 0) AS moved,
                   sum(abs(numerator)) FILTER (dimension = 'movement') AS size
            FROM metrics.metric_values WHERE metric = 'mrr_movement' GROUP BY ALL
        )
        SELECT count(*) FILTER (WHERE abs(change - moved) > {TOLERANCE} * greatest(size, 1)) AS value, count(*) AS sums
        FROM told
        """,
        0,
    ),
    QualityCheck(
        "segments_add_up",
        t.METRIC_VALUES,
        "Of every metric the observations of its segments add up to those of the total.",
        (t.METRIC_VALUES,),
        f"""
        WITH part AS (
            SELECT metric, day, window_days, dimension, sum(n) AS n FROM metrics.metric_values
            WHERE dimension IN {SEGMENTS} GROUP BY ALL
        ),
        total AS (SELECT metric, day, window_days, n FROM metrics.metric_values WHERE dimension = 'all')
        SELECT count(*) FILTER (p.n IS DISTINCT FROM t.n) AS value, count(*) AS sums,
               coalesce(min(p.metric) FILTER (p.n IS DISTINCT FROM t.n), '') AS metric
        FROM part p LEFT JOIN total t USING (metric, day, window_days)
        """,
        0,
    ),
    QualityCheck(
        "stages_add_up",
        t.METRIC_VALUES,
        "The target accounts of the journey's stages add up to the list, in every tier too.",
        (t.METRIC_VALUES,),
        """
        WITH told AS (
            SELECT day, dimension, if(dimension = 'tier_stage', split_part(dimension_value, '/', 1), NULL) AS tier,
                   sum(numerator) AS accounts, max(denominator) AS listed
            FROM metrics.metric_values WHERE metric = 'account_stage' AND dimension IN ('stage', 'tier_stage')
            GROUP BY ALL
        )
        SELECT count(*) FILTER (accounts IS DISTINCT FROM listed) AS value, count(*) AS sums FROM told
        """,
        0,
    ),
    QualityCheck(
        "cost_adds_up",
        t.COST_ALLOCATION,
        "What accounts were given of a day's cost at a platform, and what is unallocated, add up to the cost.",
        (t.COST, t.COST_ALLOCATION),
        f"""
        WITH cost AS (
            SELECT day, source, cost_category, sum(amount_reporting) AS amount FROM facts.cost GROUP BY ALL
        ),
        given AS (
            SELECT day, source, cost_category, sum(cost_allocated) AS amount FROM metrics.cost_allocation GROUP BY ALL
        )
        SELECT count(*) FILTER (WHERE abs(coalesce(g.amount, 0) - coalesce(c.amount, 0))
                                      > {TOLERANCE} * greatest(abs(coalesce(c.amount, 0)), 0.0001)) AS value,
               count(*) AS sums, CAST(coalesce(sum(c.amount), 0) AS DOUBLE) AS cost
        FROM cost c FULL JOIN given g USING (day, source, cost_category)
        """,
        0,
    ),
    QualityCheck(
        "credit_adds_up",
        t.ATTRIBUTION_CREDIT,
        "Under every model the credit of every deal adds up to 1 and its amounts to the deal's, to the last "
        "ten-thousandth, as does what a won deal brought.",
        (t.ATTRIBUTION_CREDIT, t.FACT_DEAL),
        f"""
        WITH told AS (
            SELECT deal_id, model, sum(credit) AS credit, sum(credit_revenue) AS credit_revenue,
                   sum(amount_pipeline) AS amount_pipeline, sum(amount_revenue) AS amount_revenue
            FROM metrics.attribution_credit GROUP BY ALL
        ),
        deal AS (
            SELECT deal_id, arg_max(amount_reporting, valid_from) AS amount, arg_max(is_won, valid_from) AS is_won
            FROM facts.deal GROUP BY deal_id
        ),
        judged AS (
            SELECT abs(credit - 1) <= {TOLERANCE}
                   AND coalesce(abs(credit_revenue - 1) <= {TOLERANCE}, NOT is_won)
                   AND amount_pipeline IS NOT DISTINCT FROM amount
                   AND (CASE WHEN is_won THEN amount_revenue IS NOT DISTINCT FROM amount ELSE amount_revenue = 0 END)
                   AS is_right
            FROM told LEFT JOIN deal USING (deal_id)
        )
        SELECT count(*) FILTER (WHERE is_right IS NOT TRUE) AS value, count(*) AS deals FROM judged
        """,
        0,
    ),
)


def checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """The checks above, how old the thresholds are, and that what is served is what the lake holds."""
    judged = (_quality_check(settings, check) for check in CHECKS)
    return [*judged, _thresholds_check(settings), _served_check(settings)]


def evaluate(settings: Settings, check: QualityCheck) -> tuple[bool, dict[str, float | int | str]]:
    """Whether the check passes, and what it saw."""
    from abm_pipeline.storage.engine import connect

    lake = settings.open_lake
    with connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        for table in check.reads:
            days = lake.days(table) if table.is_daily else []
            lake.attach(con, table, days[-1] - timedelta(days=LAST_DAYS - 1) if days else None)
        result = con.execute(check.sql)
        names = [column[0] for column in result.description or ()]
        seen: dict[str, float | int | str] = dict(zip(names, result.fetchall()[0], strict=True))
    return float(seen["value"]) <= check.limit, {**seen, "limit": check.limit}


def _quality_check(settings: Settings, check: QualityCheck) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=key_of(check.table), name=check.name, description=check.about)
    def quality_check() -> dg.AssetCheckResult:
        passed, seen = evaluate(settings, check)
        return dg.AssetCheckResult(passed=passed, severity=check.severity, metadata=seen)

    return quality_check


def thresholds_age(settings: Settings) -> tuple[bool, dict[str, int | str]]:
    """Whether the champion's thresholds are at most a quarter old on the last day scored, and what says since when."""
    from abm_pipeline.scoring.thresholds import calibrated_on

    days = settings.open_lake.days(t.ENGAGEMENT_SCORE)
    since, why = calibrated_on(settings)
    if not days or since is None:
        return True, {"since": "unknown", "why": why}
    age = (days[-1] - since).days
    return age <= QUARTER_DAYS, {"age_days": age, "since": since.isoformat(), "why": why, "limit": QUARTER_DAYS}


def _thresholds_check(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=key_of(t.ENGAGEMENT_SCORE),
        name="thresholds_are_recent",
        description="The champion's weights and thresholds were held against what happened within the last quarter: "
        "`calibrated_on` in its file, or its promotion.",
    )
    def thresholds_are_recent() -> dg.AssetCheckResult:
        passed, seen = thresholds_age(settings)
        return dg.AssetCheckResult(passed=passed, severity=dg.AssetCheckSeverity.WARN, metadata=seen)

    return thresholds_are_recent


def _served_check(settings: Settings) -> dg.AssetChecksDefinition:
    others = [key_of_published(table) for table in t.PUBLISHED if table != t.METRIC_VALUES]

    @dg.asset_check(
        asset=key_of_published(t.METRIC_VALUES),
        additional_deps=others,
        name="served_equals_lake",
        description="Every served table has as many rows as the lake.",
    )
    def served_equals_lake() -> dg.AssetCheckResult:
        counts = served_and_lake(settings)
        differ = {
            name: f"{served} served, {lake} in the lake" for name, (served, lake) in counts.items() if served != lake
        }
        return dg.AssetCheckResult(
            passed=not differ, metadata={**differ, "tables": len(counts), "rows": sum(n for n, _ in counts.values())}
        )

    return served_equals_lake


def served_and_lake(settings: Settings) -> Mapping[str, tuple[int, int]]:
    """Rows of each published table: in Postgres, and in the lake."""
    import sqlalchemy as sa

    from abm_pipeline.storage import postgres
    from abm_pipeline.storage.engine import connect

    database = postgres.connect(postgres.urls(settings).served)
    try:
        with database.connect() as served, connect(memory_limit=settings.memory_limit) as con:
            out = {}
            for table in t.PUBLISHED:
                settings.open_lake.attach(con, table, name="lake_table")
                name = sa.table(str(table.published), schema="abm")
                rows = served.execute(sa.select(sa.func.count()).select_from(name)).scalar_one()
                out[str(table.published)] = (
                    int(rows),
                    int(con.execute("SELECT count(*) FROM lake_table").fetchall()[0][0]),
                )
            return out
    finally:
        database.dispose()
