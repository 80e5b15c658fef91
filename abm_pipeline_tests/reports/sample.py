"""A lake of sixty accounts over ninety days, for pages and explanations: touches by rule, scores by the real model.

Account number i (A00 … A59) does the more, the higher i is; numbers of metrics are made to show every form that a
value has on a page: with and without interval, benchmark, sample, denominator.
"""

from __future__ import annotations

from datetime import date, timedelta

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select, quoted
from abm_pipeline.contracts.tables import Table
from abm_pipeline.scoring import refresh as scoring
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine
from abm_pipeline.storage.lake import now_ns

DAY = date(2026, 3, 31)
DAYS = [DAY - timedelta(days=back) for back in reversed(range(90))]

_ACCOUNTS = """
    SELECT 'acc_' || lpad(i::VARCHAR, 2, '0') AS account_id, i,
           ['Northwind', 'Contoso', 'Fabrikam', 'Ångström', 'O''Hara & Sons', 'Initech'][i % 6 + 1] || ' ' ||
           ['Logistics', 'Health', 'Energy', 'Robotics', 'Foods'][i % 5 + 1] || ' ' || i AS name,
           'company' || i || '.example' AS domain, 'acc_' || lpad(i::VARCHAR, 2, '0') AS ultimate_parent_id,
           ['Software', 'Health', 'Energy'][i % 3 + 1] AS industry, ['EMEA', 'AMER'][i % 2 + 1] AS region,
           '250-999' AS employee_band, 600 AS employee_count, 'Owner ' || (i % 4) AS owner_name, 'snap' AS snapshot_id,
           ['one_to_one', 'one_to_few', 'one_to_many', 'one_to_many'][i % 4 + 1] AS tier
    FROM range(60) t(i)"""
_TOUCHES = """
    SELECT d.day, 'salesforce:00T' || a.i || '_' || d.n || '_' || k AS touch_id,
           d.day::TIMESTAMP + INTERVAL 12 HOUR AS occurred_at, 'salesforce' AS source,
           '00T' || a.i || '_' || d.n || '_' || k AS source_id, 'salesforce:001' || a.i AS company_key,
           'salesforce:003' || a.i || '_' || (hash(a.i, d.n, k) % 4) AS contact_key,
           ['meeting', 'email_reply', 'call_connected', 'content_download', 'email_sent', 'form_fill'][
               (hash(a.i, d.n, k, 1) % 6 + 1)::INT] AS touch_type,
           'email' AS channel, hash(a.i, d.n, k, 1) % 6 = 4 AS is_exposure, 1 AS weight_count
    FROM accounts a, days d, range(2) r(k)
    WHERE hash(a.i, d.n, k, 2) % 900 < a.i"""
_INTENT = """
    SELECT d.day, 'bombora' AS source, 'domain:' || a.domain AS company_key, topic, 60 + hash(a.i, topic) % 40 AS score,
           true AS is_surging
    FROM accounts a, days d, (VALUES ('Data Lakes'), ('Marketing Attribution'), ('ABM')) t(topic)
    WHERE hash(a.i, topic, d.n // 7) % 5 = 0"""
_ACCOUNT_METRICS = """
    SELECT d.day, a.account_id, a.name, 'abm' AS program, a.tier, a.industry, a.region, a.employee_band, a.owner_name,
           ['unaware', 'aware', 'engaged', 'qualified', 'opportunity', 'customer'][
               least(6, (s.score / 25)::INT + 1)] AS stage,
           coalesce(s.score, 0) AS engagement_score, s.rank, s.band, s.is_engaged, s.score_change_7d,
           a.i % 5 <> 0 AS is_covered, CASE WHEN a.i % 5 = 0 THEN ['no_domain', 'no_contacts'][a.i % 2 + 1] END
           AS uncovered_reason, 4 AS contacts_known, s.contacts_engaged, 4 AS committee_low, 6 AS committee_high,
           s.contacts_engaged / 6 AS penetration_low, s.contacts_engaged / 4 AS penetration_high,
           CASE WHEN a.i % 3 = 0 THEN 'champion,user' ELSE '' END AS role_gaps, a.i % 3 AS intent_topics_surging,
           2 AS content_types, s.touches, s.last_touch_day, a.i % 2 AS open_deals, a.i % 2 * 41250.5 AS open_pipeline,
           0 AS won_revenue
    FROM days d CROSS JOIN accounts a
    LEFT JOIN scoring.engagement_score s ON s.day = d.day AND s.account_id = a.account_id AND s.window_days = 90"""
_VALUES = """
    SELECT d.day, d.day AS as_of, m.metric, m.window_days, m.dimension, m.dimension_value,
           m.part * (0.7 + 0.3 * d.n / 89) AS numerator, m.whole AS denominator,
           CASE WHEN m.whole = 0 THEN NULL WHEN m.metric IN ('target_accounts', 'engaged_accounts')
                THEN m.part * (0.7 + 0.3 * d.n / 89) ELSE m.part / m.whole * (0.7 + 0.3 * d.n / 89) END AS value,
           CASE WHEN m.n > 0 AND m.metric NOT LIKE '%_accounts' THEN m.part / m.whole * 0.8 END AS ci_low,
           CASE WHEN m.n > 0 AND m.metric NOT LIKE '%_accounts' THEN m.part / m.whole * 1.2 END AS ci_high,
           m.n, m.n < 10 AS low_sample, m.low AS benchmark_low, m.high AS benchmark_high, m.status,
           'v1' AS definition_version, NULL AS scoring_model_version
    FROM days d, (VALUES
        ('target_accounts', 1, 'all', 'all', 60, 60, 60, NULL, NULL, 'none'),
        ('engaged_accounts', 90, 'all', 'all', 23, 60, 60, NULL, NULL, 'none'),
        ('coverage', 90, 'all', 'all', 48, 60, 60, NULL, NULL, 'none'),
        ('coverage', 90, 'tier', 'one_to_one', 12, 15, 15, 0.9, NULL, 'below'),
        ('coverage', 90, 'tier', 'one_to_few', 12, 15, 15, 0.7, NULL, 'within'),
        ('coverage', 90, 'tier', 'one_to_many', 24, 30, 30, 0.5, NULL, 'within'),
        ('penetration_low', 90, 'all', 'all', 90, 360, 60, NULL, NULL, 'none'),
        ('penetration_low', 90, 'tier', 'one_to_one', 20, 90, 15, NULL, NULL, 'none'),
        ('penetration_high', 90, 'all', 'all', 90, 240, 60, NULL, NULL, 'none'),
        ('penetration_high', 90, 'tier', 'one_to_one', 20, 60, 15, NULL, NULL, 'none'),
        ('intent_coverage', 30, 'all', 'all', 12, 60, 60, 0.15, 0.3, 'within'),
        ('win_rate', 90, 'all', 'all', 6, 17, 17, NULL, NULL, 'none'),
        ('win_rate', 90, 'program', 'abm', 4, 8, 8, NULL, NULL, 'none'),
        ('win_rate', 90, 'program', 'non_abm', 0, 0, 0, NULL, NULL, 'none'),
        ('deal_size', 90, 'program', 'abm', 420000, 10, 10, NULL, NULL, 'none'),
        ('deal_size', 90, 'program', 'non_abm', 150000, 8, 8, NULL, NULL, 'none'),
        ('pipeline_velocity', 90, 'all', 'all', 181440, 78, 17, NULL, NULL, 'none'),
        ('pipeline_velocity', 90, 'program', 'abm', 181440, 78, 8, NULL, NULL, 'none'),
        ('engagement_to_opportunity', 90, 'all', 'all', 3, 20, 20, 0.1, 0.2, 'within')
    ) m(metric, window_days, dimension, dimension_value, part, whole, n, low, high, status)"""
_HEALTH = """
    SELECT d.day, s AS source, d.day AS last_day, CASE s WHEN 'linkedin' THEN 4 ELSE 0 END AS days_behind,
           100 AS rows_staged, 3 AS rows_quarantined, 0.93 AS match_rate, s = 'linkedin' AS is_silent
    FROM days d, (VALUES ('salesforce'), ('linkedin'), ('bombora')) v(s)"""
_QUARANTINE = """
    SELECT DATE '2026-03-30' AS day, 'salesforce' AS vendor, 'opportunity' AS stream, 'deal' AS table_name,
           'closed_before_created' AS rule, 'close_day' AS "column", 3 AS rows"""
_PEOPLE = """
    SELECT 'salesforce' AS source, '003' || i || '_' || k AS source_id,
           'salesforce:003' || i || '_' || least(k, 2) AS person_id, account_id,
           ['decision_maker', 'champion', 'user', NULL][k + 1] AS role, 'contact' AS person_type,
           false AS is_deleted, 'crm' AS match_rule, 'snap' AS snapshot_id FROM accounts, range(4) t(k)"""
_MEMBERS = """
    SELECT account_id, 'salesforce' AS source, '001' || i AS source_id, 'crm' AS match_rule, 1 AS match_probability,
           false AS is_manual, 'snap' AS snapshot_id FROM accounts
    UNION ALL SELECT account_id, 'domain', domain, 'domain', 1, false, 'snap' FROM accounts"""
_TIERS = """
    SELECT account_id, tier, true AS is_target, TIMESTAMP '2025-01-01 00:00:00' AS valid_from FROM accounts"""

_DEALS = """
    SELECT 'salesforce:006' || i AS deal_id, 'salesforce:001' || i AS company_key, 'Proposal' AS stage,
           TIMESTAMP '2026-01-10 09:00:00' AS valid_from, TIMESTAMP '2026-01-10 09:00:00' AS created_at,
           false AS is_closed, false AS is_won, 41250.5 AS amount, 'USD' AS currency, 41250.5 AS amount_reporting,
           'Owner 1' AS owner_name
    FROM accounts WHERE i % 2 = 1"""
_DEAL_RECORDS = """
    SELECT DATE '2026-03-31' AS day, 'salesforce' AS source, '006' || i AS source_id, name || ' renewal' AS name,
           'Proposal' AS stage, false AS is_closed, false AS is_won, false AS is_deleted,
           TIMESTAMP '2026-01-10 09:00:00' AS modified_at FROM accounts WHERE i % 2 = 1"""
_CONTACTS = """
    SELECT DATE '2026-03-31' AS day, 'salesforce' AS source, '003' || i || '_' || k AS source_id,
           ['Ada', 'Boris', 'Chloé', 'Dieter'][k + 1] || ' Person' || i AS full_name,
           ['CFO', 'Engineer', 'Analyst', NULL][k + 1] AS title, 'contact' AS person_type, false AS is_deleted,
           TIMESTAMP '2026-01-10 09:00:00' AS modified_at FROM accounts, range(4) t(k)"""


def write_sample(settings: Settings) -> None:
    """Fill the lake of `settings`; scores come from the scoring step itself."""
    lake = settings.open_lake
    with engine.connect() as con:
        con.execute(f"CREATE TABLE accounts AS {_ACCOUNTS}")
        con.execute("CREATE TABLE days AS SELECT unnest(?::DATE[]) AS day, unnest(range(90)) AS n", [DAYS])

        def put(table: Table, query: str) -> None:
            full = f"{empty_select(table)} UNION ALL BY NAME ({_only(con, table, query)})"
            if table.is_daily:
                lake.write_days(con, table, full, DAYS, computed_at=now_ns())
            else:
                lake.write_table(con, table, full, computed_at=now_ns())

        put(T.ACCOUNT, "SELECT * FROM accounts")
        put(T.MEMBER, _MEMBERS)
        put(T.PERSON, _PEOPLE)
        put(T.TIER_HISTORY, _TIERS)
        put(T.REDIRECT, "SELECT 'acc_old' AS old_account_id, 'acc_59' AS account_id, 'merged' AS reason")
        put(T.TOUCH, _TOUCHES)
        put(T.INTENT, _INTENT)
        put(T.FACT_DEAL, _DEALS)
        put(T.DEAL, _DEAL_RECORDS)
        put(T.CONTACT, _CONTACTS)
        scoring.refresh(settings, DAYS, "run")
        lake.attach(con, T.ENGAGEMENT_SCORE)
        put(T.ACCOUNT_METRICS_DAILY, _ACCOUNT_METRICS)
        put(T.METRIC_VALUES, _VALUES)
        put(T.DATA_HEALTH, _HEALTH)
        put(T.QUARANTINE_SUMMARY, _QUARANTINE)


def _only(con: duckdb.DuckDBPyConnection, table: Table, query: str) -> str:
    """The query with those of its columns that the table has."""
    names = [row[0] for row in con.execute(f"DESCRIBE {query}").fetchall()]
    return f"SELECT {', '.join(quoted(name) for name in names if name in table.columns)} FROM ({query})"
