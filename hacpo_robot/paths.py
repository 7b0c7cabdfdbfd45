"""Where files live: robosuite's models, our own assets."""

import importlib.util
from functools import cache
from pathlib import Path

from hacpo_robot.errors import HacpoError


@cache
def robosuite_assets() -> Path:
    """Folder of robosuite's MJCF models, found without importing robosuite (which takes seconds).

    Raises:
        HacpoError: robosuite is not installed.
    """
    spec = importlib.util.find_spec("robosuite")
    if spec is None or spec.origin is None:
        raise HacpoError("robosuite is not installed; run: pip install 'robosuite>=1.5.2,<1.6'")
    return Path(spec.origin).parent / "models" / "assets"


def asset(name: str) -> Path:
    """Absolute path of a model file, e.g. ``robosuite:robots/panda/robot.xml`` or ``arms/scara.xml``.

    Names without the ``robosuite:`` prefix lie in ``sim_assets/``, which a wheel carries inside
    the package and a checkout has beside it. An absolute path is taken as it is.

    Raises:
        HacpoError: no such file; the message names the places searched.
    """
    if name.startswith("robosuite:"):
        places = [robosuite_assets()]
    else:
        package = Path(__file__).parent
        places = [package / "sim_assets", package.parent / "sim_assets"]
    relative = name.removeprefix("robosuite:")
    for place in places:
        if (place / relative).is_file():
            return place / relative
    raise HacpoError(f"no model file {relative!r} in {' or '.join(str(p) for p in places)}")
