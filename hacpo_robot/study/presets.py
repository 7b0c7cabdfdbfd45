"""Named settings: one YAML file each, in ``presets/``."""

from pathlib import Path

import yaml

from hacpo_robot.errors import UnknownNameError
from hacpo_robot.specs.training import TrainSettings, settings_from_dict

FOLDER = Path(__file__).parent / "presets"


def preset_names() -> tuple[str, ...]:
    """Every preset, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load_preset(name: str) -> TrainSettings:
    """Settings of a preset.

    Raises:
        UnknownNameError: no such preset; the message lists those that exist.
    """
    if name not in preset_names():
        raise UnknownNameError("preset", name, preset_names())
    return settings_from_dict(TrainSettings, yaml.safe_load((FOLDER / f"{name}.yaml").read_text()))
