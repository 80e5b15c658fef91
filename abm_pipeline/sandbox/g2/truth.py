"""What G2's API can reveal at the clock, for tests: company records, signals, reviews; and what it can't."""

from __future__ import annotations

import pandas as pd

from abm_pipeline.sandbox.g2.rows import PRODUCT_IDS, book
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import NEVER, to_date
from abm_pipeline.sandbox.world.truth import utc

# A company is told with its visits only, so its record reaches back as far as a run asks.
RECORDS_DAYS = 90
KEY = ["company_id", "day", "signal_type", "category_id", "left_product_id", "right_product_id", "subject_id"]


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows for the truth tables."""
    made = book(world)
    visits = made.visits[made.visits["day"] <= world.day]
    shown = visits[visits["known"] <= world.day]
    shown = shown.assign(
        subject_id=[PRODUCT_IDS[i] for i in shown["subject"]], day=[to_date(day).isoformat() for day in shown["day"]]
    )
    recent = (visits.loc[shown.index, "day"] > world.day - RECORDS_DAYS) & (shown["company"] >= 0)
    real = shown[recent]
    records = real.drop_duplicates("company_id").reset_index(drop=True)
    ids = world.companies.company_id
    signals = shown.drop_duplicates(KEY).reset_index(drop=True)
    published = made.reviews[made.reviews["published"] <= world.instant]
    # Who comes late never learns what a review said that was taken down.
    reviews = published[published["removed"] > world.instant].reset_index(drop=True)
    unknown = int((made.visits["day"] <= world.day).sum() - len(shown))
    return {
        "record_company": pd.DataFrame({
            "source": "g2", "object": "company", "source_id": records["company_id"],
            "company_id": ids[records["company"]], "is_hard": made.is_hard[records["company"]],
        }),
        "intent_signal": pd.DataFrame({
            "source": "g2", "source_id": signals[KEY].fillna("").agg("|".join, axis=1),
            "company_id": [ids[i] if i >= 0 else None for i in signals["company"]],
            "score": signals["company_intent_score"], "signal_day": pd.to_datetime(signals["day"]).dt.date,
        }),
        "review": pd.DataFrame({
            "source": "g2", "source_id": reviews["id"], "company_id": None,
            "rating": reviews["stars_edited"].where(reviews["edited"] <= world.instant, reviews["stars"]),
            "reviewed_at": utc(reviews["published"].to_numpy()), "is_deleted": False,
        }),
        "hidden": pd.DataFrame({
            "source": "g2",
            "what": ["visit", "review", "review", "review"],
            "reason": [
                "not tied to a company yet", "not published", "taken down", "the reviewer's company is not told",
            ],
            "rows": [
                unknown, int((made.reviews["published"] == NEVER).sum()), len(published) - len(reviews), len(reviews),
            ],
        }),
    }  # fmt: skip
