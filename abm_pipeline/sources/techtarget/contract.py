"""What a Priority Engine account list holds, and how an organisation's export may name its columns."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import REJECTED, RawField, Stream

# A file for a week may be dropped some days later, and be replaced.
LOOKBACK_DAYS = 14
REQUIRED = ("name", "domain", "stars")
# From stars on, out of five, an account counts as surging.
SURGE_STARS = 3


class Options(BaseModel):
    """`sources.techtarget` of the programme: `columns` says what an export calls name, domain, stars and the others.

    `separator` stands between topics in one cell.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    columns: Mapping[str, str] = Field(default_factory=dict)
    separator: str = ";"

    def column(self, name: str) -> str:
        """What the export calls it."""
        return self.columns.get(name) or DEFAULTS[name]


DEFAULTS = {
    "name": "Account Name", "domain": "Website", "stars": "Account Rank", "country": "Country",
    "prospects": "Active Prospects", "topics": "Topics", "entry_points": "Entry Points",
    "vendors": "Vendors Considered", "last_day": "Last Activity Date",
}  # fmt: skip

ACCOUNT = Stream(
    "account",
    "Accounts of a segment in a week, ranked by stars; the file's row beside what is read of it.",
    "days",
    (
        RawField("_file.name", Type.TEXT, required=True),
        RawField("_file.line", Type.INT, required=True),
        RawField("segment", Type.TEXT, required=True),
        RawField("week", Type.DATE, required=True),
        RawField("name", Type.TEXT),
        RawField("domain", Type.TEXT, required=True),
        RawField("stars", Type.INT, required=True),
        RawField("country", Type.TEXT),
        RawField("prospects", Type.INT),
        RawField("topics", Type.TEXTS),
        *REJECTED,
    ),
    lookback_days=LOOKBACK_DAYS,
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """One stream."""
    return (ACCOUNT,)
