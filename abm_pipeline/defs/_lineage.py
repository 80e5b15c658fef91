"""Column lineage for the UI, found in the SQL itself: which columns of which tables a column is computed from.

Belongs here: following columns through a layer's steps with sqlglot. It is parsed when a layer runs, not when
definitions load, and kept in the home until the SQL is another. What sqlglot can't follow is left out rather than
guessed.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import dagster as dg
import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import TABLES, Table
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.whole import write_whole

# Columns of lake tables: ("facts.touch", "day").
Sources = frozenset[tuple[str, str]]
Columns = Mapping[str, Sources]


def plan(layer: str) -> dict[Table, tuple[Sequence[Step], str]]:
    """The steps in order and the SELECT of the rows, for tables of the layer that are made by named steps."""
    if layer == "facts":
        module = importlib.import_module("abm_pipeline.facts.refresh")
        return {f.table: ((*module.RATES, *f.steps), f"SELECT * FROM {f.rows}") for f in module.FACTS}
    if layer == "scoring":
        steps, days = (importlib.import_module(f"abm_pipeline.scoring.{name}") for name in ("steps", "days"))
        all_steps = (*steps.TOUCH_STEPS, *steps.SPAN_STEPS, *days.DAY_STEPS)
        return {
            t.ENGAGEMENT_SCORE: (all_steps, "SELECT * FROM score_row"),
            t.SCORE_PART: (all_steps, "SELECT * FROM part_row"),
        }
    if layer == "metrics":
        base, accounts, campaigns, attribution, health, spec, definitions = (
            importlib.import_module(f"abm_pipeline.metrics.{name}")
            for name in ("_base", "_accounts", "campaigns", "attribution", "data_health", "_spec", "_definitions")
        )
        parts = spec.account_parts(definitions.metric_specs())
        more = [step for part in parts for step in part.all_steps]
        tables = {t.CAMPAIGN_METRICS: campaigns.STEPS, t.DATA_HEALTH: health.STEPS, **attribution.TABLES}
        return {
            t.ACCOUNT_METRICS_DAILY: (
                (*base.WHO_IS_WHO, *base.ONCE, *base.DEALS, *base.DAILY, *accounts.STEPS, *more),
                accounts.publish(parts),
            ),
            **{
                table: ((*base.WHO_IS_WHO, *steps), f"SELECT * FROM {steps[-1].name}")
                for table, steps in tables.items()
            },
        }
    return {}


def of_layer(settings: Settings, layer: str) -> dict[Table, dg.TableColumnLineage]:
    """Column lineage of the layer's tables, as far as their SQL can be followed."""
    said = repr([(table, rows, steps) for table, (steps, rows) in plan(layer).items()])
    path = settings.home / "cache" / f"lineage_{layer}_{hashlib.sha256(said.encode()).hexdigest()[:16]}.json"
    if not path.exists():
        for older in path.parent.glob(f"lineage_{layer}_*.json"):
            older.unlink(missing_ok=True)
        write_whole(path, json.dumps(_found(layer)))
    return {
        TABLES[table]: dg.TableColumnLineage({column: _deps(sources) for column, sources in columns.items()})
        for table, columns in json.loads(path.read_text()).items()
    }


@cache
def _found(layer: str) -> dict[str, dict[str, list[tuple[str, str]]]]:
    known: dict[tuple[Step, ...], Columns] = {}
    out = {}
    for table, (steps, rows) in plan(layer).items():
        columns = _columns_of(rows, _follow(steps, known))
        found = {name: sorted(columns[name]) for name in table.columns if columns.get(name)}
        if found:
            out[str(table)] = found
    return out


def tables_read(layer: str) -> dict[Table, set[str]]:
    """Lake tables named in each table's SQL: `facts.touch` …"""
    out: dict[Table, set[str]] = {}
    for table, (steps, rows) in plan(layer).items():
        statements = [*(step.sql for step in steps), rows]
        named = {node for sql in statements for node in _tables_in(sqlglot.parse_one(sql, dialect="duckdb"))}
        out[table] = {name for name in named if name in TABLES}
    return out


def _tables_in(tree: exp.Expr) -> set[str]:
    return {f"{node.db}.{node.name}" for node in tree.find_all(exp.Table) if node.db}


def _deps(sources: Iterable[tuple[str, str]]) -> list[dg.TableColumnDep]:
    return [dg.TableColumnDep(dg.AssetKey(table.split(".")), column) for table, column in sources]


def _follow(steps: Sequence[Step], known: dict[tuple[Step, ...], Columns]) -> dict[str, Columns]:
    """Each step's columns, in terms of columns of lake tables. `known`: by a step and all before it, as tables share
    how they begin."""
    relations: dict[str, Columns] = {}
    for place, step in enumerate(steps, 1):
        so_far = tuple(steps[:place])
        if so_far not in known:
            known[so_far] = _columns_of(step.sql, relations)
        relations[step.name] = known[so_far]
    return relations


def _columns_of(sql: str, relations: Mapping[str, Columns]) -> Columns:
    """The columns of one SELECT over lake tables and earlier steps; empty if sqlglot can't follow it."""
    # Lake tables as `layer__name`: sqlglot wants all names equally deep.
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    schema: dict[str, object] = {}
    for node in list(tree.find_all(exp.Table)):
        table = TABLES.get(f"{node.db}.{node.name}")
        if table is not None:
            schema[f"{node.db}__{node.name}"] = dict.fromkeys(table.columns, "varchar")
            node.replace(exp.table_(f"{node.db}__{node.name}", alias=node.alias or node.name))
        elif relations.get(node.name):
            schema[node.name] = dict.fromkeys(relations[node.name], "varchar")
    try:
        qualified = qualify(tree, dialect="duckdb", schema=schema, validate_qualify_columns=False, identify=False)
        scope = build_scope(qualified)
        assert scope is not None
        nodes = lineage(None, qualified, schema, dialect="duckdb", scope=scope, copy=False, trim_selects=False)
        return {name: _sources(node, relations) for name, node in nodes.items()}
    except (sqlglot.errors.SqlglotError, ValueError, KeyError, AssertionError) as error:
        logging.getLogger(__name__).debug("no lineage for a step: %s", error)
        return {}


def _sources(node: Node, relations: Mapping[str, Columns]) -> Sources:
    found: set[tuple[str, str]] = set()
    for leaf in node.walk():
        if leaf.downstream or not isinstance(leaf.expression, exp.Table):
            continue
        name, column = leaf.expression.name, leaf.name.rsplit(".", 1)[-1].strip('"')
        if "__" in name and name.replace("__", ".", 1) in TABLES:
            table = name.replace("__", ".", 1)
            if column in TABLES[table].columns:
                found.add((table, column))
        else:
            found |= relations.get(name, {}).get(column, frozenset())
    return frozenset(found)
