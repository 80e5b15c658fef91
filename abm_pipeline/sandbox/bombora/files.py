"""The weekly file delivery: one gzipped CSV per landed week, as customers receive it in a bucket.

The API shows only the newest week; files are how history reaches a customer. Columns as in
the provider's weekly report.
"""

from __future__ import annotations

import gzip

import pandas as pd

from abm_pipeline.sandbox.bombora.rows import size_band
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import to_date

PREFIX, SUFFIX = "company_surge_", ".csv.gz"


def names(world: World) -> list[str]:
    """Files delivered by the clock, oldest first; the date is the Sunday that ends the week."""
    return [f"{PREFIX}{to_date(end).isoformat()}{SUFFIX}" for end in world.intent.week_ends(world.day)]


def content(world: World, name: str) -> bytes | None:
    """Bytes of a delivered file, None when there is none of that name. The same file has the same bytes."""
    ends = dict(zip(names(world), world.intent.week_ends(world.day), strict=True))
    if name not in ends:
        return None
    week, before = world.intent.week(ends[name]), ends[name] - 7
    keys = ["domain", "topic_id"]
    if before in ends.values():
        previous = world.intent.week(before)[[*keys, "score"]].rename(columns={"score": "previous"})
        week = week.merge(previous, on=keys, how="left")
    else:
        week["previous"] = None
    company, known = week["company"].clip(lower=0).to_numpy(), (week["company"] >= 0).to_numpy()
    c = world.companies
    sizes = pd.Series([size_band(int(count)) for count in c.employees[company]])
    delta = (week["score"] - pd.to_numeric(week["previous"])).astype("Int64").astype(object)
    frame = pd.DataFrame(
        {
            "Company Name": pd.Series(c.name[company]).where(known),
            "Domain": week["domain"],
            "Company Size": sizes.where(known),
            "Industry": pd.Series(c.industry[company]).where(known),
            "Domain Origin": pd.Series(c.country[company]).where(known),
            "Topic Name": week["topic"],
            "Topic ID": week["topic_id"],
            "Composite Score": week["score"],
            "Composite Score Delta": delta.where(week["previous"].notna(), "New"),
            "Date Stamp": to_date(ends[name]).isoformat(),
        }
    )
    return gzip.compress(frame.to_csv(index=False).encode(), mtime=0)
