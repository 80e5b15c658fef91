"""How pairs of groups look before the first round, brought up to date with what changed: `state.first_look`.

In: `seed`, the records that changed or decide with those that did; `work`, the records of their circles, and
`work_circle`. Out: `state.first_look` and `state.block` as a full run would leave them, and in `seed` besides one
record of every pair that looks otherwise, so that its circle is played again.

What a pair looks like depends on its two groups and on how common the names are by which they are likest. So groups of
other records, or of records that changed, are looked at with all that share a block with them; those that merely bear
a name which has become commoner or rarer, only with those that they are likest to by that name. A pair that is good
enough to join is played at once, not only when the rounds have found it.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.identity import compare, keys, rounds
from abm_pipeline.storage.engine import Step, run_steps

_CHANGED = (
    Step("old_group", "the groups of the work before", "FROM state.placed SEMI JOIN work_circle USING (circle)"),
    Step(
        "kept_group",
        "those that have the same records, none of which a change touches",
        """
        SELECT node FROM (SELECT node, count(*) AS records, bit_xor(hash(id)) AS held FROM member GROUP BY node)
        JOIN (SELECT atom AS node, count(*) AS records, bit_xor(hash(id)) AS held FROM old_group GROUP BY atom)
            USING (node, records, held)
        WHERE node NOT IN (SELECT node FROM member SEMI JOIN seed USING (id))
        """,
    ),
    Step("gone_group", "those that are no more", "SELECT atom AS node FROM old_group EXCEPT FROM kept_group"),
    Step("new_group", "those that are new", "SELECT node FROM member EXCEPT FROM kept_group"),
    Step("old_block", "blocks of groups that are no more", "FROM state.block WHERE node IN (FROM gone_group)"),
    Step("new_block", "blocks of new groups", "FROM block WHERE block IS NOT NULL AND node IN (FROM new_group)"),
    Step(
        "changed_block",
        "blocks that have other groups than before, and how many they had",
        """
        SELECT block, count(*) AS records FROM state.block WHERE block IN (
            SELECT block FROM ((FROM old_block EXCEPT FROM new_block) UNION ALL (FROM new_block EXCEPT FROM old_block))
        ) GROUP BY block
        """,
    ),
)
_LOOKED_AT = (
    Step(
        "changed_core",
        "names that have become commoner or rarer, as far as it makes a difference",
        f"""
        WITH change AS (
            SELECT core, sum(anchored) AS anchored, sum(loose) AS loose FROM (
                SELECT core, anchored, loose FROM name_log
                UNION ALL
                SELECT core, -anchored, -loose FROM state.name_delta SEMI JOIN work_circle USING (circle)
                WHERE round = 0
            ) GROUP BY core HAVING sum(anchored) <> 0 OR sum(loose) <> 0
        ),
        uses AS (
            SELECT core, sum(anchored) AS anchored, sum(loose) AS loose FROM (
                SELECT core, anchored, loose FROM state.name_delta SEMI JOIN change USING (core) WHERE round = 0
                UNION ALL SELECT core, 0, 0 FROM change
            ) GROUP BY core
        )
        SELECT core FROM (
            SELECT core, least(anchored, {compare.ANCHORED}) AS anchored, {compare.LOOSE} AS loose FROM (
                FROM uses UNION ALL
                SELECT core, u.anchored + c.anchored AS anchored, u.loose + c.loose AS loose
                FROM uses AS u JOIN change AS c USING (core)
            )
        ) GROUP BY core HAVING min(anchored) <> max(anchored) OR min(loose) <> max(loose)
        """,
    ),
    Step(
        "looked_at",
        "groups whose pairs may look otherwise; `is_new`: all of them, as the group is new, or one of its blocks has "
        "become too large, or is no longer",
        f"""
        WITH size AS (
            SELECT block, count(*) AS records FROM state.block SEMI JOIN changed_block USING (block) GROUP BY block
        ),
        crossed AS (
            SELECT block FROM changed_block AS o JOIN size AS n USING (block)
            WHERE (o.records BETWEEN 2 AND {compare.BLOCK}) <> (n.records BETWEEN 2 AND {compare.BLOCK})
                AND greatest(o.records, n.records) > {compare.BLOCK}
        )
        SELECT node, bool_or(is_new) AS is_new FROM (
            SELECT node, true AS is_new FROM new_group
            UNION ALL SELECT node, true FROM state.block SEMI JOIN crossed USING (block)
            UNION ALL
            SELECT node, false FROM state.block WHERE block IN (SELECT hash('n' || core) FROM changed_core)
        ) GROUP BY node
        """,
    ),
    Step(
        "small",
        "their blocks that aren't too large",
        f"""
        SELECT block FROM state.block WHERE block IN (SELECT block FROM state.block SEMI JOIN looked_at USING (node))
        GROUP BY block HAVING count(*) BETWEEN 2 AND {compare.BLOCK}
        """,
    ),
    Step(
        "beside",
        "groups outside the work that are looked at, share such a block with those that are, or name or are named by "
        "them",
        """
        WITH elsewhere AS (FROM state.placed WHERE circle NOT IN (FROM work_circle)),
        looker AS (
            SELECT id FROM member SEMI JOIN looked_at USING (node)
            UNION ALL SELECT id FROM elsewhere WHERE atom IN (SELECT node FROM looked_at)
        )
        SELECT id, atom FROM elsewhere WHERE atom IN (
            SELECT node FROM looked_at
            UNION ALL SELECT node FROM state.block SEMI JOIN small USING (block)
            UNION ALL
            SELECT atom FROM elsewhere WHERE id IN (
                SELECT said FROM state.reference SEMI JOIN looker USING (id)
                UNION ALL SELECT id FROM state.reference WHERE said IN (FROM looker)
            )
        )
        """,
    ),
)
_CANDIDATES = (
    Step(
        "candidate",
        "pairs of which at least one is looked at",
        """
        SELECT a, b, bool_or(is_new) AS is_new FROM (
            SELECT least(l.node, r.node) AS a, greatest(l.node, r.node) AS b, is_new
            FROM looked_at JOIN state.block AS l USING (node) JOIN small USING (block)
            JOIN state.block AS r USING (block)
            WHERE l.node <> r.node
            UNION ALL
            SELECT a, b, is_new FROM (FROM said_same UNION FROM said_parent) JOIN looked_at ON node IN (a, b)
        ) GROUP BY a, b
        """,
    ),
    Step("todo", "those that only a name may change", "SELECT a, b FROM candidate WHERE NOT is_new"),
)
_PAIR = Step(
    "pair",
    "pairs that may look otherwise",
    """
    SELECT a, b FROM candidate WHERE is_new
    UNION ALL
    SELECT a, b FROM pair_name
    WHERE names[1] IN (FROM changed_core) OR names[2] IN (FROM changed_core)
    """,
)
_FOUND = (
    Step(
        "undone",
        "groups all whose pairs were looked at anew, or are no more",
        "FROM gone_group UNION SELECT node FROM looked_at WHERE is_new",
    ),
    Step(
        "old_look",
        "pairs as they were",
        """
        FROM state.first_look WHERE a IN (FROM undone) OR b IN (FROM undone)
        UNION FROM state.first_look SEMI JOIN pair USING (a, b)
        """,
    ),
    Step("new_look", "pairs as they are", f"FROM standing WHERE bits >= {rounds.HOPELESS}"),
    Step(
        "also_seed",
        "outside the work, of each pair that looks otherwise the one that was looked at, and whoever is good enough to "
        "join one of the work",
        f"""
        WITH other AS ((FROM old_look EXCEPT FROM new_look) UNION ALL (FROM new_look EXCEPT FROM old_look))
        SELECT CASE WHEN a IN (SELECT node FROM looked_at) THEN a ELSE b END AS id
        FROM other WHERE a NOT IN (FROM work) AND b NOT IN (FROM work)
        UNION
        SELECT unnest([a, b]) FROM new_look WHERE bits >= {rounds.ROUNDS[0].threshold} AND NOT is_vetoed
            AND (a IN (FROM work)) <> (b IN (FROM work))
        """,
    ),
)

_STRENGTH = (
    "CREATE OR REPLACE TEMP TABLE key_strength AS FROM state.key_strength WHERE key IN (SELECT key FROM key_use)"
)


def load(con: duckdb.DuckDBPyConnection) -> None:
    """Make `rec`, all that hangs on it, and groups that need no weighing, described in `node`, of the work."""
    for name in ("rec", "domain_use", "key_use"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM state.{name} WHERE id IN (FROM work)")
    con.execute(_STRENGTH)
    for nothing in rounds.NOBODY_ELSE:
        con.execute(nothing)
    run_steps(con, keys.EDGES)
    rounds.atoms(con)
    rounds.describe(con)


def load_beside(con: duckdb.DuckDBPyConnection, names: str) -> None:
    """Add the records of `beside`, and make `name_elsewhere` of the rows of `state.name_delta` that `names` picks."""
    for name in ("rec", "domain_use", "key_use"):
        con.execute(f"INSERT INTO {name} FROM state.{name} WHERE id IN (SELECT id FROM beside)")
    con.execute(_STRENGTH)
    for name in ("member", "atom"):
        con.execute(f"INSERT INTO {name} SELECT id, atom FROM beside")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE name_elsewhere AS
        SELECT round, core, sum(anchored) AS anchored, sum(loose) AS loose FROM state.name_delta
        WHERE circle NOT IN (FROM work_circle) AND {names}
            AND core IN (SELECT core FROM rec UNION ALL SELECT also FROM rec)
        GROUP BY ALL
        """
    )
    run_steps(con, [step for step in keys.EDGES if step.name == "xref"])
    run_steps(con, [compare.PARENT_RECORD, *compare.SAID])


def describe_beside(con: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Add those of the groups beside that are in `pairs` to `node`."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE grouped AS SELECT id, atom AS node FROM beside "
        f"WHERE atom IN (SELECT a FROM {pairs} UNION ALL SELECT b FROM {pairs})"
    )
    run_steps(con, compare.NODES)
    con.execute("INSERT INTO node BY NAME FROM new_node")


def look_again(con: duckdb.DuckDBPyConnection) -> None:
    """Bring `state.first_look` and `state.block` up to date; adds to `seed`."""
    load(con)
    run_steps(con, [*compare.BLOCKS, *_CHANGED])
    con.execute("DELETE FROM state.block WHERE node IN (FROM gone_group)")
    con.execute("INSERT INTO state.block FROM new_block")
    run_steps(con, _LOOKED_AT)
    load_beside(con, "round = 0")
    run_steps(con, _CANDIDATES)
    describe_beside(con, "candidate")
    run_steps(con, [compare.PAIR_NAME, _PAIR])
    rounds.look(con)
    run_steps(con, _FOUND)
    con.execute("DELETE FROM state.first_look AS f USING old_look AS o WHERE f.a = o.a AND f.b = o.b")
    con.execute("INSERT INTO state.first_look FROM new_look")
    con.execute("INSERT INTO seed FROM also_seed")
