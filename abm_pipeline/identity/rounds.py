"""From records to groups: round after round the pairs that are surest become one, and are compared anew as one.

In: `rec` and what `keys` made of it. Out: `member` (record → group), `joined` (why groups became one) and `standing`
(the pairs that were compared last and stayed apart); besides `met`, all pairs that ever were good enough to join,
`name_log`, who went by each name from which round on, and `move`, who joined whom in which round: what an increment has
to know of those that it leaves alone.

A chain of likenesses is no likeness: A may be like B, and B like C, while A and C differ. So groups join their best
partner only, and only where that is mutual or beyond doubt; then everything that the group now knows (its domains,
pages, numbers, names) speaks for or against the next partner. What people or systems of record say is never
overridden: groups of which two records must stay apart never join, by however many others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
from duckdb.func import PythonUDFType
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from abm_pipeline.identity import compare, model
from abm_pipeline.identity.keys import KEYS
from abm_pipeline.identity.model import Weights
from abm_pipeline.storage.engine import Step, run_steps

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Round:
    """Groups join their best partner from `threshold` bits on if that is mutual, from `sure` bits on in any case."""

    stage: int
    threshold: float
    sure: float


ROUNDS = (
    Round(0, 4, 7), Round(0, 4, 6), Round(1, 3, 6), Round(1, 3, 5), Round(2, 2.5, 5), Round(2, 2, 4), Round(2, 1.5, 4),
    Round(2, 1.5, 4), Round(2, 1.5, 4),
)  # fmt: skip
# For a full run: nobody goes by a name that isn't in `node`, and nobody's joins are known before they are decided.
# `beside` are records whose groups are only looked at: they join as `known_move` says.
NOBODY_ELSE = (
    "CREATE OR REPLACE TEMP TABLE name_elsewhere (round INTEGER, core VARCHAR, anchored INTEGER, loose INTEGER)",
    "CREATE OR REPLACE TEMP TABLE beside (id BIGINT, atom BIGINT)",
    "CREATE OR REPLACE TEMP TABLE known_move (round INTEGER, old BIGINT, new BIGINT)",
)
# Pairs that weigh less than this are not looked at again.
HOPELESS = -7.0
# Who is asked: pairs that stayed apart with odds between these.
REVIEW_FROM = -1.0
# In how many rounds at first it is learned anew which spellings of industries and cities go together.
LEARNING = 3

_APART = Step(
    "apart",
    "groups that people or systems of record say are two",
    """
    SELECT DISTINCT l.node AS a, r.node AS b
    FROM decision AS d
    JOIN rec AS x ON x.record_key = d.left_key JOIN rec AS y ON y.record_key = d.right_key
    JOIN member AS l ON l.id = x.id JOIN member AS r ON r.id = y.id
    WHERE d.kind = 'never_merge'
    """,
)
# Two pages, two domains and two names; a child that its own system keeps beside its parent, unlike in name, on another
# domain or on the parent's with nothing to say where it is (in another place it is mostly an office); or a name within
# the other that each side goes by in several records, where nothing but a domain speaks for it: a division.
VETO = """
    linkedin <= 0 AND domain = 0 AND name < 4 AND said_same = 0
    OR said_parent = 1 AND name IN (0, 1) AND linkedin < 2 AND duns < 3
        AND (domain < 8 OR domain = 8 AND place = -1 AND phone < 3)
    OR shortened >= 3 AND fewer >= 2 AND linkedin < 2 AND duns < 3 AND phone < 3 AND place < 2 AND industry <= 0
        AND said_same = 0
"""


def group(
    con: duckdb.DuckDBPyConnection,
    *,
    weights: Callable[[int], Weights] | None = None,
    told: Callable[[str], None] = lambda text: None,
) -> None:
    """Make `member`, `joined` and `standing` of all records at once, and learn `affinity` from them.

    `weights` gives those of a stage, when it is first needed.
    """
    run_steps(con, KEYS)
    for name in ("distinct_name", "worded_name", "plain_name", "name_key", "record", "record_domain"):
        con.execute(f"DROP TABLE IF EXISTS {name}")  # a million records leave little room
    con.execute(
        "CREATE OR REPLACE TEMP TABLE affinity (round INTEGER, what VARCHAR, a VARCHAR, b VARCHAR, bits DOUBLE)"
    )
    for nothing in NOBODY_ELSE:
        con.execute(nothing)
    atoms(con)
    (size,) = con.execute("SELECT count(*) FROM rec").fetchall()[0]
    told(f"{size:,} records, their keys found")
    describe(con)
    run_steps(con, [compare.PARENT_RECORD, *compare.SAID, *compare.PAIRS])
    play(con, weights=weights, told=told, learning=True)


def atoms(con: duckdb.DuckDBPyConnection) -> None:
    """Make `member`, `atom` and `joined` of what `atom_edge` says: the groups that need no weighing."""
    con.execute("CREATE OR REPLACE TEMP TABLE member AS SELECT id, id AS node FROM rec")
    edges = con.execute("SELECT left_id, right_id, 1000.0 - strength FROM atom_edge").fetchnumpy()
    left, right, order = (np.asarray(column) for column in edges.values())
    _move(con, _joined_up(left, right, order, _apart(con)))
    con.execute("CREATE OR REPLACE TEMP TABLE atom AS FROM member")
    levels = ", ".join(f"NULL::INTEGER AS {name}" for name in model.COMPARISONS)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE joined AS "
        f"SELECT -1 AS round, left_id, right_id, match_rule, NULL::DOUBLE AS bits, {levels} FROM atom_edge "
        "JOIN member AS l ON l.id = left_id JOIN member AS r ON r.id = right_id AND l.node = r.node"
    )


def describe(con: duckdb.DuckDBPyConnection) -> None:
    """Make `node` of the groups in `member`, and `block`: what they are looked up by."""
    con.execute("CREATE OR REPLACE TEMP TABLE grouped AS FROM member")
    run_steps(con, compare.NODES)
    con.execute("CREATE OR REPLACE TEMP TABLE node AS FROM new_node")
    con.execute("CREATE OR REPLACE TEMP TABLE now AS SELECT 0 AS round")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE name_log "
        "(round INTEGER, node BIGINT, core VARCHAR, anchored INTEGER, loose INTEGER)"
    )
    _log_names(con, 0, "true", 1)
    run_steps(con, [compare.NODE_CORE, *compare.BLOCKS])


def play(
    con: duckdb.DuckDBPyConnection,
    *,
    weights: Callable[[int], Weights] | None = None,
    told: Callable[[str], None] = lambda text: None,
    learning: bool = False,
) -> None:
    """All rounds, from `pair` and `said_same`, `said_parent` of the groups in `node` on.

    Learns `affinity`, or goes by that which is there. What becomes of two groups depends on nothing but groups that
    they meet, in `met`, and on who else goes by their names. So no round is left out for want of joins, which would
    depend on everybody.
    """
    weights = weights or (lambda stage: model.stages()[stage])
    con.execute("CREATE OR REPLACE TEMP TABLE met (a BIGINT, b BIGINT)")
    con.execute("CREATE OR REPLACE TEMP TABLE move (round INTEGER, old BIGINT, new BIGINT)")
    for number, step in enumerate(ROUNDS):
        _weigh(con, number, weights, _compare(con, number, learning))
        joined = _join(con, number, step)
        (groups,) = con.execute("SELECT count(*) FROM node").fetchall()[0]
        told(f"round {number + 1} of {len(ROUNDS)}: {groups:,} groups, {joined:,} of them join another")
        if not con.execute("SELECT 1 FROM standing LIMIT 1").fetchall():
            return
    _weigh(con, len(ROUNDS), weights, _compare(con, len(ROUNDS), learning))


def _affinities(con: duckdb.DuckDBPyConnection, number: int, learning: bool) -> None:
    if learning:
        run_steps(con, compare.AFFINITIES)
    for what in ("industry", "city"):
        if learning:
            con.execute(f"INSERT INTO affinity SELECT {number}, '{what}', a, b, bits FROM {what}_affinity")
        else:
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE {what}_affinity AS "
                f"SELECT a, b, bits FROM affinity WHERE what = '{what}' AND round = {number}"
            )


def _log_names(con: duckdb.DuckDBPyConnection, number: int, which: str, sign: int) -> None:
    con.execute(
        f"INSERT INTO name_log SELECT {number}, node, unnest(cores), {sign} * is_anchored::INTEGER, "
        f"{sign} * (NOT is_anchored)::INTEGER FROM node "
        f"WHERE cores IS NOT NULL AND ({which}) AND node NOT IN (SELECT id FROM beside)"
    )


def _compare(con: duckdb.DuckDBPyConnection, number: int, learning: bool) -> bool:
    """Bring `node` up to date with `member`, where `grouped` are the groups that are new; make `compared` of these.

    What stands of the comparisons before stays in `standing`. False if there was nothing to compare.
    """
    if number < LEARNING:
        _affinities(con, number, learning)
    if number > 0:
        con.execute(f"DELETE FROM standing WHERE bits < {HOPELESS}")
        if not con.execute("SELECT 1 FROM grouped LIMIT 1").fetchall():
            return False
        run_steps(con, compare.NODES)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE touched AS SELECT old AS node FROM moved UNION SELECT node FROM new_node"
        )
        _log_names(con, number, "node IN (SELECT node FROM touched)", -1)
        con.execute("DELETE FROM node WHERE node IN (SELECT node FROM touched)")
        con.execute("INSERT INTO node BY NAME FROM new_node")
        _log_names(con, number, "node IN (SELECT node FROM new_node)", 1)
        con.execute(f"CREATE OR REPLACE TEMP TABLE now AS SELECT {number} AS round")
        run_steps(con, [compare.NODE_CORE, *compare.SAID])
        again = "a IN (SELECT node FROM touched) OR b IN (SELECT node FROM touched)"
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE todo AS
            SELECT DISTINCT least(x, y) AS a, greatest(x, y) AS b FROM (
                SELECT coalesce(l.new, s.a) AS x, coalesce(r.new, s.b) AS y
                FROM standing AS s LEFT JOIN moved AS l ON l.old = s.a LEFT JOIN moved AS r ON r.old = s.b
                WHERE {again}
            ) WHERE x <> y
            """
        )
        con.execute(f"DELETE FROM standing WHERE {again}")
        if not con.execute("SELECT 1 FROM todo LIMIT 1").fetchall():
            return False
    else:
        con.execute("CREATE OR REPLACE TEMP TABLE todo AS FROM pair")
    run_steps(con, [compare.NAME_USE, *compare.COMPARED])
    return True


def _weigh(con: duckdb.DuckDBPyConnection, number: int, weights: Callable[[int], Weights], is_fresh: bool) -> None:
    """Bring `standing` up to date with `compared` if that is fresh, and `met` with `standing`."""
    step = ROUNDS[min(number, len(ROUNDS) - 1)]
    levels = ", ".join(f"{name}::TINYINT" for name in model.COMPARISONS)
    if number == 0:
        small = ", ".join(f"{name}::TINYINT AS {name}" for name in model.COMPARISONS)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE standing AS "
            f"SELECT a, b, {small}, 0.0::DOUBLE AS bits, false AS is_vetoed FROM compared LIMIT 0"
        )
    con.create_function("weigh", weights(step.stage).weigh, None, duckdb.sqltypes.DOUBLE, type=PythonUDFType.ARROW)
    if 0 < number < len(ROUNDS) and ROUNDS[number - 1].stage != step.stage:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE standing AS SELECT * REPLACE (weigh({levels}) AS bits) FROM standing"
        )
    if is_fresh:
        con.execute(
            f"INSERT INTO standing BY NAME SELECT *, weigh({levels}) AS bits, ({VETO}) AS is_vetoed FROM compared"
        )
    con.remove_function("weigh")
    con.execute("INSERT INTO met SELECT a, b FROM standing WHERE bits >= $1 AND NOT is_vetoed", [step.threshold])


def _join(con: duckdb.DuckDBPyConnection, number: int, step: Round) -> int:
    """Join groups to their best partners; returns how many groups went into another. Makes `moved` and `grouped`.

    Groups beside join whom they are known to join, and are described anew if anybody still looks at them.
    """
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE near AS
        SELECT a, b, bits FROM standing WHERE bits >= $1 AND NOT is_vetoed
            AND a NOT IN (SELECT id FROM beside) AND b NOT IN (SELECT id FROM beside)
        """,
        [step.threshold],
    )
    known = con.execute("SELECT old, new FROM known_move WHERE round = $1", [number]).fetchnumpy()
    if not len(known["old"]) and not con.execute("SELECT 1 FROM near LIMIT 1").fetchall():
        con.execute("DELETE FROM grouped")
        return 0
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE best AS
        SELECT node, arg_max(other, (bits, -other)) AS other, max(bits) AS bits
        FROM (SELECT a AS node, b AS other, bits FROM near UNION ALL SELECT b, a, bits FROM near) GROUP BY node
        """
    )
    edges = con.execute(
        """
        SELECT least(x.node, x.other) AS a, greatest(x.node, x.other) AS b, max(x.bits) AS bits
        FROM best AS x LEFT JOIN best AS y ON y.node = x.other
        WHERE y.other = x.node OR x.bits >= $1
        GROUP BY ALL
        """,
        [step.sure],
    ).fetchnumpy()
    left, right, bits = (np.asarray(edges[name]) for name in ("a", "b", "bits"))
    moved = _joined_up(left, right, bits, _apart(con))
    wanted = pd.DataFrame({"a": left, "b": right})
    con.register("wanted", wanted)
    _move(con, pd.concat([moved, pd.DataFrame(known)]))
    con.execute(f"INSERT INTO move SELECT {number}, old, new FROM moved WHERE old NOT IN (SELECT id FROM beside)")
    levels = ", ".join(f"s.{name}" for name in model.COMPARISONS)
    con.execute(
        f"INSERT INTO joined SELECT {number}, l.first_id, r.first_id, 'evidence', s.bits, {levels} "
        "FROM standing AS s JOIN wanted USING (a, b) JOIN node AS l ON l.node = s.a JOIN node AS r ON r.node = s.b "
        "LEFT JOIN moved AS ml ON ml.old = s.a LEFT JOIN moved AS mr ON mr.old = s.b "
        "WHERE coalesce(ml.new, s.a) = coalesce(mr.new, s.b)"
    )
    con.unregister("wanted")
    looked_at = f"""
        UNION SELECT coalesce(v.new, s.node) FROM (
            SELECT unnest([a, b]) AS node FROM standing WHERE bits >= {HOPELESS}
        ) AS s LEFT JOIN moved AS v ON v.old = s.node
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE grouped AS
        SELECT m.* FROM member AS m SEMI JOIN moved ON moved.new = m.node WHERE m.node IN (
            SELECT new FROM moved WHERE new NOT IN (SELECT id FROM beside) {looked_at if len(known["old"]) else ""}
        )
        """
    )
    return len(moved)


def _apart(con: duckdb.DuckDBPyConnection) -> set[tuple[int, int]]:
    if not con.execute("SELECT 1 FROM decision WHERE kind = 'never_merge' LIMIT 1").fetchall():
        return set()
    run_steps(con, [_APART])
    return {pair for a, b in con.execute("SELECT a, b FROM apart").fetchall() for pair in ((a, b), (b, a))}


def _joined_up(left: Ids, right: Ids, order: npt.NDArray[np.float64], apart: set[tuple[int, int]]) -> pd.DataFrame:
    """Groups that give way to another (`old`, `new`: the smallest of their component), kept apart where they must be.

    Only components that hold such a pair are gone through edge by edge, the strongest edge first.
    """
    if not len(left):
        return pd.DataFrame({"old": left, "new": left}, dtype=np.int64)
    groups, place = np.unique(np.concatenate([left, right]).astype(np.int64), return_inverse=True)
    left, right = place[: len(left)], place[len(left) :]
    at = {int(group): index for index, group in enumerate(groups)} if apart else {}
    apart = {(at[a], at[b]) for a, b in apart if a in at and b in at}
    size = len(groups)
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    first = np.full(labels.max(initial=-1) + 1, size, np.int64)
    np.minimum.at(first, labels, np.arange(size))
    target = first[labels]
    torn = {int(labels[a]) for a, b in apart if labels[a] == labels[b]}
    if torn:
        target = _parted(target, labels, torn, left, right, order, apart)
    old = np.flatnonzero(target != np.arange(size))
    return pd.DataFrame({"old": groups[old], "new": groups[target[old]]})


def _parted(
    target: Ids, labels: Ids, torn: set[int], left: Ids, right: Ids, order: npt.NDArray[np.float64],
    apart: set[tuple[int, int]],
) -> Ids:  # fmt: skip
    inside = np.flatnonzero(np.isin(labels, list(torn)))
    held = {int(node): {int(node)} for node in inside}
    home = {int(node): int(node) for node in inside}
    mine = np.flatnonzero(np.isin(labels[left], list(torn)))
    for edge in mine[np.lexsort((right[mine], left[mine], -order[mine]))]:
        a, b = sorted((home[int(left[edge])], home[int(right[edge])]))
        if a == b or any((x, y) in apart for x in held[a] for y in held[b]):
            continue
        held[a] |= held.pop(b)
        home |= dict.fromkeys(held[a], a)
    target = target.copy()
    for node, at in home.items():
        target[node] = at
    return target


def _move(con: duckdb.DuckDBPyConnection, moved: pd.DataFrame) -> None:
    con.register("moved_frame", moved)
    con.execute("CREATE OR REPLACE TEMP TABLE moved AS FROM moved_frame")
    con.unregister("moved_frame")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE member AS "
        "SELECT m.id, coalesce(v.new, m.node) AS node FROM member AS m LEFT JOIN moved AS v ON v.old = m.node"
    )
