"""The life of scoring models: which versions there are, how they differ, what a change would compute, and promotions.

Belongs here: versions as rows in the lake and as YAML, the log of promotions, and the edit that a promotion is. Whether
a model predicts anything is the metrics' to say (score_calibration).

What a version said is kept beside the scores it made (`scoring/_models/{name}_{version}.yaml` in the lake), so that
old versions can be compared and taken up again. A promotion is one edit of `champion:` in programme.yaml (and, for an
older version, of the model's own file), to be committed; the log `scoring_promotions.csv` beside it says who, when and
why. Where the rows of the version are there already, nothing is scored again.
"""

from __future__ import annotations

import csv
import getpass
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import ConfigError
from abm_pipeline.scoring.model import ScoringModel, load_models
from abm_pipeline.settings import Settings
from abm_pipeline.storage import durations
from abm_pipeline.storage.whole import write_whole

LOG = "scoring_promotions.csv"
_COLUMNS = ("at", "who", "champion_before", "champion", "why")
_CHAMPION = re.compile(r"^champion:.*$", re.MULTILINE)


@dataclass(frozen=True)
class Version:
    """One version of a model: `model` is what it says, None where only rows are left of one never archived.

    `is_present`: the YAML says so now. `days`: scored under it, in order.
    """

    name: str
    model_version: str
    model: ScoringModel | None
    is_present: bool
    is_champion: bool
    days: tuple[date, ...]

    @property
    def label(self) -> str:
        return f"{self.name}@{self.model_version}"


@dataclass(frozen=True)
class Promotion:
    """One line of the log. Champions are `name@version`; what it was before is empty in the first."""

    at: datetime
    who: str
    champion_before: str
    champion: str
    why: str


@dataclass(frozen=True)
class Plan:
    """What taking up a model would compute: days by table, about how many rows (None without a precedent), and about
    how many seconds its layer takes for them (None where no run has been measured).
    """

    table: str
    days: int
    first: date | None
    last: date | None
    rows: int | None
    seconds: float | None


def archive(settings: Settings, model: ScoringModel) -> None:
    """Keep what the version says beside its scores."""
    path = _archived(settings) / f"{model.file_part}.yaml"
    if not path.exists():
        write_whole(path, yaml.safe_dump(model.model_dump(mode="json"), sort_keys=False))


def versions(settings: Settings) -> list[Version]:
    """Every version that is declared or has scores, by name, the present one first. Raises ConfigError."""
    models, champion = load_models(settings.config), settings.programme.champion
    found = {model.file_part: model for model in _archive(settings)} | {m.file_part: m for m in models.values()}
    present = {model.file_part for model in models.values()}
    lake = settings.open_lake
    parts = {
        path.name.removeprefix("_computed_").removesuffix(".json")
        for path in lake.folder(T.SCORE_PART).glob("_computed_*.json")
    }
    out = []
    for part in {*found, *parts}:
        name, _, version = part.rpartition("_")
        days = [day for day in lake.computed_at(T.SCORE_PART, part=part) if day is not None]
        is_present = part in present
        is_champion = is_present and name == champion
        out.append(Version(name, version, found.get(part), is_present, is_champion, tuple(sorted(days))))
    return sorted(out, key=lambda each: (each.name, not each.is_present, each.model_version))


def find(settings: Settings, text: str) -> Version:
    """The version called `name` (the present one), `name@version` or `version`; the beginning of a version will do.

    Raises ConfigError, with what there is, if none or several fit.
    """
    known = versions(settings)
    name, _, version = text.rpartition("@")
    fits = [each for each in known if each.is_present and each.name == text] or [
        each for each in known if each.model_version.startswith(version) and (not name or each.name == name)
    ]
    if len(fits) != 1:
        listed = ", ".join(each.label for each in fits or known)
        raise ConfigError(f"{text!r} is {'no version' if not fits else 'several versions'} of a model; {listed}")
    return fits[0]


def champion_of(settings: Settings) -> tuple[Version, ScoringModel]:
    """The champion as the YAML declares it. Raises ConfigError if it declares none of that name."""
    for each in versions(settings):
        if each.is_champion and each.model is not None:
            return each, each.model
    raise ConfigError(f"programme.yaml: no file in scoring_models declares the champion {settings.programme.champion}")


def differences(left: ScoringModel, right: ScoringModel) -> list[tuple[str, Any, Any]]:
    """What differs: key (`points.meeting`), value on the left and on the right; None where one has no such key."""
    first, second = dict(_flat(left.model_dump(mode="json"))), dict(_flat(right.model_dump(mode="json")))
    keys = [*first, *(key for key in second if key not in first)]
    return [(key, first.get(key), second.get(key)) for key in keys if first.get(key) != second.get(key)]


def plan(settings: Settings, version: Version) -> list[Plan]:
    """What making the version the champion would compute, beforehand: the days of each table, and about how many rows.

    Scores of days that the version has already are not computed again; every table that reads the champion's scores is
    computed for all of its days.
    """
    lake = settings.open_lake
    known = lake.days(T.ENGAGEMENT_SCORE)
    first = version.model.valid_from if version.model else None
    missing = [day for day in known if day not in set(version.days) and day >= (first or day)]
    out = []
    for table in (T.ENGAGEMENT_SCORE, T.SCORE_PART, T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY, T.CAMPAIGN_METRICS):
        days = missing if table.layer == "scoring" else [] if version.is_champion else lake.days(table)
        rows = None
        if days and (counted := lake.rows_by_day(table, days[-1], days[-1])):
            # Of all versions of the last day, so that each has its share.
            versions_there = max(1, len(lake.files(table, days[-1], days[-1])))
            rows = sum(counted.values()) // versions_there * len(days)
        seconds = durations.about(settings.lake_path, table.layer, len(days))
        out.append(Plan(str(table), len(days), min(days, default=None), max(days, default=None), rows, seconds))
    return out


def promote(settings: Settings, version: Version, why: str) -> Promotion:
    """Make the version the champion: edit the YAML in ABM_CONFIG, and log it.

    Raises ConfigError without such a folder, for the present champion, or for a version whose YAML is not known.
    """
    if settings.config is None:
        raise ConfigError("set ABM_CONFIG to a folder: a promotion is an edit of the YAML there, to be committed")
    if version.is_champion:
        raise ConfigError(f"{version.label} is the champion already")
    if version.model is None:
        raise ConfigError(f"what {version.label} said is not known any more, only its scores are there")
    if not why.strip():
        raise ConfigError("say why: it stands in the log")
    before = next((each.label for each in versions(settings) if each.is_champion), "")
    if not version.is_present:
        _restore(settings.config, version)
    _set_champion(settings.config / "programme.yaml", version.name)
    made = Promotion(
        datetime.now(UTC).replace(microsecond=0),
        settings.user or getpass.getuser(),
        before,
        version.label,
        " ".join(why.split()),
    )
    _log(settings.config / LOG, made)
    return made


def promotions(settings: Settings) -> list[Promotion]:
    """The log, oldest first. Raises ConfigError for a line that can't be read."""
    path = (settings.config or settings.home) / LOG
    if not path.exists():
        return []
    out = []
    for number, row in enumerate(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))), start=2):
        try:
            at = datetime.fromisoformat(row["at"])
            out.append(Promotion(at, row["who"], row["champion_before"], row["champion"], row["why"]))
        except (KeyError, ValueError, TypeError):
            raise ConfigError(f"{path}, line {number}: needs {', '.join(_COLUMNS)}, with a time in `at`") from None
    return out


def rollback(settings: Settings, why: str) -> Promotion:
    """Promote the champion before the last promotion. Raises ConfigError if there was none."""
    log = promotions(settings)
    if not log or not log[-1].champion_before:
        raise ConfigError("there is no promotion to roll back; `abm model history` lists them")
    return promote(settings, find(settings, log[-1].champion_before), why)


# -- files


def _archived(settings: Settings) -> Path:
    return settings.lake_path / "scoring" / "_models"


def _archive(settings: Settings) -> Iterator[ScoringModel]:
    for path in sorted(_archived(settings).glob("*.yaml")):
        model = ScoringModel.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        # What a later release reads otherwise is another version, and not the one the scores are of.
        if model.file_part == path.stem:
            yield model


def _restore(config: Path, version: Version) -> None:
    """Write the older version over the model's own file, or into a new one."""
    assert version.model is not None
    folder = config / "scoring_models"
    declared = {load["name"]: path for path in sorted(folder.glob("*.yaml")) if (load := _mapping(path)).get("name")}
    path = declared.get(version.name, folder / f"{version.name}.yaml")
    write_whole(path, yaml.safe_dump(version.model.model_dump(mode="json"), sort_keys=False))


def _mapping(path: Path) -> Mapping[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}


def _set_champion(path: Path, name: str) -> None:
    """Change the one line, so that comments and everything else stay."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    line = f"champion: {name}"
    changed, count = _CHAMPION.subn(line, text)
    write_whole(path, changed if count else (f"{text.rstrip()}\n" if text.strip() else "") + f"{line}\n")


def _log(path: Path, made: Promotion) -> None:
    old = path.read_text(encoding="utf-8") if path.exists() else ",".join(_COLUMNS) + "\n"
    line = io.StringIO()
    cells = {name: getattr(made, name) for name in _COLUMNS} | {"at": made.at.isoformat().replace("+00:00", "Z")}
    csv.DictWriter(line, _COLUMNS, lineterminator="\n").writerow(cells)
    write_whole(path, old + ("" if old.endswith("\n") else "\n") + line.getvalue())


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value
