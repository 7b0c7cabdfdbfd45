"""In a checkout these modules live in the top-level ``tasks/`` folder.

The wheel maps that folder to this place (see ``pyproject.toml``), and then this file is not shipped.
"""

from pathlib import Path

__path__ = [str(Path(__file__).parents[2] / "tasks")]
