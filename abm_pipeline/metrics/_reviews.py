"""Reviews of the windows of each day, with their rating as stars of 5."""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

REVIEWS = Part(
    "reviews",
    reads=(Input(T.FACT_REVIEW, YEAR),),
    steps=(
        Step(
            "review_day",
            "Reviews published in the windows.",
            f"""
            SELECT d.day, w.window_days, r.site, CAST(r.rating * 5 / nullif(r.rating_max, 0) AS DECIMAL(9, 4)) AS stars
            FROM days d CROSS JOIN (VALUES ({QUARTER}), ({YEAR})) w(window_days)
            JOIN facts.review r ON r.day <= d.day AND r.day > d.day - w.window_days
            """,
        ),
    ),
)
