"""A declaration of files, `files/<name>.yaml`: which files, how they are written, and what their columns mean.

Belongs here: the shape of the YAML, checked with messages that name file and key. How values are read is in `_values`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from abm_pipeline.programme import ConfigError, Programme
from abm_pipeline.sources.files._targets import TARGETS, Target

Format = Literal["csv", "jsonl", "parquet"]
_ENDINGS: tuple[tuple[str, Format], ...] = (
    (".csv", "csv"), (".tsv", "csv"), (".txt", "csv"), (".jsonl", "jsonl"), (".ndjson", "jsonl"), (".json", "jsonl"),
    (".parquet", "parquet"),
)  # fmt: skip


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Model):
    """Where a canonical column comes from: a `field` of the file, a `constant`, the `file_name`, or the last write.

    `file_name` is a regular expression with one group. `values` turns what the file says into what is meant, others
    stay as they are. `prefix` stands before every value. A row without a value that is `required` spoils the file.
    """

    field: str | None = None
    constant: str | int | float | bool | None = None
    file_name: str | None = None
    modified: Literal[True] | None = None
    required: bool = False
    date_format: str | None = None
    decimal_comma: bool | None = None
    values: Mapping[str, str | int | float | bool] = Field(default_factory=dict)
    prefix: str = ""

    @model_validator(mode="after")
    def _has_one_origin(self) -> Column:
        origins = [self.field, self.constant, self.file_name, self.modified]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("say exactly one of field, constant, file_name, modified")
        return self

    @field_validator("file_name")
    @classmethod
    def _has_one_group(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                raise ValueError(f"no regular expression: {error}") from None
            if groups != 1:
                raise ValueError("needs one group, the part of the name to take")
        return pattern


class Declaration(_Model):
    """What some files are. `key`: columns that identify a record; default: all of them.

    `is_complete`: a file of the same name says all anew, so what a newer version lacks is over. Without it a file only
    adds and corrects.
    """

    feeds: str
    files: str
    format: Format | None = None
    delimiter: str = Field(",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    decimal_comma: bool = False
    date_format: str | None = None
    is_complete: bool = False
    key: tuple[str, ...] = ()
    columns: Mapping[str, Column]

    @property
    def target(self) -> Target:
        """The table that is fed."""
        return TARGETS[self.feeds]

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that the files must have."""
        return tuple(dict.fromkeys(column.field for column in self.columns.values() if column.field is not None))

    def format_of(self, name: str) -> Format | None:
        """How a file is written: as declared, else as its name ends."""
        bare = name.lower().removesuffix(".gz")
        return self.format or next((kind for ending, kind in _ENDINGS if bare.endswith(ending)), None)

    @field_validator("columns", mode="before")
    @classmethod
    def _fields_by_name(cls, columns: Any) -> Any:
        """`tier: Tier` says the same as `tier: {field: Tier}`."""
        if not isinstance(columns, dict):
            return columns
        return {name: {"field": said} if isinstance(said, str) else said for name, said in columns.items()}

    @field_validator("feeds")
    @classmethod
    def _is_target(cls, name: str) -> str:
        if name not in TARGETS:
            raise ValueError(f"files can't feed {name!r}; they can feed {', '.join(TARGETS)}")
        return name

    @field_validator("files")
    @classmethod
    def _stays_below(cls, pattern: str) -> str:
        if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
            raise ValueError("must be a glob below ABM_FILES_PATH")
        return pattern

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            "".encode(name)
        except LookupError:
            raise ValueError(f"no encoding is called {name!r}") from None
        return name

    @model_validator(mode="after")
    def _fits_target(self) -> Declaration:
        target = self.target
        if unknown := sorted(set(self.columns) - set(target.columns)):
            raise ValueError(f"columns.{unknown[0]}: {target.name} has {', '.join(target.columns)}")
        if missing := [name for name in target.required if name not in self.columns]:
            raise ValueError(f"columns.{missing[0]}: {target.name} needs it")
        if gap := next((group for group in target.one_of if not set(group) & set(self.columns)), None):
            raise ValueError(f"columns: {target.name} needs one of {', '.join(gap)}")
        if stray := [name for name in self.key if name not in self.columns]:
            raise ValueError(f"key: {stray[0]} is none of the columns")
        return self


def declarations(programme: Programme) -> dict[str, Declaration]:
    """Every declaration by name, those that are switched off (empty) left out. Raises ConfigError."""
    return {name: _checked(name, said) for name, said in programme.sources.get("files", {}).items() if said}


def _checked(name: str, said: Any) -> Declaration:
    try:
        return Declaration.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(
            f"files/{name}.yaml: {where}: {message}" if where else f"files/{name}.yaml: {message}"
        ) from None
