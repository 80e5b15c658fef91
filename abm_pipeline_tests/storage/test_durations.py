"""What a dry run says about time comes from measured runs, or is not known."""

from __future__ import annotations

from pathlib import Path

from abm_pipeline.storage import durations


def test_time_is_that_of_the_nearest_measured_size(tmp_path: Path) -> None:
    """Measured: 1 day in 2 s, 100 days in 50 s. 200 days: twice the 100, 100 s. 50 days: half of it, 25 s. 1 day: 2 s.
    No day: 0 s. A layer without a measure: unknown.
    """
    assert durations.about(tmp_path, "scoring", 5) is None
    durations.note(tmp_path, "scoring", 1, 2.0)
    durations.note(tmp_path, "scoring", 100, 50.0)
    durations.note(tmp_path, "scoring", 0, 9.0)
    assert [100.0, 25.0, 2.0, 0.0] == [durations.about(tmp_path, "scoring", days) for days in (200, 50, 1, 0)]
    assert durations.about(tmp_path, "metrics", 5) is None
    assert ["about 100 min", "about 50 s", "time unknown, none has been measured"] == [
        durations.in_words(seconds) for seconds in (6000.0, 50.0, None)
    ]
