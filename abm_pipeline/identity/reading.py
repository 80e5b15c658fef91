"""The identity tables and company records, opened to be read by people's commands and pages.

Belongs here: what the story of an account and the review queue both need: the relations, a record as its source has it,
what a person may call a record, and evidence as it is kept in links. Nothing is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity.decisions import decisions_path, read, register
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine

# What tells a person whether two records are one company, in the order of a look at them.
SHOWN = (
    "name", "domain", "website", "additional_domains", "email_domains", "linkedin_id", "duns", "phone", "country_code",
    "region", "city", "industry", "employee_count", "annual_revenue", "parent_source_id", "owner_name",
    "lifecycle_stage", "is_deleted", "created_at", "modified_at",
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """A company record as its source had it last. `values`: what is known of it, by column, in the order of SHOWN."""

    key: str
    values: dict[str, Any]

    @property
    def name(self) -> str:
        """The name, else the domain; empty if neither is known."""
        return str(self.values.get("name") or self.values.get("domain") or "")

    @property
    def title(self) -> str:
        """Key and name."""
        return f"{self.key} {self.name}".strip()


@dataclass(frozen=True)
class Piece:
    """A piece of evidence: what it is about, what it says, and its weight in bits (positive: the same company)."""

    what: str
    says: str
    weight: float


@contextmanager
def opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the identity tables, and the table `decision` of the decisions in force."""
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        lake = settings.open_lake
        for table in (t.ACCOUNT, t.MEMBER, t.REDIRECT, t.LINK, t.LINK_REVIEW, t.COMPANY):
            lake.attach(con, table)
        register(con, read(decisions_path(settings)))
        yield con


def resolved_at(settings: Settings) -> datetime | None:
    """When accounts were last worked out; None if never. Decisions made since wait for the next run."""
    stamp = settings.open_lake.computed_at(t.MEMBER).get(None)
    return None if stamp is None else datetime.fromtimestamp(stamp / 1e9, UTC)


def keys_called(con: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """Keys of the records that a text is the key or the bare id of.

    A whole key is never taken for an id, nor is the domain of an account, which some sources have for an id.
    """
    found = con.execute(
        """
        WITH named AS (
            SELECT source, source_id = $text AS is_bare, source || ':' || source_id AS record_key FROM identity.member
            WHERE source_id IN ($text, $rest, lower($text))
        )
        SELECT record_key, is_bare FROM named
        WHERE source <> 'domain' AND (
            lower(source) = $source AND record_key = source || ':' || $rest
            OR is_bare AND NOT EXISTS (SELECT 1 FROM named WHERE record_key = 'domain:' || lower($text))
        )
        ORDER BY record_key
        """,
        {"text": text, "source": text.partition(":")[0].lower(), "rest": text.partition(":")[2]},
    ).fetchall()
    whole = [key for key, is_bare in found if not is_bare]
    return whole or [key for key, _ in found]


def account_of(con: duckdb.DuckDBPyConnection, key: str) -> str:
    """The account of a member `source:source_id`."""
    rows = con.execute("SELECT account_id FROM identity.member WHERE source || ':' || source_id = ?", [key]).fetchall()
    return str(rows[0][0])


def standing_for(con: duckdb.DuckDBPyConnection, account_id: str) -> str | None:
    """Key of the record that stands for an account: its oldest; None if it has domains only."""
    rows = con.execute(
        """
        SELECT m.source || ':' || m.source_id
        FROM identity.member AS m LEFT JOIN staged.company AS c USING (source, source_id)
        WHERE m.account_id = $account AND m.source <> 'domain'
        GROUP BY m.source, m.source_id
        ORDER BY min(c.created_at) NULLS LAST, bool_or(m.match_rule = 'own') DESC, m.source, m.source_id
        LIMIT 1
        """,
        {"account": account_id},
    ).fetchall()
    return str(rows[0][0]) if rows else None


def records(con: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> dict[str, Record]:
    """The records by key, as last staged; one that was never staged has no values."""
    columns = [name for name in SHOWN if name in t.COMPANY.columns]
    rows = con.execute(
        f"""
        SELECT source || ':' || source_id, {", ".join(columns)} FROM staged.company
        WHERE source || ':' || source_id IN (SELECT unnest($keys::VARCHAR[]))
        QUALIFY row_number() OVER (
            PARTITION BY source, source_id ORDER BY modified_at DESC, captured_at DESC, day DESC
        ) = 1
        """,
        {"keys": list(keys)},
    ).fetchall()
    found = {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}
    return {key: Record(key, _known(found.get(key, {}))) for key in keys}


def pieces(evidence: str | None) -> tuple[Piece, ...]:
    """Evidence as links keep it, a JSON list of {what, says, weight}; what was believed before looking is none."""
    return tuple(
        Piece(str(item["what"]), str(item.get("says") or item["what"]), float(item.get("weight") or 0.0))
        for item in json.loads(evidence or "[]")
        if item["what"] != "prior"
    )


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != [] and value is not False}


def shown(value: Any) -> str:
    """A value of a record as text."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d}"
    return "yes" if value is True else f"{value:,}" if isinstance(value, int) else str(value)
