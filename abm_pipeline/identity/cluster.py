"""Clusters of records from edges, and the account id of each.

**The id of an account is a hash of its oldest record** (by the source's own creation stamp; records without one come
after those with one; ties by source and id). It is a pure function of what the sources say: a duplicate that arrives
before the older record, days run one by one or as a range, a lake built anew from nothing, all end in the same ids. A
record made later never changes an id. An id does change when an older record joins (a merge: the older id wins), when
a company known only to an ad or intent platform enters the CRM, or when records turn out not to belong together; then
`identity.redirect` leads from the id that vanished to where most of its records went. Remembering the largest earlier
member set instead would keep some of those ids, at the price of numbers that depend on the order of runs.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from abm_pipeline.storage.engine import Step, run_steps

NODES = (
    Step(
        "node",
        "records, and ends of edges that no record was ever seen for, by position",
        """
        SELECT record_key, row_number() OVER (ORDER BY record_key) - 1 AS position
        FROM (SELECT record_key FROM keyed_record
              UNION SELECT left_key FROM edge UNION SELECT right_key FROM edge)
        """,
    ),
)

ACCOUNT_IDS = (
    Step(
        "clustered",
        "records by cluster, the oldest first",
        """
        SELECT
            c.label, r.*,
            row_number() OVER (
                PARTITION BY c.label
                ORDER BY r.created_at NULLS LAST, coalesce(list_position(p.sources, r.source), 999),
                    r.source, r.source_id
            ) = 1 AS is_oldest
        FROM keyed_record AS r
        JOIN node AS n USING (record_key)
        JOIN component AS c USING (position)
        CROSS JOIN params AS p
        """,
    ),
    Step(
        "record_account",
        "the account of every record",
        """
        SELECT 'acc_' || substr(sha256(oldest.record_key), 1, 16) AS account_id, r.* EXCLUDE (label)
        FROM clustered AS r JOIN clustered AS oldest ON r.label = oldest.label AND oldest.is_oldest
        """,
    ),
)


def cluster(con: duckdb.DuckDBPyConnection) -> None:
    """Make `record_account` from `keyed_record` and `edge`: connected components, each with its account id."""
    run_steps(con, NODES)
    (size,) = con.execute("SELECT count(*) FROM node").fetchall()[0]
    ends = con.execute(
        "SELECT l.position AS left_end, r.position AS right_end FROM edge AS e "
        "JOIN node AS l ON l.record_key = e.left_key JOIN node AS r ON r.record_key = e.right_key"
    ).fetchnumpy()
    graph = coo_matrix(
        (np.ones(len(ends["left_end"]), np.int8), (ends["left_end"], ends["right_end"])), shape=(size, size)
    )
    _, labels = connected_components(graph, directed=False)
    component = pd.DataFrame({"position": np.arange(size), "label": labels})
    con.register("component", component)
    run_steps(con, ACCOUNT_IDS)
    con.unregister("component")
