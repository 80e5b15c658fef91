"""A world written by hand: accounts, people, touches, deals, scores and the rest, row by row, into a lake of its own.

Belongs here: short words for rows of facts, identity and scoring. Each account has the domain that is its id, so its
company_key is `domain:<id>`; people are `crm:<id>`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import FIELDS, Type
from abm_pipeline.contracts.tables import Table
from abm_pipeline.facts.deal import since_ended
from abm_pipeline.metrics._setup import champion
from abm_pipeline.metrics.refresh import refresh
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.journal import stretches
from abm_pipeline.storage.lake import now_ns
from abm_pipeline.storage.report import TableReport

D = date(2026, 6, 30)
"""The day most tests ask for."""

_ARROW = {
    Type.TEXT: pa.string(),
    Type.INT: pa.int64(),
    Type.FLOAT: pa.float64(),
    Type.BOOL: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us", "UTC"),
    Type.MONEY: pa.decimal128(18, 4),
    Type.TEXTS: pa.list_(pa.string()),
}


CHANNEL = {
    "email_sent": "email",
    "email_reply": "email",
    "call": "phone",
    "call_connected": "phone",
    "meeting": "meeting",
    "meeting_no_show": "meeting",
    "event_attended": "event",
    "webinar_attended": "webinar",
    "content_download": "content",
    "form_fill": "content",
    "ad_impression": "ads",
    "ad_click": "ads",
    "ad_engagement": "ads",
    "email_open": "email",
    "email_click": "email",
    "email_forward": "email",
    "email_bounce": "email",
    "page_view": "web",
    "web_visit": "web",
    "social_engagement": "social",
    "direct_mail": "mail",
    "direct_mail_response": "mail",
}


def at(day: date, hour: int = 12) -> datetime:
    """An instant of the day, in UTC."""
    return datetime.combine(day, time(hour), UTC)


def day(text: str) -> date:
    """`06-30` is 30 June 2026; `2025-12-31` says its year."""
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


class World:
    """Rows by table, and the lake they are written to."""

    def __init__(self, home: Path, config: str | None = None) -> None:
        folder = home / "config"
        folder.mkdir(parents=True, exist_ok=True)
        if config is not None:
            (folder / "programme.yaml").write_text(config)
        self.settings = Settings(_env_file=None, home=home, config=folder, threads=1)
        self.lake = self.settings.open_lake
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._written: dict[str, list[dict[str, Any]]] = {}

    # -- words for rows

    def account(self, name: str, tier: str | None = None, since: str = "2025-01-01", **other: Any) -> str:
        """An account; with `tier` listed in it from `since` on."""
        known = {"domain": name, "employee_count": 100, "employee_band": "50-249", "ultimate_parent_id": name}
        self.rows["identity.account"].append({"account_id": name, "name": name, "snapshot_id": "s", **known, **other})
        self.member(name, "domain", name)
        if tier is not None:
            self.tier(name, tier, since)
        return name

    def member(self, account: str, source: str, source_id: str) -> None:
        """A record that belongs to the account."""
        row = {
            "account_id": account,
            "source": source,
            "source_id": source_id,
            "match_rule": "test",
            "snapshot_id": "s",
        }
        self.rows["identity.member"].append({**row, "match_probability": 1.0, "is_manual": False})

    def tier(self, account: str, tier: str, since: str, until: str | None = None) -> None:
        """A stay on the list, from the start of `since` to the start of `until`."""
        ends = {"valid_from": at(day(since), 0), "valid_to": at(day(until), 0) if until else None}
        self.rows["identity.tier_history"].append({"account_id": account, "tier": tier, "is_target": True, **ends})

    def person(
        self, name: str, account: str | None, role: str | None = None, known: str = "2025-01-01", **other: Any
    ) -> str:
        """A person record, standing for itself unless `person_id` says for whom; returns its contact_key."""
        row = {"source": "crm", "source_id": name, "account_id": account, "role": role, "person_type": "contact"}
        more = {"person_id": f"crm:{name}", "created_at": at(day(known)), "is_deleted": False, "snapshot_id": "s"}
        self.rows["identity.person"].append({**row, **more, **other})
        return f"crm:{name}"

    def touch(
        self, account: str | None, when: str, kind: str = "meeting", person: str | None = None, **other: Any
    ) -> str:
        """A touch at noon; its channel follows from its kind."""
        channel = CHANNEL[kind]
        touch_id = other.pop("touch_id", f"t{len(self.rows['facts.touch'])}")
        row = {
            "day": day(when),
            "touch_id": touch_id,
            "occurred_at": at(day(when), other.pop("hour", 12)),
            "source": "crm",
            "source_id": touch_id,
            "company_key": f"domain:{account}" if account else None,
            "contact_key": f"crm:{person}" if person else None,
            "touch_type": kind,
            "channel": channel,
            "is_exposure": kind in ("email_sent", "ad_impression"),
            "weight_count": 1.0,
        }
        self.rows["facts.touch"].append({**row, **other})
        return touch_id

    def deal(
        self,
        name: str,
        account: str | None,
        created: str,
        closed: str | None = None,
        won: bool = False,
        amount: float | None = 1000,
        **other: Any,
    ) -> None:
        """A deal, open from `created` on and, if `closed`, closed from that day on. Amounts are in USD."""
        money = Decimal(str(amount)) if amount is not None else None
        common = {
            "deal_id": name,
            "company_key": f"domain:{account}" if account else None,
            "deal_type": "new",
            "amount": money,
            "currency": "USD",
            "amount_reporting": money,
            "created_at": at(day(created)),
            "owner_name": "Kim",
            **other,
        }
        end = at(day(closed), 15) if closed else None
        versions = self.rows["facts.deal"]
        if closed is None or day(closed) > day(created):
            opened = {"valid_from": at(day(created)), "valid_to": end, "stage": "Discovery", "is_closed": False}
            versions.append({**common, **opened, "is_won": False, "closed_day": None})
        if closed is not None:
            stage = "Closed Won" if won else "Closed Lost"
            ended = {"valid_from": end, "valid_to": None, "stage": stage, "is_closed": True, "closed_day": day(closed)}
            versions.append({**common, **ended, "is_won": won})

    def score(self, account: str, when: str, score: float, percentile: float | None = None, **other: Any) -> None:
        """The champion's score of a day, the same in both windows; engaged from 20 on."""
        model = champion(self.settings)
        for window in model.windows:
            row = {"day": day(when), "account_id": account, "model": model.name, "window_days": window, "score": score}
            more = {"model_version": model.model_version, "percentile": percentile, "rank": 1, "band": "warm"}
            self.rows["scoring.engagement_score"].append({**row, **more, "is_engaged": score >= 20, **other})

    def intent(self, account: str, when: str, topic: str = "crm software", **other: Any) -> None:
        """A topic on which the account surges on a day."""
        row = {"day": day(when), "source": "bombora", "company_key": f"domain:{account}", "topic": topic}
        self.rows["facts.intent"].append({**row, "score": 70.0, "is_surging": True, **other})

    def spend(self, when: str, campaign: str = "linkedin:c1", amount: float = 10, **other: Any) -> None:
        """Ad delivery of a campaign on a day."""
        row = {"day": day(when), "source": campaign.partition(":")[0], "campaign_id": campaign, "currency": "USD"}
        money = {"amount": Decimal(str(amount)), "amount_reporting": Decimal(str(amount))}
        spend_id = f"s{len(self.rows['facts.spend'])}"
        self.rows["facts.spend"].append(
            {**row, **money, "spend_id": spend_id, "impressions": 100, "clicks": 2, **other}
        )

    # -- the lake

    def write(self) -> None:
        """Bring the lake up to date with the rows: every table's days, as a run of the layers before would."""
        with connect() as con:
            for name, rows in self.rows.items():
                if self._written.get(name) != rows:
                    self._write(con, T.TABLES[name], rows, self._written.get(name, []))
                    self._written[name] = [dict(row) for row in rows]

    def _write(self, con: Any, table: Table, rows: list[dict[str, Any]], before: list[dict[str, Any]]) -> None:
        types = pa.schema([(column, _ARROW[FIELDS[column].type]) for column in table.columns])
        arrow = pa.Table.from_pylist([{c: row.get(c) for c in table.columns} for row in rows], schema=types)
        con.register("given", arrow)
        if not table.is_daily:
            zone = self.settings.programme.reporting_timezone
            rule = since_ended(zone) if table is T.FACT_DEAL else stretches(table, zone)
            self.lake.write_table(con, table, "SELECT * FROM given", computed_at=now_ns(), rule=rule)
            return
        parts = {"data": "SELECT * FROM given"}
        if table.layer == "scoring":
            parts = {champion(self.settings).file_part: "SELECT * FROM given"}
        for part, query in parts.items():
            days = {row["day"] for row in (*rows, *before)}
            self.lake.write_days(con, table, query, days, computed_at=now_ns(), part=part)

    def refresh(self, *days: date, tables: Sequence[Table] | None = None) -> dict[str, TableReport]:
        """Write the rows and refresh the metrics of `days` (default: D); reports by table name."""
        self.write()
        reports = refresh(self.settings, days or (D,), "run", tables)
        return {report.table.name: report for report in reports}

    def read(self, table: Table, where: str = "true") -> list[dict[str, Any]]:
        """Rows of a metrics table, in the order of its key."""
        with connect() as con:
            self.lake.attach(con, table)
            order = ", ".join(f'"{column}"' for column in table.key)
            rows = con.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY {order}")
            names = [column[0] for column in rows.description]
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

    def cell(self, metric: str, dimension: str = "all", value: str = "all", **where: Any) -> dict[str, Any] | None:
        """The one row of metric_values, as of `as_of` (default D), in `window_days` if given; None if there is none."""
        asked = {"metric": metric, "dimension": dimension, "dimension_value": value, "as_of": D, **where}
        rows = self.read(T.METRIC_VALUES, " AND ".join(f"{key} = '{each}'" for key, each in asked.items()))
        assert len(rows) <= 1, f"{metric} has {len(rows)} rows; say which window"
        return rows[0] if rows else None

    def parts(self, metric: str, dimension: str = "all", value: str = "all", **where: Any) -> tuple[Any, ...]:
        """Numerator, denominator and value of a cell."""
        row = self.cell(metric, dimension, value, **where)
        assert row is not None, f"{metric} {dimension}={value}: no row"
        return row["numerator"], row["denominator"], row["value"]

    def account_row(self, account: str, as_of: date = D) -> dict[str, Any]:
        """An account's row of account_metrics_daily."""
        (row,) = self.read(T.ACCOUNT_METRICS_DAILY, f"account_id = '{account}' AND day = '{as_of}'")
        return row
