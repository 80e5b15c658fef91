"""Resolve again what new, changed and removed records touch, and leave alone what they don't.

In: `company_record` of all records, `decision`, and the `state` of the run before, which is brought up to date. Out:
what `rounds` makes, in `state`. The members are those of a full run that goes by what was learned before
(`place_word`, `word_use`, `affinity`).

What becomes of a group depends on the groups that it meets, on who else goes by its names, and on how many use its keys
and blocks (see `state`). So the circles that a change touches are played through all rounds again (the **work**). The
circles that share a block with them (the **halo**) stand beside them: they join as they are known to (`move`), and are
compared with nobody but the work. Where work and halo meet, they are a new circle,
played again with a halo of its own; where a name has become commoner or rarer so that it makes a difference, those who
bear it are played again too; and so on until nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from abm_pipeline.identity import compare, keys, rounds
from abm_pipeline.identity.records import CLEAN
from abm_pipeline.identity.state import DIGEST, NAME_DELTA, NUMBER, PLACED, REFERENCE, find_circles
from abm_pipeline.storage.engine import Step, run_steps

# What was learned from all records is learned anew once this share of them is new, changed or gone.
SHARE = 0.1
# Fewer records than these are decided anew as quickly, and nothing is kept of them.
FEW = 1_000
# More rounds of work than this, and a full run is quicker.
PASSES = 25

_TOUCHED = Step(
    "touched",
    "records that are new, say something else, or are gone",
    """
    SELECT coalesce(n.id, o.id) AS id, n.id IS NOT NULL AS is_there
    FROM digest AS n FULL JOIN state.told AS o USING (record_key)
    WHERE n.digest IS DISTINCT FROM o.digest
    """,
)
# What a record may say anew without any other pair being compared.
_ASIDE = "name, created_at, known_at, modified_at, is_deleted"
_DIRTY = Step(
    "dirty",
    "those of them that mean something else",
    f"""
    WITH unchanged AS (
        SELECT id FROM (
            SELECT * EXCLUDE ({_ASIDE}) FROM rec
            INTERSECT SELECT * EXCLUDE ({_ASIDE}) FROM state.rec WHERE id IN (SELECT id FROM touched)
        )
    ),
    domains AS (
        SELECT id, list(DISTINCT (domain, how, contacts) ORDER BY (domain, how, contacts)) AS said
        FROM domain_use GROUP BY id
    ),
    earlier AS (
        SELECT id, list(DISTINCT (domain, how, contacts) ORDER BY (domain, how, contacts)) AS said
        FROM state.domain_use WHERE id IN (SELECT id FROM touched) GROUP BY id
    )
    SELECT t.id, t.is_there
    FROM touched AS t LEFT JOIN unchanged AS u USING (id) LEFT JOIN domains AS d USING (id)
    LEFT JOIN earlier AS e USING (id)
    WHERE u.id IS NULL OR d.said IS DISTINCT FROM e.said
    """,
)
_SEEDS = (
    Step(
        "changed_key",
        "keys that records have begun or ceased to use",
        """
        SELECT key FROM key_use SEMI JOIN dirty USING (id)
        UNION SELECT key FROM state.key_use SEMI JOIN dirty USING (id)
        """,
    ),
    Step(
        "seed",
        "records that decide with those: of one key and name, named by them or naming them, or under a new decision",
        f"""
        SELECT id FROM dirty
        UNION
        SELECT o.id FROM key_use AS n SEMI JOIN dirty USING (id) JOIN rec AS r ON r.id = n.id
        JOIN state.key_use AS o ON o.key = n.key
        JOIN state.rec AS s ON s.id = o.id AND s.core IS NOT DISTINCT FROM r.core
        UNION SELECT said FROM reference SEMI JOIN dirty USING (id)
        UNION SELECT id FROM state.reference WHERE said IN (SELECT id FROM dirty)
        UNION
        SELECT o.id FROM reference AS n SEMI JOIN dirty USING (id)
        JOIN state.reference AS o ON o.said = n.said AND o.kind = 'merged' AND n.kind = 'merged'
        UNION
        SELECT {NUMBER.format("unnest([left_key, right_key])")} FROM (
            (FROM decision EXCEPT FROM state.decision) UNION ALL (FROM state.decision EXCEPT FROM decision)
        )
        """,
    ),
)
_WORK = (
    Step(
        "work_circle",
        "circles that are played again",
        "SELECT DISTINCT circle FROM state.placed SEMI JOIN seed USING (id)",
    ),
    Step(
        "work",
        "their records that are still there, and new ones",
        """
        SELECT id FROM (SELECT id FROM state.placed SEMI JOIN work_circle USING (circle) UNION FROM seed)
        SEMI JOIN state.rec USING (id)
        """,
    ),
)
_BLOCKS = (
    Step("old_block", "blocks of the work before", "FROM state.block WHERE node IN (FROM old_atom)"),
    Step(
        "changed_block",
        "blocks that have other groups than before, and how many they had",
        """
        SELECT block, count(*) AS records FROM state.block WHERE block IN (
            SELECT block FROM ((FROM old_block EXCEPT FROM block) UNION ALL (FROM block EXCEPT FROM old_block))
        ) GROUP BY block
        """,
    ),
)
_HALO = (
    Step(
        "small",
        "blocks of the work that aren't too large",
        f"""
        SELECT block FROM state.block WHERE block IN (SELECT block FROM block)
        GROUP BY block HAVING count(*) BETWEEN 2 AND {compare.BLOCK}
        """,
    ),
    Step(
        "halo",
        "circles that share such a block with the work, or that name or are named by it",
        """
        SELECT DISTINCT circle FROM state.placed WHERE circle NOT IN (FROM work_circle) AND id IN (
            SELECT node FROM state.block WHERE block IN (FROM small)
            UNION ALL SELECT said FROM state.reference WHERE id IN (FROM work)
            UNION ALL SELECT id FROM state.reference WHERE said IN (FROM work)
        )
        """,
    ),
    Step(
        "resized",
        "circles that have lost or won pairs of their own because a block has become too large, or is no longer",
        f"""
        WITH size AS (
            SELECT block, count(*) AS records FROM state.block SEMI JOIN changed_block USING (block) GROUP BY block
        ),
        crossed AS (
            SELECT block FROM changed_block AS o JOIN size AS n USING (block)
            WHERE (o.records BETWEEN 2 AND {compare.BLOCK}) <> (n.records BETWEEN 2 AND {compare.BLOCK})
                AND greatest(o.records, n.records) > {compare.BLOCK}
        )
        SELECT DISTINCT circle FROM state.placed WHERE id NOT IN (FROM work)
            AND id IN (SELECT node FROM state.block SEMI JOIN crossed USING (block))
        """,
    ),
)
_PAIR = Step(
    "pair",
    "pairs of which at least one is worked at",
    """
    SELECT least(l.node, r.node) AS a, greatest(l.node, r.node) AS b
    FROM small JOIN block AS l USING (block) JOIN state.block AS r USING (block) WHERE l.node <> r.node
    UNION
    SELECT a, b FROM (FROM said_same UNION ALL FROM said_parent)
    WHERE a IN (FROM work_atom) OR b IN (FROM work_atom)
    """,
)
_FOUND = (
    Step(
        "played",
        "the new circles with work in them; open if they met the halo too",
        """
        SELECT circle, bool_or(w.id IS NULL) AS is_open FROM circled AS c LEFT JOIN work AS w USING (id)
        GROUP BY circle HAVING bool_or(w.id IS NOT NULL)
        """,
    ),
    Step("replaced", "their records", "SELECT id, circle FROM circled SEMI JOIN played USING (circle)"),
    Step(
        "old_circle",
        "the circles that these were in",
        "SELECT circle FROM state.placed SEMI JOIN replaced USING (id) UNION FROM work_circle",
    ),
    Step("old_record", "the records of those", "SELECT id FROM state.placed SEMI JOIN old_circle USING (circle)"),
    NAME_DELTA,
    PLACED,
    Step(
        "changed_name",
        "names whose bearers are others than before",
        """
        SELECT DISTINCT core FROM (
            SELECT core, round, sum(anchored) AS anchored, sum(loose) AS loose FROM (
                SELECT core, round, anchored, loose FROM name_delta SEMI JOIN played USING (circle)
                UNION ALL
                SELECT core, round, -anchored, -loose FROM state.name_delta SEMI JOIN old_circle USING (circle)
            ) GROUP BY ALL
        ) WHERE anchored <> 0 OR loose <> 0
        """,
    ),
)


def _name_class(name: str) -> Step:
    return Step(
        name,
        "how common those names are in each round, as far as it makes a difference",
        f"""
        SELECT core, round, {compare.ANCHORED} AS anchored, {compare.LOOSE} AS loose
        FROM (
            SELECT d.core, r.round, sum(d.anchored) AS anchored, sum(d.loose) AS loose
            FROM state.name_delta AS d SEMI JOIN changed_name USING (core)
            JOIN (SELECT unnest(range({len(rounds.ROUNDS) + 1})) AS round) AS r ON d.round <= r.round
            GROUP BY ALL
        )
        """,
    )


def increment(con: duckdb.DuckDBPyConnection, told: Callable[[str], None] = lambda text: None) -> str | None:
    """Bring `state` up to date with the records. Returns None, or why a full run is due; then `state` is as it was."""
    run_steps(con, [DIGEST, _TOUCHED])
    con.execute("BEGIN")
    try:
        _take_up(con)
        con.execute("UPDATE state.about SET changed = changed + (SELECT count(*) FROM dirty)")
        (learned, changed, dirty) = con.execute(
            "SELECT learned, changed, (SELECT count(*) FROM dirty) FROM state.about"
        ).fetchall()[0]
        if changed > SHARE * learned:
            con.execute("ROLLBACK")
            return f"{changed / max(learned, 1):.0%} of the records have changed since all were looked at"
        passes = 0
        while size := _work(con):
            passes += 1
            if passes > PASSES:
                con.execute("ROLLBACK")
                return "one thing led to another"
            told(f"{dirty:,} records have changed; pass {passes}: {size:,} decided again")
            _pass(con)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return None


def _work(con: duckdb.DuckDBPyConnection) -> int:
    """Make `work` of `seed`; returns how many records and circles it is."""
    run_steps(con, _WORK)
    (records, circles) = con.execute(
        "SELECT (SELECT count(*) FROM work), (SELECT count(*) FROM work_circle)"
    ).fetchall()[0]
    return int(max(records, circles))


def _take_up(con: duckdb.DuckDBPyConnection) -> None:
    """Put what records say now into `state`; makes `seed`."""
    con.execute("DELETE FROM company_record WHERE record_key NOT IN (SELECT record_key FROM digest SEMI JOIN touched "
                "USING (id))")  # fmt: skip
    con.execute("CREATE OR REPLACE TEMP TABLE place_word AS FROM state.place_word")
    con.execute("CREATE OR REPLACE TEMP TABLE word_use AS FROM state.word_use")
    con.execute("CREATE OR REPLACE TEMP TABLE affinity AS FROM state.affinity")
    run_steps(con, [*CLEAN, *keys.USES, REFERENCE, _DIRTY, *_SEEDS])
    for name in ("rec", "domain_use", "key_use", "reference"):
        con.execute(f"DELETE FROM state.{name} WHERE id IN (SELECT id FROM touched)")
        con.execute(f"INSERT INTO state.{name} BY NAME FROM temp.{name}")
    con.execute("DELETE FROM state.told WHERE id IN (SELECT id FROM touched)")
    con.execute("INSERT INTO state.told FROM digest WHERE id IN (SELECT id FROM touched)")
    con.execute("DELETE FROM state.decision")
    con.execute("INSERT INTO state.decision FROM decision")
    _load(con, "SELECT DISTINCT id FROM state.key_use WHERE key IN (FROM changed_key)")
    con.execute("DELETE FROM key_use WHERE key NOT IN (FROM changed_key)")
    run_steps(con, keys.STRENGTHS)
    con.execute(
        "INSERT INTO seed SELECT id FROM key_use WHERE key IN (SELECT n.key FROM key_strength AS n "
        "JOIN state.key_strength AS o USING (kind, key) WHERE (n.is_weak, n.is_lone) <> (o.is_weak, o.is_lone))"
    )
    con.execute("DELETE FROM state.key_strength WHERE key IN (FROM changed_key)")
    con.execute("INSERT INTO state.key_strength FROM temp.key_strength")


def _load(con: duckdb.DuckDBPyConnection, ids: str) -> None:
    """Make `rec` and what hangs on it those of some records."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE loaded AS {ids}")
    for name in ("rec", "domain_use", "key_use"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM state.{name} WHERE id IN (FROM loaded)")


def _pass(con: duckdb.DuckDBPyConnection) -> None:
    """Play the work and install what came of it; `seed` is then what is left."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE old_atom AS "
        "SELECT DISTINCT atom FROM state.placed SEMI JOIN work_circle USING (circle)"
    )
    _load(con, "FROM work")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE key_strength AS FROM state.key_strength WHERE key IN (SELECT key FROM key_use)"
    )
    for nothing in rounds.NOBODY_ELSE:
        con.execute(nothing)
    run_steps(con, keys.EDGES)
    rounds.atoms(con)
    rounds.describe(con)
    con.execute("CREATE OR REPLACE TEMP TABLE work_atom AS SELECT DISTINCT node FROM atom")
    run_steps(con, _BLOCKS)
    con.execute("DELETE FROM state.block WHERE node IN (FROM old_atom)")
    con.execute("INSERT INTO state.block FROM temp.block")
    run_steps(con, _HALO)
    _surround(con)
    rounds.play(con)
    find_circles(con, "SELECT id, circle FROM state.placed WHERE circle IN (FROM halo)")
    run_steps(con, _FOUND)
    run_steps(con, [_name_class("name_before")])
    _install(con)
    run_steps(con, [_name_class("name_after")])
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE seed AS
        WITH other_name AS (
            SELECT core FROM (FROM name_before EXCEPT FROM name_after)
            UNION SELECT core FROM (FROM name_after EXCEPT FROM name_before)
        ),
        again AS (
            SELECT circle FROM played WHERE is_open
            UNION FROM resized
            UNION SELECT circle FROM state.name_delta SEMI JOIN other_name USING (core)
                WHERE circle NOT IN (SELECT circle FROM played)
        )
        SELECT id FROM state.placed SEMI JOIN again USING (circle)
        """
    )


def _surround(con: duckdb.DuckDBPyConnection) -> None:
    """Add the halo to `rec` and all that is of it, and make `pair`."""
    con.execute("CREATE OR REPLACE TEMP TABLE beside AS SELECT id, atom FROM state.placed WHERE circle IN (FROM halo)")
    con.execute("CREATE OR REPLACE TEMP TABLE known_move AS FROM state.move WHERE old IN (SELECT id FROM beside)")
    con.execute("INSERT INTO name_log SELECT round, circle, core, anchored, loose FROM state.name_delta "
                "WHERE circle IN (FROM halo)")  # fmt: skip
    for name in ("rec", "domain_use", "key_use"):
        con.execute(f"INSERT INTO {name} FROM state.{name} WHERE id IN (SELECT id FROM beside)")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE key_strength AS FROM state.key_strength WHERE key IN (SELECT key FROM key_use)"
    )
    for name in ("member", "atom"):
        con.execute(f"INSERT INTO {name} SELECT id, atom FROM beside")
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE name_elsewhere AS
        SELECT round, core, sum(anchored) AS anchored, sum(loose) AS loose FROM state.name_delta
        WHERE circle NOT IN (FROM work_circle) AND core IN (SELECT core FROM rec UNION ALL SELECT also FROM rec)
        GROUP BY ALL
        """
    )
    run_steps(con, [step for step in keys.EDGES if step.name == "xref"])
    run_steps(con, [compare.PARENT_RECORD, *compare.SAID, _PAIR])
    con.execute(
        "CREATE OR REPLACE TEMP TABLE grouped AS SELECT id, atom AS node FROM beside "
        "WHERE atom IN (SELECT a FROM pair UNION ALL SELECT b FROM pair)"
    )
    run_steps(con, compare.NODES)
    con.execute("INSERT INTO node BY NAME FROM new_node")


def _install(con: duckdb.DuckDBPyConnection) -> None:
    """Put what was played in place of what it was before."""
    con.execute("DELETE FROM state.joined WHERE left_id IN (SELECT id FROM old_record)")
    con.execute("INSERT INTO state.joined BY NAME FROM temp.joined WHERE left_id IN (SELECT id FROM replaced)")
    con.execute("DELETE FROM state.move WHERE old IN (SELECT id FROM old_record)")
    con.execute("INSERT INTO state.move FROM temp.move WHERE old IN (SELECT id FROM replaced)")
    con.execute("DELETE FROM state.standing WHERE a IN (SELECT id FROM old_record) OR b IN (SELECT id FROM old_record)")
    con.execute(
        "INSERT INTO state.standing BY NAME FROM temp.standing "
        "WHERE a IN (SELECT id FROM replaced) OR b IN (SELECT id FROM replaced)"
    )
    con.execute("DELETE FROM state.name_delta WHERE circle IN (FROM old_circle)")
    con.execute("INSERT INTO state.name_delta FROM temp.name_delta SEMI JOIN played USING (circle)")
    con.execute("DELETE FROM state.placed WHERE id IN (SELECT id FROM old_record)")
    con.execute("INSERT INTO state.placed FROM temp.placed SEMI JOIN played USING (circle)")
