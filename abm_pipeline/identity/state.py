"""What is kept between two resolutions, so that the next one works out only what has changed: one DuckDB file.

In the file, attached as `state`: the records in one spelling and a digest of what each said (`told`), their keys, how
far to trust those, blocks of groups, evidence, the circle of every record (`placed`), who went by each name in each
round (`name_delta`), and what was learned from all records (`place_word`,
`word_use`, `affinity`).

A **circle** is the records that ever were, in any round, good enough a pair to join, by way of others too. No group is
influenced by one outside its circle, except in how many others go by its names.

The file is a cache: without it the next run is a full one, with the same members. It is used by one run at a time;
another one meanwhile works without. A run that dies leaves it as it was.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from abm_pipeline.storage.engine import Step

# Who changes one of these decides otherwise.
_DECIDING = (
    "compare.py", "increment.py", "keys.py", "model.json", "model.py", "records.py", "rounds.py", "state.py", "text.py",
    "vocabulary.py", "../staging/domains.py",
)  # fmt: skip
_LIBRARIES = ("anyascii", "babel", "duckdb", "tldextract")
# Made of all records, kept as they are.
_KEPT = (
    "rec", "domain_use", "key_use", "key_strength", "block", "joined", "standing", "move", "place_word", "word_use",
    "affinity", "decision",
)  # fmt: skip
# A record's number, as in `keys`.
NUMBER = "(hash({}) >> 1)::BIGINT"

DIGEST = Step(
    "digest",
    "what each record says, as a number",
    f"SELECT record_key, {NUMBER.format('record_key')} AS id, hash(said) AS digest FROM company_record AS said",
)
REFERENCE = Step(
    "reference",
    "records that records name: as the same, as what they went into, as the parent",
    f"""
    SELECT id, {NUMBER.format("said")} AS said, kind FROM (
        SELECT id, unnest(xref) AS said, 'same' AS kind FROM rec
        UNION ALL SELECT id, source || ':' || merged_into, 'merged' FROM rec
        UNION ALL SELECT id, parent, 'parent' FROM rec
    ) WHERE said IS NOT NULL
    """,
)
NAME_DELTA = Step(
    "name_delta",
    "from which round on how many groups more or less go by a name, by circle",
    """
    SELECT circle, round, core, sum(anchored)::INTEGER AS anchored, sum(loose)::INTEGER AS loose
    FROM name_log AS l JOIN circled AS c ON c.id = l.node
    GROUP BY ALL HAVING sum(anchored) <> 0 OR sum(loose) <> 0
    """,
)
PLACED = Step(
    "placed",
    "the atom, the group and the circle of each record",
    "SELECT id, a.node AS atom, m.node, c.circle "
    "FROM atom AS a JOIN member AS m USING (id) JOIN circled AS c USING (id)",
)


def find_circles(con: duckdb.DuckDBPyConnection, known: str = "SELECT 0 AS a, 0 AS b WHERE false") -> None:
    """Make `circled` (id, circle): a circle is called after its smallest record. `known`: pairs known to be in one."""
    pairs = con.execute(
        "SELECT a, b FROM met UNION ALL SELECT id, node FROM atom UNION ALL SELECT left_id, right_id FROM atom_edge "
        f"UNION ALL {known}"
    ).fetchnumpy()
    left, right = (np.asarray(pairs[name], np.int64) for name in ("a", "b"))
    ids, place = np.unique(np.concatenate([left, right]), return_inverse=True)
    size = len(ids)
    if size:
        edges = (place[: len(left)], place[len(left) :])
        _, labels = connected_components(coo_matrix((np.ones(len(left), np.int8), edges), shape=(size, size)), False)
        first = np.full(labels.max() + 1, size, np.int64)
        np.minimum.at(first, labels, np.arange(size))
        circles = ids[first[labels]]
    else:
        circles = ids
    con.register("circle_frame", pd.DataFrame({"id": ids, "circle": circles}))
    con.execute("CREATE OR REPLACE TEMP TABLE circled AS FROM circle_frame")
    con.unregister("circle_frame")


IN_USE = "another run uses what is kept"


def attach(con: duckdb.DuckDBPyConnection, folder: Path, setting: str) -> str | None:
    """Attach the folder's file as `state`. Returns None, or why it can't serve.

    `setting`: what else decides, besides the code: the lists of the programme.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        con.execute(f"ATTACH '{_quoted(_file(folder))}' AS state")
        known = con.execute("SELECT 1 FROM duckdb_tables() WHERE database_name = 'state' AND table_name = 'about'")
        if not known.fetchall():
            return "nothing was kept"
        if con.execute("SELECT fingerprint FROM state.about").fetchall() != [(_fingerprint(setting),)]:
            return "another version, or other lists, made what is kept"
    except duckdb.Error as error:
        return IN_USE if "lock" in str(error) else "what is kept can't be read"
    return None


def save(con: duckdb.DuckDBPyConnection, folder: Path, setting: str) -> None:
    """Write what a full run left in the connection; the file that stood there goes when the new one is whole."""
    find_circles(con)
    con.execute("DETACH DATABASE IF EXISTS state")
    path, fresh = _file(folder), folder / ".fresh.duckdb"
    _remove(fresh)
    con.execute(f"ATTACH '{_quoted(fresh)}' AS state")
    for step in (DIGEST, REFERENCE, NAME_DELTA, PLACED):
        name = "told" if step is DIGEST else step.name
        con.execute(f"CREATE TABLE state.{name} AS {step.sql}")
    for name in _KEPT:
        con.execute(f"CREATE TABLE state.{name} AS FROM temp.{name}")
    con.execute(
        "CREATE TABLE state.about AS SELECT ?::VARCHAR AS fingerprint, count(*) AS learned, 0::BIGINT AS changed "
        "FROM state.told",
        [_fingerprint(setting)],
    )
    con.execute("DETACH state")
    _remove(path)
    fresh.replace(path)


def show(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the connection, of which an increment worked out a part, those of all records again."""
    views = {
        name: f"FROM state.{name}" for name in ("rec", "domain_use", "key_use", "key_strength", "joined", "standing")
    }
    views |= {"member": "SELECT id, node FROM state.placed", "atom": "SELECT id, atom AS node FROM state.placed"}
    for name, query in views.items():
        con.execute(f"DROP TABLE IF EXISTS temp.{name}")
        con.execute(f"CREATE TEMP VIEW {name} AS {query}")


def _fingerprint(setting: str) -> str:
    here = Path(__file__).parent
    said = hashlib.sha256(setting.encode())
    for name in _DECIDING:
        said.update((here / name).read_bytes())
    said.update(repr([(name, version(name)) for name in _LIBRARIES]).encode())
    return said.hexdigest()


def _file(folder: Path) -> Path:
    return folder / "accounts.duckdb"


def _remove(path: Path) -> None:
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
