"""Gymnasium ids of every robot on every task that it can do; cheap, as nothing is built before ``make``."""

import logging

import gymnasium

from hacpo_robot.catalog import load_robot, possible_pairs
from hacpo_robot.specs.robot import RobotSpec

LOG = logging.getLogger(__name__)
NAMESPACE = "hacpo_robot"


def env_id(robot: RobotSpec, task: str) -> str:
    """``hacpo_robot/<Task>-<Robot>-v0``, for example ``hacpo_robot/PickPlace-UR5e-v0``.

    The words of a name are joined with capitals; words with a digit are model numbers, all capitals
    (``wx250`` is ``WX250``). A robot that is spelled otherwise in robosuite is spelled as there. In
    lower case and without underscores the parts are the names again.
    """
    spelled = robot.robosuite_name or ""
    same = spelled.lower() == robot.name.replace("_", "")
    return f"{NAMESPACE}/{_camel(task)}-{spelled if same else _camel(robot.name)}-v0"


def register_envs() -> None:
    """Make the ids known to ``gymnasium.make`` and ``gymnasium.make_vec``.

    A robot or task of another package that cannot be loaded is told in the log and stops nothing.
    """
    pairs = possible_pairs(lambda fault: LOG.warning("left out of Gymnasium's environments: %s", fault))
    robots = {name: load_robot(name) for name, _ in pairs}
    for robot, task in pairs:
        name = env_id(robots[robot], task)
        if name not in gymnasium.registry:
            gymnasium.register(
                id=name,
                entry_point="hacpo_robot.envs.single:ManipulationEnv",
                vector_entry_point="hacpo_robot.envs.gymnasium_vector:ManipulationVectorEnv",
                kwargs={"robot": robot, "task": task},
            )


def _camel(name: str) -> str:
    words = name.split("_")
    return "".join(word.upper() if any(map(str.isdigit, word)) else word.capitalize() for word in words)
