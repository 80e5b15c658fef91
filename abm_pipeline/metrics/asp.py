"""Average selling price: mean price of the product lines sold in the window. Definition: metrics.md C (G2).

A line is a product on a deal won in the window, as it stood at the end of the day; its price is that of one unit. It is
converted as the deal's amount was, on the closing day; a line in another currency than its deal, or of a deal that
could not be converted, is in neither sum nor count.

Preset `per_unit`: Σ amount ÷ Σ quantity, so that a line of 100 units weighs 100 times one of a single unit.
"""

from __future__ import annotations

from dataclasses import replace

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import EVER, Input

LINES = Part("deal_lines", reads=(Input(T.DEAL_LINE, EVER),))
_SEGMENTS = ("product_category", "program")
_SOLD = Step(
    "line_sold",
    "Lines of the deals won in each day's window, in the version of the day, with unit price and amount converted.",
    """
    WITH version AS (
        SELECT *, source || ':' || deal_source_id AS deal_id, day AS from_day,
               coalesce(lead(day) OVER (PARTITION BY source, source_id ORDER BY day, modified_at) - 1,
                        DATE '9999-12-30') AS until_day
        FROM staged.deal_line
    )
    SELECT c.day, c.window_days, c.program, coalesce(l.category, 'unknown') AS product_category, l.source_id,
           CAST(l.unit_price::DOUBLE * (c.amount_reporting::DOUBLE / c.amount::DOUBLE) AS DECIMAL(18,4)) AS price,
           CAST(l.amount::DOUBLE * (c.amount_reporting::DOUBLE / c.amount::DOUBLE) AS DECIMAL(18,4)) AS amount,
           CAST(l.quantity AS DECIMAL(18,4)) AS quantity
    FROM closed c JOIN version l
      ON l.deal_id = c.deal_id AND c.day BETWEEN l.from_day AND l.until_day AND l.from_day <= l.until_day
    WHERE c.is_won AND NOT coalesce(l.is_deleted, false) AND l.currency = c.currency AND c.amount <> 0
      AND c.amount_reporting IS NOT NULL
    """,
)
_BY_LINE = MetricSpec(
    id="asp",
    title="Average selling price",
    formula="Σ unit price of product lines ÷ lines, on the deals won in the window.",
    unit="money",
    grain="product lines of deals won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=_SEGMENTS,
    guides=("G2",),
    statistic="mean",
    parts=(LINES,),
    example="Platform was sold at 900 and 1 100 a unit: 1 000, however many units each time.",
    steps=(
        _SOLD,
        Step(
            "asp",
            "Prices summed in every category.",
            by_segment(
                "(SELECT * FROM line_sold WHERE price IS NOT NULL)",
                "sum(price) AS numerator, count(*) AS denominator, count(*) AS n, "
                "sum(price::DECIMAL(38,4) * price::DECIMAL(38,4)) AS sum_squares",
                _SEGMENTS,
            ),
        ),
    ),
)
_PER_UNIT = replace(
    _BY_LINE,
    formula="Σ amount of product lines ÷ Σ units, on the deals won in the window.",
    statistic="ratio",
    example="One unit at 1 100 and nine at 900: 9 200 ÷ 10 = 920.",
    steps=(
        _SOLD,
        Step(
            "asp",
            "Amounts and units summed in every category.",
            by_segment(
                "(SELECT * FROM line_sold WHERE amount IS NOT NULL AND quantity > 0)",
                "sum(amount) AS numerator, sum(quantity) AS denominator, count(*) AS n",
                _SEGMENTS,
            ),
        ),
    ),
)
SPEC = replace(_BY_LINE, presets={"per_unit": _PER_UNIT})
