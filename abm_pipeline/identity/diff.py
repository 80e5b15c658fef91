"""What a new snapshot does to the accounts of the one before: ids that vanish, and where they lead from now on.

Ids that are no longer in use lead to the account that most of their records are in now (ties: the smaller id), for
ever, whatever happens to that account later. `reason`: `merged` if all records went to one account, `split` if to
several, `gone` if no record is left (the redirect then leads nowhere).
"""

from __future__ import annotations

import duckdb

from abm_pipeline.storage.engine import Step

DIFF = (
    Step(
        "moved",
        "records by old and new account",
        """
        SELECT o.account_id AS old_account_id, n.account_id, count(n.account_id) AS records
        FROM old_member AS o LEFT JOIN new_member AS n USING (source, source_id)
        WHERE o.source <> 'domain'
        GROUP BY ALL
        """,
    ),
    Step(
        "vanished",
        "ids that were in use and are not any more",
        """
        SELECT
            old_account_id,
            (array_agg(account_id ORDER BY records DESC, account_id))[1] AS account_id,
            CASE count(account_id) WHEN 0 THEN 'gone' WHEN 1 THEN 'merged' ELSE 'split' END AS reason
        FROM moved
        WHERE old_account_id NOT IN (SELECT account_id FROM new_member)
        GROUP BY old_account_id
        """,
    ),
    Step(
        "new_redirect",
        "redirects so far, led on where their target vanished, and those of this snapshot",
        """
        SELECT
            r.old_account_id,
            CASE WHEN v.old_account_id IS NULL THEN r.account_id ELSE v.account_id END AS account_id,
            CASE WHEN v.reason = 'gone' THEN 'gone' ELSE r.reason END AS reason,
            CASE WHEN v.old_account_id IS NULL THEN r.snapshot_id ELSE s.snapshot_id END AS snapshot_id
        FROM old_redirect AS r
        LEFT JOIN vanished AS v ON v.old_account_id = r.account_id
        CROSS JOIN snapshot AS s
        WHERE r.old_account_id NOT IN (SELECT account_id FROM new_member)
            AND r.old_account_id NOT IN (SELECT old_account_id FROM vanished)
        UNION ALL
        SELECT old_account_id, account_id, reason, snapshot_id FROM vanished CROSS JOIN snapshot
        """,
    ),
)


def counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Accounts new, merged, split and gone since the snapshot before, and records that moved to another account."""
    row = con.execute(
        """
        SELECT
            (SELECT count(DISTINCT account_id) FROM new_member
                WHERE account_id NOT IN (SELECT account_id FROM old_member)),
            (SELECT count(*) FROM vanished WHERE reason = 'merged'),
            (SELECT count(*) FROM (SELECT 1 FROM moved GROUP BY old_account_id HAVING count(account_id) > 1)),
            (SELECT count(*) FROM vanished WHERE reason = 'gone'),
            (SELECT coalesce(sum(records), 0) FROM moved WHERE account_id <> old_account_id)
        """
    ).fetchall()[0]
    names = ("accounts_new", "accounts_merged", "accounts_split", "accounts_gone", "records_moved")
    return {name: int(value) for name, value in zip(names, row, strict=True)}
