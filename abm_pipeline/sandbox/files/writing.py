"""The files as they lie in the folder at the clock: the target list is written anew every day at seven, what else grows
every Monday.

Belongs here: names, columns and spellings, which are those of the templates that the pipeline ships.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from abm_pipeline.sandbox.files.records import ACTIVITIES, PRODUCT, REACTIONS, guests, mondays, records
from abm_pipeline.sandbox.vendor import Delivery
from abm_pipeline.sandbox.world.scales import DAY, to_date

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

SEVEN = 7 * 3600
TIER_WORDS = {"one_to_one": "1:1", "one_to_few": "1:Few", "one_to_many": "1:Many"}


def deliver(world: World) -> Iterator[Delivery]:
    """Every file as of the clock."""
    days = mondays(world)
    written = days[days * DAY + SEVEN <= world.instant]
    if not len(written):
        return
    last = int(written[-1])
    at = last * DAY + SEVEN
    domain = world.companies.domain
    kept = {name: frame[frame["day"] <= last] for name, frame in records(world).items()}

    listed = records(world)["target_list"]
    today = world.day * DAY + SEVEN
    yield Delivery("target_list.csv", today, _target_list(world, listed[listed["day"] <= world.day], world.day))
    yield Delivery("committee_map.csv", at, _committee(world, kept["committee"]))
    yield from _costs(world, kept["cost"], last)
    yield Delivery("referrals.csv", at, _csv(
        "Date,Referred By,Company,Company Website",
        ([to_date(r.day), domain[r.company], world.companies.name[r.referred], f"https://www.{domain[r.referred]}/"]
         for r in _rows(kept["referral"])),
    ))  # fmt: skip
    yield Delivery("reviews.csv", at, _csv(
        "Site,Date,Headline,Stars,Text,Reviewer Company",
        ([r.site, to_date(r.day), r.title, r.stars, "Does what it should.\nMostly.",
          domain[r.company] if r.company >= 0 else ""] for r in _rows(kept["review"])),
    ))  # fmt: skip
    yield Delivery("fx_rates.csv", at, _csv(
        "Currency,Rate,Valid From", ([r.currency, r.rate, to_date(r.day)] for r in _rows(kept["fx_rate"]))
    ))  # fmt: skip
    yield from (file for file in world.part("files by week", _weeks) if file.at <= at)


def _weeks(world: World) -> list[Delivery]:
    """Every file of every week."""
    every = records(world)
    return [
        file
        for monday in mondays(world)
        for file in _week(world, {name: rows[rows["day"] >= monday - 7] for name, rows in every.items()}, int(monday))
    ]


def _week(world: World, rows: dict[str, pd.DataFrame], monday: int) -> Iterator[Delivery]:
    """Files that are written once, about the seven days before; a ranking is of the day itself."""
    today = rows["ranking"][rows["ranking"]["day"] == monday]
    rows = {name: frame[frame["day"] < monday] for name, frame in rows.items()}
    at, date, domain, people = monday * DAY + SEVEN, to_date(monday), world.companies.domain, guests(world)
    yield Delivery(f"time_entries_{date}.jsonl", at, _jsonl(
        {"date": str(to_date(r.day)), "user_id": r.owner, "user": r.name_, "client_domain": domain[r.company],
         "activity": r.work, "hours": r.hours, "rate": r.rate, "currency": "USD"}
        for r in _rows(rows["time_entry"].rename(columns={"name": "name_"}))
    ))  # fmt: skip
    for by, ranked in today.groupby("by"):
        listed = ([domain[r.company], r.rank_] for r in _rows(ranked.rename(columns={"rank": "rank_"})))
        yield Delivery(f"ranking_{by}_{date}.csv", at, _csv("Domain,Rank", listed))
    usage = rows["usage"]
    table = pa.table(
        {
            "day": pa.array([to_date(d) for d in usage["day"]], pa.date32()),
            "customer_domain": pa.array(domain[usage["company"].to_numpy()], pa.string()),
            "product": pa.array([PRODUCT] * len(usage), pa.string()),
            "feature": pa.array(usage["feature"], pa.string()),
            "active_users": pa.array(usage["users"], pa.int64()),
            "events": pa.array(usage["events"], pa.int64()),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    yield Delivery(f"usage/week_{date}.parquet", at, sink.getvalue().to_pybytes())
    yield Delivery(f"intent_{to_date(monday - 1)}.csv", at, _csv(
        "Domain,Topic,Score,Level",
        ([domain[r.company], r.topic, r.score, "High" if r.score >= 75 else "Medium"]
         for r in _rows(rows["intent"])),
    ))  # fmt: skip
    yield Delivery(f"survey_{date}.csv", at, _csv(
        "Survey,Type,Answered,Email,Question,Score,Comment",
        ([r.survey, "csat", f"{to_date(r.day)} {r.minute // 60:02d}:{r.minute % 60:02d}", people.email[r.guest],
          "How was it?", r.score, "" if r.score > 3 else "Too long, too loud"] for r in _rows(rows["survey"])),
    ))  # fmt: skip
    yield Delivery(f"activities_{date}.jsonl", at, _jsonl(
        {"at": pd.Timestamp(r.at, unit="s", tz="UTC").isoformat(), "type": ACTIVITIES[r.kind][0],
         "channel": ACTIVITIES[r.kind][1], "direction": ACTIVITIES[r.kind][2], "content": ACTIVITIES[r.kind][3],
         "company": domain[r.company], "email": people.email[r.guest] if r.has_email else None,
         "outcome": REACTIONS[r.guest % len(REACTIONS)] if ACTIVITIES[r.kind][1] == "social" else None}
        for r in _rows(rows["activity"])
    ))  # fmt: skip


def account_ids(world: World) -> dict[int, str]:
    """The first Salesforce account of each company that has one, by company."""
    account = world.tables["Account"]
    first = account.columns["Id"][np.searchsorted(account.record, np.arange(account.record[-1] + 1))]
    owner = account.columns["_company"][np.searchsorted(account.record, np.arange(account.record[-1] + 1))].astype(int)
    return {int(c): str(i) for c, i in zip(owner[::-1], first[::-1], strict=True)}


def _target_list(world: World, rows: pd.DataFrame, last: int) -> bytes:
    """The list with all its stays. Every fifth company is named by its Salesforce id."""
    ids = account_ids(world)
    companies = world.companies
    return _csv(
        "Domain,Account ID,Company,Tier,Since,Until",
        (
            ["" if r.company % 5 == 4 else companies.domain[r.company], ids[r.company] if r.company % 5 == 4 else "",
             companies.name[r.company], TIER_WORDS[r.tier], to_date(r.day), to_date(r.until) if r.until <= last else ""]
            for r in _rows(rows)
        ),
    )  # fmt: skip


def _committee(world: World, rows: pd.DataFrame) -> bytes:
    people = guests(world)
    return _csv(
        "Domain,Email,Name,Title,Role,Department,Reports To Email",
        (
            [f"https://www.{world.companies.domain[r.company]}", people.email[r.guest],
             f"{people.first[r.guest]} {people.last[r.guest]}", people.title[r.guest] or "", people.role[r.guest] or "",
             "", ""] for r in _rows(rows)
        ),
    )  # fmt: skip


def _costs(world: World, rows: pd.DataFrame, last: int) -> Iterator[Delivery]:
    """A file a month, written anew on Mondays until the second after its end, when mistakes are out of it."""
    month = np.array([f"{to_date(d):%Y-%m}" for d in rows["day"]], object)
    days = mondays(world)
    for name in dict.fromkeys(month):
        part = rows[month == name]
        ends = int((np.datetime64(name) + 1).astype("datetime64[D]").astype(int)) + 14
        at = min(last, int(days[np.searchsorted(days, ends)]) if ends <= days[-1] else last)
        yield Delivery(f"costs_{name}.csv", at * DAY + SEVEN, _csv(
            "Datum;Kategorie;Category;Beleg;Betrag;Währung;Firma",
            ([f"{to_date(r.day):%d.%m.%Y}", "Kosten", r.category, r.receipt, _german(r.cents), r.currency,
              world.companies.domain[r.company] if r.company >= 0 else ""]
             for r in _rows(part[(part["day"] <= at) & (part["until"] > at)])),
            delimiter=";", encoding="cp1252",
        ))  # fmt: skip


def _german(cents: int) -> str:
    """1234567 → 12.345,67."""
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """The frame's rows by name."""
    return iter(frame.itertuples())


def _csv(header: str, rows: Iterable[list[Any]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header.split(delimiter))
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def _jsonl(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n" for row in rows)
