"""What a new snapshot does to the accounts of the one before: ids that vanish, and where they lead from now on.

Ids that are no longer in use lead to the account that most of their records are in now (ties: the smaller id), for
ever, whatever happens to that account later. `reason`: `merged` if all records went to one account, `split` if to
several, `gone` if no record is left (the redirect then leads nowhere).

Belongs here too: what changed in words, which the restatement log gives as the reason of the numbers that moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.identity.decisions import Decision, undone_by
from abm_pipeline.storage.engine import Step

# Merges and splits that are named one by one; the others are counted.
NAMED = 5

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
            (list(account_id ORDER BY -records, account_id))[1] AS account_id,
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


def reasons(con: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> dict[Table, str]:
    """Why each identity table changed, in words; of `member`, which accounts merged and split, and who decided it."""
    return {
        t.MEMBER: "; ".join(_what_happened(con, decisions)) or "identity: domains moved",
        t.ACCOUNT: "identity: attributes of accounts changed",
        t.PERSON: "identity: people changed",
        t.PERSON_HISTORY: "identity: people changed employer",
        t.TIER_HISTORY: "target list changed",
        t.WEAK_KEY: "identity: shared domains changed",
    }


def _what_happened(con: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> Iterator[str]:
    _decided(con, decisions)
    events = con.execute(
        """
        WITH went AS (
            SELECT old_account_id, list(account_id ORDER BY account_id) AS targets, sum(records) AS records
            FROM moved WHERE account_id IS NOT NULL GROUP BY old_account_id
        ),
        event AS (
            SELECT 'merged' AS what, old_account_id, targets, records FROM went
            WHERE len(targets) = 1 AND targets[1] <> old_account_id
            UNION ALL
            SELECT 'split', old_account_id, targets, records FROM went WHERE len(targets) > 1
        )
        SELECT e.what, old_account_id, targets, min(d.says)
        FROM event AS e LEFT JOIN decided AS d
            ON d.what = e.what AND old_account_id IN (d.left_old, d.right_old)
            AND list_contains(targets, d.left_new) AND list_contains(targets, d.right_new)
        GROUP BY e.what, old_account_id, targets, records
        ORDER BY min(d.says) IS NULL, records DESC, old_account_id
        """
    ).fetchall()
    for kind in ("merged", "split"):
        found = [(old, targets, says) for what, old, targets, says in events if what == kind]
        for old, targets, says in found[:NAMED]:
            yield f"{kind}: {old} into {' and '.join(targets)}{f' ({says})' if says else ''}"
        if len(found) > NAMED:
            yield f"{len(found) - NAMED} more accounts {kind}"
    fresh, gone = con.execute(
        """
        SELECT
            (SELECT count(*) FROM new_member ANTI JOIN old_member USING (source, source_id) WHERE source <> 'domain'),
            (SELECT count(*) FROM old_member ANTI JOIN new_member USING (source, source_id) WHERE source <> 'domain')
        """
    ).fetchall()[0]
    if fresh:
        yield f"identity: {fresh} new record{'s' if fresh > 1 else ''}"
    if gone:
        yield f"identity: {gone} record{'s' if gone > 1 else ''} gone"


def _decided(con: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> None:
    """Make `decided`: the decisions whose two records were apart and are together now (`merged`), or the other way
    round (`split`), with the accounts before and now.
    """
    ended = undone_by(decisions)
    rows = []
    for d in (d for d in decisions if d.kind in ("merge", "never_merge")):
        undo = ended.get(d.decision_id)
        joins = (d.kind == "merge") == (undo is None)
        made = undo or d
        says = f"decision {made.decision_id} by {made.by}"
        rows.append(("merged" if joins else "split", d.left, d.right, says))
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    names = ("what", "left_key", "right_key", "says")
    arrays = {name: pa.array(values, pa.string()) for name, values in zip(names, columns, strict=True)}
    con.register("_told", pa.table(arrays))
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE decided AS
        WITH placed AS (
            SELECT source || ':' || source_id AS key, o.account_id AS old_id, n.account_id AS new_id
            FROM old_member AS o JOIN new_member AS n USING (source, source_id)
        )
        SELECT d.what, d.says, l.old_id AS left_old, r.old_id AS right_old, l.new_id AS left_new, r.new_id AS right_new
        FROM _told AS d JOIN placed AS l ON l.key = d.left_key JOIN placed AS r ON r.key = d.right_key
        WHERE CASE d.what WHEN 'merged' THEN left_old <> right_old AND left_new = right_new
                          ELSE left_old = right_old AND left_new <> right_new END
        """
    )
    con.unregister("_told")
