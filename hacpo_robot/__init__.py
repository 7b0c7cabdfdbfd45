"""Different robot arms learn the same skills together, and each policy is exported by itself."""

from importlib import import_module
from typing import TYPE_CHECKING

from hacpo_robot.envs.registration import register_envs

if TYPE_CHECKING:
    from hacpo_robot.catalog import load_robot, load_task, possible_pairs, robot_names, task_names
    from hacpo_robot.envs.gymnasium_vector import ManipulationVectorEnv
    from hacpo_robot.envs.single import ManipulationEnv
    from hacpo_robot.envs.vector import make_vec_env
    from hacpo_robot.export.runtime import load_policy
    from hacpo_robot.learning.callback import HACPOCallback
    from hacpo_robot.learning.fleet import Fleet
    from hacpo_robot.learning.learner import make_learner
    from hacpo_robot.sharing.exchange import Exchange
    from hacpo_robot.specs.randomization import Randomization

__version__ = "0.1.0"

_HOMES = {
    "Exchange": "hacpo_robot.sharing.exchange",
    "Fleet": "hacpo_robot.learning.fleet",
    "HACPOCallback": "hacpo_robot.learning.callback",
    "ManipulationEnv": "hacpo_robot.envs.single",
    "ManipulationVectorEnv": "hacpo_robot.envs.gymnasium_vector",
    "Randomization": "hacpo_robot.specs.randomization",
    "load_policy": "hacpo_robot.export.runtime",
    "load_robot": "hacpo_robot.catalog",
    "load_task": "hacpo_robot.catalog",
    "make_learner": "hacpo_robot.learning.learner",
    "make_vec_env": "hacpo_robot.envs.vector",
    "possible_pairs": "hacpo_robot.catalog",
    "robot_names": "hacpo_robot.catalog",
    "task_names": "hacpo_robot.catalog",
}
__all__ = [
    "Exchange",
    "Fleet",
    "HACPOCallback",
    "ManipulationEnv",
    "ManipulationVectorEnv",
    "Randomization",
    "load_policy",
    "load_robot",
    "load_task",
    "make_learner",
    "make_vec_env",
    "possible_pairs",
    "robot_names",
    "task_names",
]


def __getattr__(name: str) -> object:
    """Public names, imported when first used: importing the package loads no simulator and no torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


register_envs()
