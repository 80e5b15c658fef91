"""A line without axes, small enough to stand in a row of a table, as inline SVG."""

from __future__ import annotations

from html import escape

import pandas as pd

WIDTH, HEIGHT = 96, 24


def sparkline(days: pd.Series, values: pd.Series, label: str) -> str:
    """The values over their days with the last one marked; nothing below two of them."""
    if len(values) < 2:
        return ""
    at = (days - days.iloc[0]).dt.days.to_numpy(dtype=float)
    size = values.to_numpy(dtype=float)
    low, spread = size.min(), size.max() - size.min()
    x = 2 + at / at[-1] * (WIDTH - 6)
    # A flat line lies in the middle.
    share = (size - low) / spread if spread else 0 * size + 0.5
    y = HEIGHT - 3 - share * (HEIGHT - 6)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<svg class="spark" role="img" aria-label="{escape(label)}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<polyline points="{points}" fill="none" stroke="var(--accent)" stroke-width="1.5" '
        'vector-effect="non-scaling-stroke"/>'
        f'<circle cx="{x[-1]:.1f}" cy="{y[-1]:.1f}" r="2.2" fill="var(--accent)"/></svg>'
    )
