"""What the files tell at the clock, for tests, and what they don't."""

from __future__ import annotations

from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pandas as pd

from abm_pipeline.sandbox.files.records import ACTIVITIES, PRODUCT, guests, mondays, records
from abm_pipeline.sandbox.files.writing import SEVEN, account_ids
from abm_pipeline.sandbox.world.scales import DAY, to_date
from abm_pipeline.sandbox.world.tables import Array, objects
from abm_pipeline.sandbox.world.truth import utc

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

WEEKLY = ("time_entry", "usage", "intent", "survey", "activity")


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows for the truth tables, by table."""
    days = mondays(world)
    written = days[days * DAY + SEVEN <= world.instant]
    last = int(written[-1]) if len(written) else -1
    every = records(world)
    # A week's file is about the seven days before; what grows holds all up to the Monday.
    kept = {
        name: frame[frame["day"] <= last - (name in WEEKLY)].reset_index(drop=True) for name, frame in every.items()
    }
    kept["target_list"] = every["target_list"][every["target_list"]["day"] <= world.day].reset_index(drop=True)
    listed = kept["target_list"].drop_duplicates("company")
    domains, ids = world.companies.domain, account_ids(world)
    tables = {
        "touch": _touches(world, kept["activity"]),
        "contact": _contacts(world, kept),
        "list_membership": _plain(world, kept["target_list"], {"tier": "tier", "valid_from_day": "day"}),
        "committee_map": _plain(world, kept["committee"], {}),
        "cost": _plain(
            world, _settled(world, kept["cost"], last),
            {"description": "receipt", "cents": "cents", "currency": "currency", "cost_day": "day"},
        ),
        "time_entry": _plain(world, kept["time_entry"], {"owner_id": "owner", "hours": "hours", "worked_day": "day"}),
        "ranking": _plain(world, kept["ranking"], {"ranked_by": "by", "position": "rank", "ranked_day": "day"}),
        "referral": _plain(world, kept["referral"], {"referred_day": "day"}),
        "review": _plain(world, kept["review"], {"rating": "stars", "reviewed_day": "day"}),
        "fx_rate": _plain(world, kept["fx_rate"], {"currency": "currency", "rate": "rate", "start_day": "day"}),
        "usage_day": _plain(
            world, kept["usage"],
            {"usage_on_day": "day", "feature": "feature", "active_users": "users", "events": "events"},
        ).assign(product=PRODUCT),
        "intent_signal": _plain(world, kept["intent"], {"topic": "topic", "score": "score", "signal_day": "day"}),
        "survey_response": _plain(world, kept["survey"], {"survey_id": "survey", "score": "score"}),
        "record_company": pd.DataFrame({
            "source": "files", "object": "list", "company_id": world.companies.company_id[listed["company"]],
            "source_id": [
                f"list:ABM:{f'salesforce:{ids[c]}' if c % 5 == 4 else domains[c]}" for c in listed["company"]
            ],
            "is_hard": listed["company"] % 5 == 4,
        }),
    }  # fmt: skip
    waiting = sum(int((frame["day"] <= world.day).sum()) for frame in every.values())
    waiting -= sum(len(frame) for frame in kept.values())
    nameless = int((~kept["activity"]["has_email"]).sum())
    tables["hidden"] = pd.DataFrame(
        {
            "source": "files", "what": ["row", "person"], "rows": [waiting, nameless],
            "reason": ["files are written on Mondays", "the badge told the company only"],
        }
    )  # fmt: skip
    return tables


def _ids(world: World, companies: Any) -> Array:
    return objects(world.companies.company_id[c] if c >= 0 else None for c in companies)


def _plain(world: World, rows: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The rows under their canonical names; days as dates."""
    columns = {
        name: [to_date(day) for day in rows[column]] if column == "day" else rows[column].to_numpy()
        for name, column in names.items()
    }
    return pd.DataFrame({"source": "files", "company_id": _ids(world, rows["company"]), **columns})


def _settled(world: World, rows: pd.DataFrame, last: int) -> pd.DataFrame:
    """Receipts that stand in their month's file as it was last written: a mistake is taken out of a file still kept."""
    days = mondays(world)
    ends = np.array(
        [int((np.datetime64(f"{to_date(d):%Y-%m}") + 1).astype("datetime64[D]").astype(int)) + 14 for d in rows["day"]]
    )
    closed = np.where(ends <= days[-1], days[np.minimum(np.searchsorted(days, ends), len(days) - 1)], last)
    at = np.minimum(last, closed)
    return rows[(rows["day"] <= at) & (rows["until"] > at)]


def email_hash(email: str) -> str:
    """What goes on of an address."""
    return sha256(email.strip().lower().encode()).hexdigest()


def _touches(world: World, rows: pd.DataFrame) -> pd.DataFrame:
    people = guests(world)
    emails = [people.email[g] if has else None for g, has in zip(rows["guest"], rows["has_email"], strict=True)]
    kinds = [ACTIVITIES[kind] for kind in rows["kind"]]
    stamps = utc(rows["at"].to_numpy())
    named = [
        [stamp.isoformat(), kind[0], email, world.companies.domain[company]]
        for stamp, kind, email, company in zip(stamps, kinds, emails, rows["company"], strict=True)
    ]
    return pd.DataFrame(
        {
            "company_id": _ids(world, rows["company"]),
            "contact_id": objects(email_hash(email) if email else None for email in emails),
            "source": "files", "object": "activity",
            "source_id": [f"activities:{blake2b(orjson.dumps(n), digest_size=12).hexdigest()}" for n in named],
            "occurred_at": stamps, "touch_type": [kind[0] for kind in kinds], "count": 1,
            "channel": [kind[1] for kind in kinds], "is_exposure": False,
        }
    )  # fmt: skip


def _contacts(world: World, kept: dict[str, pd.DataFrame]) -> pd.DataFrame:
    people = guests(world)
    met = np.unique(
        np.concatenate([kept["activity"]["guest"][kept["activity"]["has_email"]], kept["survey"]["guest"]]).astype(int)
    )
    mapped = kept["committee"]["guest"].to_numpy()
    return pd.concat([_people(world, met, ""), _people(world, mapped, "committee:")], ignore_index=True).assign(
        is_role_known=[False] * len(met) + [people.role[g] is not None for g in mapped]
    )


def _people(world: World, who: Array, prefix: str) -> pd.DataFrame:
    people = guests(world)
    return pd.DataFrame(
        {
            "source": "files", "contact_id": [prefix + email_hash(people.email[g]) for g in who],
            "object": "committee" if prefix else "activity", "company_id": _ids(world, people.company[who]),
            "role": people.role[who], "person": people.person[who].astype(int), "is_deleted": False,
            "created_at": utc(people.known[who]),
        }
    )  # fmt: skip
