"""What an export of Delighted's responses holds, and how it may name its columns."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import REJECTED, RawField, Stream

REQUIRED = ("id", "survey_type", "score", "created_at")
DEFAULTS = {
    "id": "Response ID", "survey_type": "Survey Type", "score": "Score", "comment": "Comment",
    "created_at": "Response Created At", "updated_at": "Response Updated At", "email": "Person Email",
    "name": "Person Name", "company": "Company", "question": "Question",
}  # fmt: skip


class Options(BaseModel):
    """`sources.delighted` of the programme: `columns` says what the export calls id, score, email and the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    columns: Mapping[str, str] = Field(default_factory=dict)

    def column(self, name: str) -> str:
        """What the export calls it."""
        return self.columns.get(name) or DEFAULTS[name]


RESPONSE = Stream(
    "response",
    "Answers to surveys; the file's row beside what is read of it.",
    "changes",
    (
        RawField("_file.name", Type.TEXT, required=True),
        RawField("_file.line", Type.INT, required=True),
        RawField("id", Type.TEXT, required=True),
        RawField("survey_type", Type.TEXT, required=True),
        RawField("score", Type.FLOAT, required=True),
        RawField("comment", Type.TEXT),
        RawField("created_at", Type.TIMESTAMP, required=True),
        RawField("updated_at", Type.TIMESTAMP, required=True),
        RawField("email", Type.TEXT),
        RawField("name", Type.TEXT),
        RawField("company", Type.TEXT),
        RawField("question", Type.TEXT),
        *REJECTED,
    ),
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """One stream."""
    return (RESPONSE,)
