"""Hand-made facts and identity in a lake, and a plain reading of what scoring wrote.

Belongs here: what the scoring tests share. No answers: each test carries its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.tables import Table
from abm_pipeline.scoring.model import ScoringModel
from abm_pipeline.scoring.refresh import refresh
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.lake import now_ns
from abm_pipeline.storage.report import TableReport

D0 = date(2025, 1, 1)

PLAIN: dict[str, Any] = {
    "name": "plain",
    "version": "1",
    "windows": [30, 90],
    "half_life_days": 30,
    "points": {"meeting": 10, "content_download": 4, "ad_click": 1},
    "content_points": {"content_download": {"pricing_guide": 8}},
    "role_weights": {
        "decision_maker": 2,
        "champion": 1.5,
        "influencer": 1.2,
        "user": 1,
        "other": 0.8,
        "unknown": 1,
    },
    "cap_per_contact_day": 25,
    "cap_per_account_day": 5,
    "breadth": {1: 1.0, 2: 1.5},
    "intent": {"points_per_topic": 5, "full_score": 100, "cap": 8},
    "engaged_min_score": 10,
    "band_pct": {"hot": 10, "warm": 20, "cool": 30},
}


def plain_model(**changes: Any) -> ScoringModel:
    """A model with round numbers: meeting 10, download 4 (pricing guide 8), click 1; two contacts × 1.5."""
    return ScoringModel.model_validate(PLAIN | changes)


def touch(number: int, day: date, account: str | None, **columns: Any) -> dict[str, Any]:
    """One touch of a company's person; `columns` replace those of a meeting with `account`'s user."""
    row = {
        "day": day,
        "touch_id": f"crm:{number}",
        "occurred_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        "source": "crm",
        "source_id": str(number),
        "company_key": account and f"crm:{account}",
        "contact_key": account and f"crm:{account}-user",
        "touch_type": "meeting",
        "channel": "meeting",
        "content_type": None,
        "is_exposure": False,
        "weight_count": 1.0,
    }
    return row | columns


def intent(day: date, account: str, topic: str, score: float, **columns: Any) -> dict[str, Any]:
    """One topic on which a company surges."""
    row = {"day": day, "source": "bombora", "company_key": f"crm:{account}", "topic": topic, "score": score}
    return row | {"is_surging": True} | columns


@dataclass
class World:
    """A lake under `home` with accounts a, b, c …, each with a person of every role; `listed` are on the ABM list.

    `same`: contact_key of a record → contact_key of the one that stands for it; the others stand for themselves.
    """

    home: Path
    accounts: tuple[str, ...] = ("a", "b", "c")
    listed: tuple[str, ...] = ("a", "b", "c")
    programme: Mapping[str, Any] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = self.home / "config"
        config.mkdir(parents=True)
        (config / "programme.yaml").write_text(yaml.safe_dump({"history_start": "2024-01-01", **self.programme}))
        self.settings = Settings(home=self.home, config=config, memory_limit="1GB", threads=2)
        member = [
            {"account_id": f"A-{a}", "source": "crm", "source_id": a, "match_rule": "crm", "match_probability": 1.0}
            | {"is_manual": False, "snapshot_id": "s"}
            for a in self.accounts
        ]
        roles = ("decision_maker", "champion", "influencer", "user", "other", None)
        person = [
            {"source": "crm", "source_id": f"{a}-{role or 'unknown'}", "account_id": f"A-{a}", "role": role}
            | {"person_id": self.same.get(key := f"crm:{a}-{role or 'unknown'}", key)}
            | {"person_type": "contact", "is_deleted": False, "snapshot_id": "s"}
            for a in self.accounts
            for role in roles
        ]
        self.write_table(T.MEMBER, member)
        self.write_table(T.PERSON, person)
        self.list_accounts(*({"account_id": f"A-{a}"} for a in self.listed))

    def list_accounts(self, *rows: Mapping[str, Any]) -> None:
        """Replace the tier history."""
        begin = {"tier": "one_to_many", "is_target": True, "valid_from": datetime(2024, 1, 1, tzinfo=UTC)}
        self.write_table(T.TIER_HISTORY, [begin | dict(row) for row in rows])

    def write_table(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Replace an unpartitioned table."""
        with connect() as con:
            query = _rows(con, table, rows)
            self.settings.open_lake.write_table(con, table, query, computed_at=now_ns())

    def write_days(self, table: Table, rows: Iterable[Mapping[str, Any]], days: Iterable[date] = ()) -> None:
        """Replace the partitions of the rows' days, and `days`."""
        rows = list(rows)
        with connect() as con:
            query = _rows(con, table, rows)
            wanted = {row["day"] for row in rows} | set(days)
            self.settings.open_lake.write_days(con, table, query, wanted, computed_at=now_ns())

    def score(self, days: Iterable[date], *models: ScoringModel) -> list[TableReport]:
        """Refresh under `models` (default: the plain one)."""
        chosen = models or (plain_model(),)
        return refresh(self.settings, list(days), "test", {model.name: model for model in chosen})

    def read(self, table: Table, where: str = "true") -> pd.DataFrame:
        """Rows of a scoring table in key order."""
        with connect() as con:
            self.settings.open_lake.attach(con, table)
            return con.sql(f"SELECT * FROM {table} WHERE {where} ORDER BY {', '.join(table.key)}").df()

    def scores(self, day: date, window: int = 90) -> dict[str, float]:
        """Score by account on a day."""
        rows = self.read(T.ENGAGEMENT_SCORE, f"day = '{day}' AND window_days = {window}")
        return dict(zip(rows.account_id.str.removeprefix("A-"), rows.score, strict=True))

    def column(self, column: str, day: date, window: int = 90) -> dict[str, Any]:
        """A column by account on a day; missing is None."""
        rows = self.read(T.ENGAGEMENT_SCORE, f"day = '{day}' AND window_days = {window}")
        values = (None if pd.isna(value) else value for value in rows[column])
        return dict(zip(rows.account_id.str.removeprefix("A-"), values, strict=True))

    def parts(self, day: date, account: str = "a", window: int = 90) -> dict[str, float]:
        """Points by part of an account's score on a day."""
        where = f"day = '{day}' AND window_days = {window} AND account_id = 'A-{account}'"
        rows = self.read(T.SCORE_PART, where)
        return dict(zip(rows.part, rows.points, strict=True))


def days_from(day: date, count: int) -> list[date]:
    """`count` consecutive days."""
    return [day + timedelta(days=offset) for offset in range(count)]


def _rows(con: duckdb.DuckDBPyConnection, table: Table, rows: Iterable[Mapping[str, Any]]) -> str:
    frame = pd.DataFrame([{column: row.get(column) for column in table.columns} for row in rows], columns=table.columns)
    con.register("given", frame)
    return "SELECT * FROM given"
