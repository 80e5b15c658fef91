"""The champion's scores of the target list in all windows, and those of the month beside the quarter's.

Belongs here: what engagement_score and engagement_rank share. The windows of 30 and 90 days are always there.
"""

from __future__ import annotations

from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step

# A score is a float; as a decimal its sum does not depend on the order of rows.
LISTED_SCORES = """(
    SELECT a.* EXCLUDE (score, rank, band), w.window_days, CAST(coalesce(s.score, 0) AS DECIMAL(18, 4)) AS points,
           coalesce(s.band, 'none') AS band
    FROM account_day a CROSS JOIN model_window w
    LEFT JOIN score_day s ON s.day = a.day AND s.account_id = a.account_id AND s.window_days = w.window_days
    WHERE a.is_listed)"""
"""Listed accounts by day and window, with `points` and `band`."""

SCORES = Part(
    "month_score",
    steps=(
        Step(
            "month_score",
            "Percentile in the longest window; score, rank and band over 30 days.",
            """
            SELECT l.day, l.account_id, l.percentile, m.score AS engagement_score_30d, m.rank AS rank_30d,
                   m.band AS band_30d
            FROM score_day l JOIN params p ON l.window_days = p.score_window
            JOIN score_day m ON m.day = l.day AND m.account_id = l.account_id AND m.window_days = 30
            """,
        ),
    ),
    columns=("percentile", "engagement_score_30d", "rank_30d", "band_30d"),
)
