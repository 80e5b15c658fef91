"""What a scoring model may say, and the words in which a wrong one is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from abm_pipeline.programme import DEFAULTS, ConfigError, load_programme
from abm_pipeline.scoring.model import ScoringModel, load_models

DEFAULT = DEFAULTS / "scoring_models" / "default.yaml"


def written(folder: Path, text: str, name: str = "default.yaml") -> Path:
    """A configuration folder with one scoring model."""
    (folder / "scoring_models").mkdir(exist_ok=True)
    (folder / "scoring_models" / name).write_text(text)
    return folder


def test_the_shipped_champion_loads() -> None:
    """The model that the default programme names is among the shipped ones, and scores no attempt or exposure."""
    model = load_models()[load_programme().champion]
    assert model.version + "+" == model.model_version[:2]
    assert not {"call", "meeting_no_show", "email_sent", "ad_impression"} & set(model.engagement_types)


def test_version_follows_content_and_not_spelling(tmp_path: Path) -> None:
    """A comment or another order of keys keeps the version; one weight changed by hand changes it."""
    content = yaml.safe_load(DEFAULT.read_text())
    shuffled = yaml.safe_dump(dict(reversed(content.items())))
    louder = DEFAULT.read_text().replace("meeting: 20", "meeting: 21")
    same, other = (load_models(written(tmp_path, text))["default"] for text in (shuffled, louder))
    assert load_models()["default"].model_version == same.model_version
    assert same.model_version != other.model_version
    assert same.fingerprint != other.fingerprint


def test_another_file_is_another_model(tmp_path: Path) -> None:
    """A challenger in ABM_CONFIG stands beside the shipped champion."""
    challenger = DEFAULT.read_text().replace("name: default", "name: challenger")
    assert {"default", "challenger"} == set(load_models(written(tmp_path, challenger, "challenger.yaml")))


def set_key(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set one key of the model."""

    def edit(content: dict[str, Any]) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (set_key("points", "handshake", value=3), "unknown touch type 'handshake'; known are email_reply, call"),
        (set_key("points", "ad_impression", value=1), "ad_impression is an exposure, and exposures never score"),
        (set_key("content_points", "handshake", value={"x": 1}), "unknown touch type 'handshake'"),
        (set_key("content_points", "call", value={"demo": 1}), "give call points of its own under points first"),
        (set_key("points", value={"meeting": 0}), "points: no touch type has any"),
        (set_key("points", "meeting", value=-1), "points.meeting: Input should be greater than or equal to 0"),
        (set_key("windows", value=[30]), "windows: 90 is missing; 30 and 90 days are always delivered"),
        (set_key("windows", value=[30, 90, 30]), "windows [30, 90, 30]: one is listed twice"),
        (set_key("half_life_days", value=-30), "half_life_days: Input should be greater than 0"),
        (set_key("half_life_days", value=4), "half_life_days: at least 4.5 for a window of 90 days"),
        (set_key("role_weights", value={"champion": 1}), "role_weights: needs exactly decision_maker, champion"),
        (set_key("breadth", value={2: 1.5}), "breadth: begins with 1 contact"),
        (set_key("breadth", value={1: 1.5, 2: 1.2}), "never falls as contacts are added"),
        (set_key("band_pct", "hot", value=60), "more than 100 percent together"),
        (set_key("half_live", value=3), "half_live: Extra inputs are not permitted"),
        (set_key("version", value="1/2"), "version: String should match pattern"),
    ],
)
def test_a_wrong_model_is_refused_in_words(tmp_path: Path, edit: Callable[[dict[str, Any]], None], words: str) -> None:
    """The error names the file, the key and what would be right."""
    content = yaml.safe_load(DEFAULT.read_text())
    edit(content)
    with pytest.raises(ConfigError) as error:
        load_models(written(tmp_path, yaml.safe_dump(content)))
    assert words in str(error.value)
    assert "default.yaml" in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DEFAULT.read_text().replace("  meeting: 20", "  meeting: 20\n  meeting: 30"), "meeting is given twice"),
        ("name: [", "is not valid YAML"),
        ("", "Input should be a valid dictionary"),
    ],
)
def test_a_broken_file_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    """A key given twice, a file that isn't YAML, an empty file."""
    with pytest.raises(ConfigError, match=words):
        load_models(written(tmp_path, text))


def test_two_files_cannot_declare_one_model(tmp_path: Path) -> None:
    """A copy that kept its name would make two sets of rows under one name."""
    with pytest.raises(ConfigError, match="another file already declares the model default; rename one"):
        load_models(written(tmp_path, DEFAULT.read_text(), "copy.yaml"))


def test_a_model_is_not_changed_in_place() -> None:
    """Its version was computed from its content."""
    model = load_models()["default"]
    with pytest.raises(ValueError, match="frozen"):
        model.half_life_days = 3  # type: ignore[misc]
    assert isinstance(model, ScoringModel)
