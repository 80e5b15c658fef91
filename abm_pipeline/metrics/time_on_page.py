"""How long a page is looked at. Definition: metrics.md B (per channel).

The last page of a visit has no end, so times are too low.
"""

from __future__ import annotations

from abm_pipeline.metrics._volume import volume_rate

SPEC = volume_rate(
    "time_on_page",
    "Mean time on page",
    "Σ seconds of visits ÷ pages viewed by target accounts, of the systems that told of both in the window.",
    "A visit of 90 s over three pages and one of 10 s over two: 100 ÷ 5 = 20 s.",
    ("page_seconds",),
    ("page_view",),
    statistic="ratio",
    unit="seconds",
    is_asked=True,
)
