"""Numbers as people read them. Belongs here: how a value of a unit is written; nothing about where it comes from."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from abm_pipeline.metrics._spec import MetricSpec

NOTHING = "–"
_STEPS = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))


def is_missing(value: Any) -> bool:
    """Null in any of the forms it has in a frame."""
    return bool(pd.isna(value))


def number(value: Any) -> str:
    """A plain number: thousands apart, decimals only where they say something."""
    if is_missing(value):
        return NOTHING
    size = abs(float(value))
    if size >= 1e6:
        return _short(float(value))
    decimals = 0 if size >= 100 or float(value).is_integer() else 1 if size >= 10 else 2
    return f"{float(value):,.{decimals}f}"


def percent(value: Any) -> str:
    """A fraction as a percentage."""
    if is_missing(value):
        return NOTHING
    return f"{float(value) * 100:.{0 if abs(value) >= 0.995 else 1}f}\N{NO-BREAK SPACE}%"


def covered(value: float | None) -> str:
    """A share of a whole as a percentage; 100 % only where nothing is missing."""
    if value is None:
        return NOTHING
    return percent(value) if value == 1 else f"{min(value, 0.9994) * 100:.1f}\N{NO-BREAK SPACE}%"


def money(value: Any, currency: str) -> str:
    """An amount, shortened to three digits."""
    return NOTHING if is_missing(value) else f"{currency}\N{NO-BREAK SPACE}{_short(float(value))}"


def shown(value: Any, unit: str, currency: str) -> str:
    """A metric's value in its unit, as `MetricSpec.unit` words it."""
    words = unit.lower()
    if any(word in words for word in ("share", "fraction", "proportion", "percent")):
        return percent(value)
    if "money" in words or (currency and currency.lower() in words):
        amount = money(value, currency)
        return f"{amount} a day" if "day" in words and amount != NOTHING else amount
    return number(value)


def interval(low: Any, high: Any, unit: str, currency: str) -> str:
    """A 95 % interval; nothing where there is none."""
    if is_missing(low) or is_missing(high):
        return ""
    return f"{shown(low, unit, currency).removesuffix(' a day')} … {shown(high, unit, currency).removesuffix(' a day')}"


def benchmark(low: Any, high: Any, unit: str, currency: str) -> str:
    """The benchmark in words."""
    if is_missing(low) and is_missing(high):
        return ""
    if is_missing(high):
        return f"at least {shown(low, unit, currency)}"
    if is_missing(low):
        return f"at most {shown(high, unit, currency)}"
    return f"{shown(low, unit, currency)} to {shown(high, unit, currency)}"


def cell(row: Any, spec: MetricSpec, currency: str) -> dict[str, Any]:
    """A row of metric_values with what it takes to judge it: value, interval, n, low_sample, status, benchmark."""
    unit, is_count = spec.unit, spec.statistic == "count"
    return {
        "value": shown(row.value, unit, currency),
        "interval": interval(row.ci_low, row.ci_high, unit, currency),
        "n": "" if is_count else number(row.n),
        "low_sample": bool(row.low_sample) and not is_count,
        "status": row.status,
        "benchmark": benchmark(row.benchmark_low, row.benchmark_high, unit, currency),
    }


def signed(value: Any, unit: str, currency: str) -> str:
    """A change with its sign; shares change by percentage points."""
    if is_missing(value):
        return ""
    size = abs(float(value))
    is_share = shown(0.5, unit, currency).endswith("%")
    text = f"{size * 100:.1f} pts" if is_share else shown(size if size >= 0.1 else 0, unit, currency)
    sign = "±" if not any(c in "123456789" for c in text) else "+" if value > 0 else "−"
    return f"{sign}{text}"


def silent(row: Any) -> str:
    """That the score in a row of account_metrics_daily may have fallen for want of data; nothing where it has not."""
    if is_missing(row.silent_sources) or is_missing(row.score_change_7d) or row.score_change_7d >= 0:
        return ""
    return f"may have fallen only because nothing comes from {', '.join(str(row.silent_sources).split(','))}"


def value_of(text: str | None) -> str:
    """A value of the log, shortened if it is a number."""
    try:
        return number(float(text)) if text is not None else NOTHING
    except ValueError:
        return str(text)


def size_of(low: int, high: int | None) -> str:
    """A range of sizes: 1, 3 to 5, 51 and more."""
    return str(low) if low == high else f"{low} and more" if high is None else f"{low} to {high}"


def words(name: str) -> str:
    """An identifier as words: `one_to_few` → `one to few`."""
    return str(name).replace("_", " ")


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as mappings by column, as templates take them."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _short(value: float) -> str:
    for step, suffix in _STEPS:
        if abs(value) >= step:
            size = value / step
            decimals = max(0, 2 - int(math.log10(abs(size))))
            return f"{size:.{decimals}f}{suffix}"
    return f"{value:,.0f}"
