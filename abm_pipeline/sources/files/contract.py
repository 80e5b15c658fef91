"""What a record read from a file holds: where it stands, the row as sent, and the canonical columns it gives.

A stream per target, and `file`: versions of files that say all anew each time.
"""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import REJECTED, RawField, Stream
from abm_pipeline.sources.files._targets import TARGETS, Target

# A file copied into its place may carry an older stamp: so long is looked back for it.
LOOKBACK_DAYS = 7
_PLACE = (
    RawField("_file.name", Type.TEXT, required=True),
    RawField("_file.hash", Type.TEXT, required=True),
    RawField("_file.modified", Type.TIMESTAMP, required=True),
    RawField("_file.line", Type.INT, required=True),
    RawField("_file.declaration", Type.TEXT),
    RawField("_file.id", Type.TEXT),
    *REJECTED,
)
FILE = Stream(
    "file",
    "Versions of the files that say all anew: what the next one lacks is over.",
    "changes",
    (
        RawField("name", Type.TEXT, required=True),
        RawField("modified", Type.TIMESTAMP, required=True),
        RawField("hash", Type.TEXT, required=True),
        RawField("declaration", Type.TEXT, required=True),
    ),
    lookback_days=LOOKBACK_DAYS,
)


def _stream(target: Target) -> Stream:
    fields = (RawField(name, target.field(name).type, name in target.required) for name in target.columns)
    return Stream(target.name, target.about, "changes", (*_PLACE, *fields), lookback_days=LOOKBACK_DAYS)


STREAMS = (*(_stream(target) for target in TARGETS.values()), FILE)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream; which files feed them is declared in YAML."""
    return STREAMS
