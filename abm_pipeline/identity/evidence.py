"""Why records are together or apart, kept for people: every pair that was joined, refused, or waits for an answer.

In: `joined`, `standing`, `record_account`, `group_id`, `decision`. Out: `new_link`, `new_link_review`, `new_weak_key`.
Evidence is a JSON list of {"what", "says", "weight"}: what was compared, its outcome in words, its bits; bits and prior
add up to the pair's match weight, but for rounding. Pairs that share neither name, domain, page nor number were never
in question and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd

from abm_pipeline.identity import model, rounds
from abm_pipeline.storage.engine import Step, run_steps

# What is told together: several comparisons, in the words of the first. Bits of all of them are added up.
TOLD: dict[str, tuple[str, ...]] = {
    "name": ("name", "spelling", "length", "shortened"),
    "rivals": ("rivals", "loose", "commonness"),
    "support": ("fewer", "more", "anchored"),
    "domain": ("domain", "domains_shared", "domains_fewer", "domains_more", "lone_domain", "mail", "label"),
    "linkedin": ("linkedin",), "duns": ("duns",), "phone": ("phone",),
    "place": ("place", "countries_fewer", "countries_more"),
    "industry": ("industry",), "size": ("size",), "said_same": ("said_same",), "said_parent": ("said_parent",),
}  # fmt: skip
_WORDS: dict[str, dict[int, str]] = {
    "name": {-1: "no name to compare", 0: "unlike names", 1: "names somewhat alike", 2: "one name within the other",
             3: "nearly the same name", 4: "the same words", 5: "the same name"},
    "rivals": {0: "nobody else of that name", 1: "one more of that name", 2: "a few more of that name",
               3: "a few more of that name", **dict.fromkeys(range(4, 10), "many of that name")},
    "support": {1: "one side is a single record", 2: "one side is two records",
                **dict.fromkeys(range(3, 10), "both sides are several records"),
                **dict.fromkeys(range(10, 21), "both sides are many records")},
    "domain": {0: "other domains", 1: "no domain to compare", 2: "a shared domain of many",
               3: "a few contacts on the other's domain", 4: "one label under several suffixes",
               5: "contacts on one domain", 6: "a domain that is hardly used by one of them",
               7: "most contacts on the other's domain", 8: "the same domain",
               9: "the same domain, and it fits the name"},
    "linkedin": {-1: "another LinkedIn page", 0: "a LinkedIn page of another country", 1: "no LinkedIn page to compare",
                 2: "a LinkedIn page that one of them hardly uses", 3: "the same LinkedIn page"},
    "duns": {0: "another DUNS number in the same country", 1: "no DUNS number to compare",
             2: "DUNS numbers of other countries", 3: "the same DUNS number"},
    "phone": {0: "another telephone number", 1: "no telephone number to compare", 2: "a telephone number of many",
              3: "telephone numbers of one switchboard", 4: "the same telephone number"},
    "place": {-1: "no country to compare", 0: "another country", 1: "another city of the same country",
              2: "the same country", 3: "cities that go together", 4: "the same city"},
    "industry": {**dict.fromkeys(range(-5, 0), "another industry"), 0: "no industry to compare",
                 1: "industries that may go together", 2: "industries that may go together",
                 **dict.fromkeys(range(3, 10), "industries that go together"),
                 **dict.fromkeys(range(10, 21), "the same industry")},
    "size": {-1: "no head count to compare", 0: "about the same size", 1: "another size", 2: "another size",
             **dict.fromkeys(range(3, 10), "quite another size")},
    "said_same": {0: "no source calls them one", 1: "a source calls them one"},
    "said_parent": {0: "no source calls one the other's parent", 1: "a parent of another name in a source",
                    2: "a parent of a longer or shorter name in a source", 3: "a parent of the same name in a source",
                    4: "one parent, by unlike names"},
}  # fmt: skip
_RULES = {
    "decision": "a person's decision", "crm_merge": "one was merged into the other by its source",
    "same_as": "a source keeps the other's id, under the same name", "domain": "the same name and domain",
    "linkedin_id": "the same name and LinkedIn page", "duns": "the same name and DUNS number",
    "phone": "the same name and telephone number",
}  # fmt: skip
# Bits that a key gives that needed no weighing.
_SURE = 20.0

_LINKS = (
    Step(
        "open_pair",
        "pairs that stayed apart although something spoke for them",
        f"""
        SELECT s.*, l.account_id AS left_account_id, r.account_id AS right_account_id,
            l.eldest_key AS left_key, r.eldest_key AS right_key,
            CASE
                WHEN d.left_key IS NOT NULL THEN 'decided'
                WHEN s.is_vetoed AND s.said_parent = 1 THEN 'parent and child in a source, under unlike names'
                WHEN s.is_vetoed AND s.name = 2
                    THEN 'a longer and a shorter name, each in several records, and nothing else but a domain'
                WHEN s.is_vetoed THEN 'two LinkedIn pages, two domains, two names'
                WHEN s.bits < {rounds.REVIEW_FROM} THEN 'more speaks against it than for it'
                ELSE 'not sure enough'
            END AS reason,
            CASE WHEN d.left_key IS NOT NULL THEN 'manual'
                WHEN s.is_vetoed OR s.bits < {rounds.REVIEW_FROM} THEN 'refused' ELSE 'review' END AS status
        FROM standing AS s JOIN group_id AS l ON l.node = s.a JOIN group_id AS r ON r.node = s.b
        LEFT JOIN decided_apart AS d ON d.left_node = s.a AND d.right_node = s.b
        WHERE s.name >= 3 OR s.domain >= 5 OR s.said_same = 1 OR s.said_parent BETWEEN 1 AND 3 OR s.linkedin >= 2
            OR s.duns = 3 OR s.bits >= {rounds.REVIEW_FROM}
        """,
    ),
    Step(
        "piece",
        "the evidence of each weighed pair, comparison by comparison",
        """
        SELECT left_key, right_key,
            list({'what': what, 'says': says, 'weight': bits} ORDER BY bits DESC, what) AS pieces
        FROM piece_bits JOIN wording USING (what, level)
        GROUP BY ALL
        """,
        is_local=True,
    ),
    Step(
        "new_link",
        "pairs of records that were joined or refused, with the reason",
        f"""
        SELECT * REPLACE (least(left_key, right_key) AS left_key, greatest(left_key, right_key) AS right_key) FROM (
        SELECT l.record_key AS left_key, r.record_key AS right_key, j.match_rule,
            1 / (1 + pow(2.0, -least(coalesce(j.bits, {_SURE}), 40))) AS match_probability,
            coalesce(j.bits, {_SURE}) AS match_weight,
            CASE WHEN j.match_rule = 'decision' THEN 'manual' ELSE 'joined' END AS status,
            coalesce(w.says, 'evidence') AS reason,
            coalesce(to_json(p.pieces)::VARCHAR,
                to_json([{{'what': j.match_rule, 'says': coalesce(w.says, ''), 'weight': {_SURE}}}])::VARCHAR
            ) AS evidence,
            snapshot_id
        FROM joined AS j JOIN rec AS l ON l.id = j.left_id JOIN rec AS r ON r.id = j.right_id
        LEFT JOIN rule_wording AS w ON w.match_rule = j.match_rule
        LEFT JOIN piece AS p ON p.left_key = l.record_key AND p.right_key = r.record_key AND j.round >= 0
        CROSS JOIN snapshot
        UNION ALL
        SELECT o.left_key, o.right_key, 'evidence', 1 / (1 + pow(2.0, -greatest(least(o.bits, 40), -40))), o.bits,
            CASE o.status WHEN 'manual' THEN 'refused' ELSE o.status END, o.reason, to_json(p.pieces)::VARCHAR,
            snapshot_id
        FROM open_pair AS o JOIN piece AS p USING (left_key, right_key) CROSS JOIN snapshot
        )
        QUALIFY row_number() OVER (
            PARTITION BY least(left_key, right_key), greatest(left_key, right_key)
            ORDER BY status <> 'manual', status <> 'joined', match_weight DESC, match_rule
        ) = 1
        """,
        is_local=True,
    ),
    Step(
        "new_link_review",
        "pairs of accounts that wait for an answer",
        """
        SELECT o.left_key, o.right_key, o.left_account_id, o.right_account_id,
            1 / (1 + pow(2.0, -greatest(least(o.bits, 40), -40))) AS match_probability, o.bits AS match_weight,
            o.reason, to_json(p.pieces)::VARCHAR AS evidence, o.status, snapshot_id
        FROM open_pair AS o JOIN piece AS p USING (left_key, right_key) CROSS JOIN snapshot
        WHERE o.status = 'review'
        """,
        is_local=True,
    ),
    Step(
        "new_weak_key",
        "keys that connect too much to be trusted, and domains between several accounts, which none of them owns",
        """
        SELECT kind AS key_kind, value AS key_value, records::BIGINT AS records, names::BIGINT AS names, snapshot_id
        FROM key_strength CROSS JOIN snapshot
        WHERE is_weak AND kind <> 'phone_stem' OR kind = 'domain' AND value IN (
            SELECT domain FROM domain_claim EXCEPT SELECT domain FROM domain_owner
        )
        """,
    ),
)


def explain_links(con: duckdb.DuckDBPyConnection) -> None:
    """Make `new_link`, `new_link_review` and `new_weak_key` of what `resolve` left in the connection."""
    words = [(what, level, says) for what, levels in _WORDS.items() for level, says in levels.items()]
    _table(con, "wording", "what VARCHAR, level INTEGER, says VARCHAR", words)
    _table(con, "rule_wording", "match_rule VARCHAR, says VARCHAR", list(_RULES.items()))
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE decided_apart AS
        SELECT DISTINCT least(l.node, r.node) AS left_node, greatest(l.node, r.node) AS right_node,
            d.left_key
        FROM decision AS d JOIN record_account AS l ON l.record_key = d.left_key
        JOIN record_account AS r ON r.record_key = d.right_key WHERE d.kind = 'never_merge'
        """
    )
    opened, *rest = _LINKS
    run_steps(con, [opened])
    pieces = pd.concat([_pieces(con, stage, weights) for stage, weights in enumerate(model.stages())])
    con.register("piece_frame", pieces)
    con.execute("CREATE OR REPLACE TEMP TABLE piece_bits AS FROM piece_frame")
    con.unregister("piece_frame")
    run_steps(con, rest)


def _pieces(con: duckdb.DuckDBPyConnection, stage: int, weights: model.Weights) -> pd.DataFrame:
    """What the comparisons of each pair that a stage weighed say, and their bits: left_key, right_key, what, level."""
    columns = ", ".join(model.COMPARISONS)
    numbers = [number for number, step in enumerate(rounds.ROUNDS) if step.stage == stage]
    found = con.execute(
        f"""
        SELECT l.record_key AS left_key, r.record_key AS right_key, {columns}
        FROM joined AS j
        JOIN (SELECT id, record_key FROM rec) AS l ON l.id = j.left_id
        JOIN (SELECT id, record_key FROM rec) AS r ON r.id = j.right_id
        WHERE list_contains($1::INTEGER[], j.round)
        UNION SELECT left_key, right_key, {columns} FROM open_pair WHERE $2
        ORDER BY ALL
        """,
        [numbers, stage == rounds.ROUNDS[-1].stage],
    ).fetchdf()
    bits = weights.bits(found[list(model.COMPARISONS)].to_numpy(np.int64))
    places = {name: place for place, name in enumerate(model.COMPARISONS)}
    frames = [
        found[["left_key", "right_key"]].assign(
            what=what, level=found[told[0]], bits=bits[:, [places[name] for name in told]].sum(axis=1).round(2)
        )
        for what, told in TOLD.items()
    ]
    return pd.concat(frames).query("bits != 0")


def _table(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    con.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
