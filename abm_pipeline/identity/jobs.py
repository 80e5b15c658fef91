"""Moved jobs: where a person record was employed on which days, told by its versions.

Belongs here: `identity.person_history`. It holds the records that had more than one account; all others are where
`identity.person` says, for ever. So what somebody did at the old employer stays there, also where the CRM wrote the
new one over the same record.

A version holds from the day it was made (in the reporting zone, the last version of a day counting for all of it) until
the next one. Each is placed by what it says itself, as in `people`: by company, unless the address contradicts it, by
address, by website. One that says nothing tells of no move. The last one is where identity has the record today.

No move is what only mends a record: versions with one address at a domain that an account owns are one job, and its
account that of the last of them. The first job reaches back as far as anybody looks, the last one lasts.

Records that are where the record is that they were merged, converted or copied into, have that record's history,
unless they have one of their own.
"""

from __future__ import annotations

from abm_pipeline.identity.people import place
from abm_pipeline.storage.engine import Step

# The first day of a job whose beginning is not told.
SINCE_EVER = "DATE '1900-01-01'"

JOBS = (
    Step(
        "job_version",
        "versions of person records that were kept at several companies, addresses or websites; the last of each day",
        """
        WITH moved AS (
            SELECT source, source_id FROM staged.contact WHERE NOT is_deleted
            GROUP BY ALL
            HAVING min(company_source_id) <> max(company_source_id) OR min(email_hash) <> max(email_hash)
                OR min(domain) <> max(domain)
        )
        SELECT source, source_id, person_type, company_source_id, email_hash, email_domain, domain, role,
            timezone(p.zone, modified_at)::DATE AS day
        FROM staged.contact AS c SEMI JOIN moved USING (source, source_id) CROSS JOIN params AS p
        WHERE NOT is_deleted
        QUALIFY row_number() OVER (
            PARTITION BY source, source_id, timezone(p.zone, modified_at)::DATE
            ORDER BY modified_at DESC, captured_at DESC, c.day DESC
        ) = 1
        """,
    ),
    Step(
        "job_placed",
        "the same with the account that each points to",
        f"SELECT * FROM ({place('job_version')}) WHERE account_id IS NOT NULL",
    ),
    Step(
        "job",
        "days of each account of the records that had several",
        f"""
        WITH mended AS (
            SELECT source, source_id, day, role, CASE WHEN mail_account_id IS NULL THEN account_id ELSE last_value(
                account_id) OVER (PARTITION BY source, source_id, email_hash ORDER BY day
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) END AS account_id
            FROM job_placed
        ),
        told AS (
            SELECT m.* REPLACE (CASE WHEN m.day = max(m.day) OVER record THEN coalesce(n.account_id, m.account_id)
                ELSE m.account_id END AS account_id)
            FROM mended AS m JOIN new_person AS n USING (source, source_id)
            WINDOW record AS (PARTITION BY m.source, m.source_id)
        ),
        begun AS (
            SELECT *, account_id IS DISTINCT FROM lag(account_id) OVER (PARTITION BY source, source_id ORDER BY day)
                AS is_first
            FROM told
        ),
        numbered AS (
            SELECT *, sum(is_first::INTEGER) OVER (PARTITION BY source, source_id ORDER BY day) AS job_no FROM begun
        )
        SELECT source, source_id, any_value(account_id) AS account_id, arg_max(role, day) AS role,
            CASE WHEN job_no = 1 THEN {SINCE_EVER} ELSE min(day) END AS valid_from_day,
            lead(min(day)) OVER (PARTITION BY source, source_id ORDER BY job_no) AS valid_to_day
        FROM numbered GROUP BY source, source_id, job_no
        QUALIFY count(*) OVER (PARTITION BY source, source_id) > 1
        """,
    ),
    Step(
        "new_person_history",
        "the same with who it is, and the role today in the job of today; and records that follow such a record",
        """
        WITH held AS (
            SELECT source, source_id, source AS of_source, source_id AS of_source_id FROM job
            UNION
            SELECT n.source, n.source_id, f.source, f.source_id
            FROM named_person AS n
            JOIN (SELECT DISTINCT source, source_id FROM job) AS f ON n.end_key = f.source || ':' || f.source_id
            WHERE n.match_rule IN ('merged', 'converted', 'same_as')
                AND (n.source, n.source_id) NOT IN (SELECT (source, source_id) FROM job)
        )
        SELECT h.source, h.source_id, n.person_id, j.account_id,
            CASE WHEN j.valid_to_day IS NULL THEN n.role ELSE j.role END AS role,
            j.valid_from_day, j.valid_to_day, n.snapshot_id
        FROM held AS h
        JOIN job AS j ON j.source = h.of_source AND j.source_id = h.of_source_id
        JOIN new_person AS n ON n.source = h.source AND n.source_id = h.source_id
        """,
    ),
)
