"""A scoring model as data: the YAML under `config/scoring_models/`, checked, with a version that follows its content.

Belongs here: what a model may say, and the words in which a wrong one is refused. How a score is computed from it is
in `events` and `daily`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from abm_pipeline.contracts.fields import EXPOSURE_TYPES, FAILED_TYPES, ROLES, TOUCH_TYPES
from abm_pipeline.programme import DEFAULTS, ConfigError, Loader

# Types that can have points.
PARTS = tuple(name for name in TOUCH_TYPES if name not in EXPOSURE_TYPES + FAILED_TYPES)
REQUIRED_WINDOWS = (30, 90)
# A touch at the far end of the longest window still weighs 2^-20 of its points: what fixed-point sums resolve.
MOST_HALF_LIVES = 20

Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


class IntentPoints(_Part):
    """Points of intent: per surging topic, in proportion to its score, together at most `cap`."""

    points_per_topic: NotNegative
    full_score: Positive = 100
    cap: NotNegative


class BandPercent(_Part):
    """Bands from the top, in percent of the target accounts."""

    hot: NotNegative
    warm: NotNegative
    cool: NotNegative

    @model_validator(mode="after")
    def _within_hundred(self) -> Self:
        if self.hot + self.warm + self.cool > 100:
            raise ValueError("hot, warm and cool are more than 100 percent together")
        return self


class ScoringModel(_Part):
    """One model. Points are per touch, `half_life_days` in days; see `default.yaml` for what each key means."""

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    version: str = Field(pattern="^[0-9A-Za-z][0-9A-Za-z.]*$")
    valid_from: date | None = None
    calibrated_on: date | None = None
    windows: tuple[Annotated[int, Field(ge=1, le=400)], ...]
    half_life_days: Positive
    points: Mapping[str, NotNegative]
    content_points: Mapping[str, Mapping[str, Positive]] = Field(default_factory=dict)
    role_weights: Mapping[str, Positive]
    cap_per_contact_day: Positive
    cap_per_account_day: Positive
    breadth: Mapping[Annotated[int, Field(ge=1)], Annotated[float, Field(ge=1, le=100)]]
    intent: IntentPoints
    engaged_min_score: Positive
    band_pct: BandPercent

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        _check_types(self.points, self.content_points)
        if len(set(self.windows)) < len(self.windows):
            raise ValueError(f"windows {list(self.windows)}: one is listed twice")
        if missing := set(REQUIRED_WINDOWS) - set(self.windows):
            raise ValueError(f"windows: {min(missing)} is missing; 30 and 90 days are always delivered")
        if self.half_life_days * MOST_HALF_LIVES < max(self.windows):
            least = max(self.windows) / MOST_HALF_LIVES
            raise ValueError(f"half_life_days: at least {least:g} for a window of {max(self.windows)} days")
        if set(self.role_weights) != {*ROLES, "unknown"}:
            wrong = sorted(set(self.role_weights) ^ {*ROLES, "unknown"})
            raise ValueError(f"role_weights: needs exactly {', '.join(ROLES)} and unknown; check {', '.join(wrong)}")
        steps = [self.breadth[count] for count in sorted(self.breadth)]
        if 1 not in self.breadth or steps != sorted(steps):
            raise ValueError("breadth: begins with 1 contact and never falls as contacts are added")
        return self

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what the model says; comments, the order of keys and when it was calibrated don't count."""
        said = self.model_dump(mode="json", exclude={"calibrated_on"})
        content = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

    @cached_property
    def model_version(self) -> str:
        """Declared version and content: `1+0a1b2c3d`. Stands in every row that the model makes."""
        return f"{self.version}+{self.fingerprint[:8]}"

    @property
    def file_part(self) -> str:
        """Name of the model version's file in a partition of the lake."""
        return f"{self.name}_{self.model_version}"

    @property
    def engagement_types(self) -> tuple[str, ...]:
        """Touch types that count as engagement: those with points."""
        return tuple(touch_type for touch_type in PARTS if self.points.get(touch_type, 0) > 0)


def _check_types(points: Mapping[str, float], content_points: Mapping[str, Mapping[str, float]]) -> None:
    if not any(points.values()):
        raise ValueError("points: no touch type has any")
    for touch_type in (*points, *content_points):
        if touch_type in EXPOSURE_TYPES:
            raise ValueError(f"points: {touch_type} is an exposure, and exposures never score; take it out")
        if touch_type not in PARTS:
            raise ValueError(f"points: unknown touch type {touch_type!r}; known are {', '.join(PARTS)}")
    for touch_type in content_points:
        if not points.get(touch_type):
            raise ValueError(f"content_points: give {touch_type} points of its own under points first")


class _UniqueKeys(Loader):
    """YAML that refuses a key given twice, where plain YAML keeps the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.YAMLError(f"{key} is given twice (line {key_node.start_mark.line + 1})")
            seen.add(key)
        return super().construct_mapping(node, deep)


def load_models(config_dir: Path | None = None) -> dict[str, ScoringModel]:
    """Every model by name: the shipped ones, and those of `config_dir/scoring_models/`, which win by file name.

    Raises ConfigError, naming file, key and remedy.
    """
    folders = [DEFAULTS / "scoring_models"] + ([config_dir / "scoring_models"] if config_dir else [])
    files = {path.name: path for folder in folders for path in sorted(folder.glob("*.yaml"))}
    models: dict[str, ScoringModel] = {}
    for path in files.values():
        model = load_model(path)
        if model.name in models:
            raise ConfigError(f"{path}: another file already declares the model {model.name}; rename one")
        models[model.name] = model
    return models


def load_model(path: Path) -> ScoringModel:
    """The model that a YAML file says. Raises ConfigError, naming file, key and remedy."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from None
    try:
        return ScoringModel.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(
            ": ".join(filter(None, (".".join(map(str, e["loc"])), e["msg"].removeprefix("Value error, "))))
            for e in error.errors()
        )
        raise ConfigError(f"{path}: {problems}") from None
