"""Looks a robot over before anyone trains it: each check says what is right, or what to mend."""

from collections.abc import Callable, Iterator

import numpy as np

from hacpo_robot.catalog import load_task
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.vector import ManipulationVecEnv, make_vec_env
from hacpo_robot.errors import HacpoError
from hacpo_robot.sim.inspection import inspect_home, inspect_home_contacts, inspect_ranges
from hacpo_robot.sim.scene import Scene, make_scene
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.study.finding import Finding

POINTS = np.array([(x, y, z) for x in (-0.12, 0.12) for y in (-0.15, 0.15) for z in (0.85, 1.0)])
"""Points over the table that the tool must get to. Shape (8, 3) [m]."""
REACHED = 0.02
"""Distance that counts as reached [m]."""
UPRIGHT = 0.1
"""Tilt of the tool at home that is worth a word [rad]."""
OPEN_SHARE, CLOSED_SHARE = 0.9, 0.1
"""Shares of the stroke that an open gripper must exceed, and a closed one stay below."""


def check_robot(robot: RobotSpec) -> Iterator[Finding]:
    """All checks, one after the other; those that need a working model stop at the first without one."""
    try:
        scene = make_scene(robot, load_task("lift"))
    except (HacpoError, ValueError, KeyError) as error:
        yield Finding("model compiles", f"{error}; compare ArmSpec and GripperSpec with the MJCF files")
        return
    yield Finding("model compiles")
    for name, check in MODEL_CHECKS.items():
        yield Finding(name, check(scene))
    for name, check in MOTION_CHECKS.items():
        yield Finding(name, check(robot))


def check_home_tool(robot: RobotSpec) -> str | None:
    """At home the tool is over the table and points down."""
    env = make_vec_env(robot, load_task("reach"), 1, 0, n_threads=1)
    tool, rotation = env.cell.state.tool_pos_w[0], env.cell.state.tool_rot_w[0]
    env.close()
    tilt = float(np.arccos(np.clip(-rotation[2, 2], -1.0, 1.0)))
    if tilt > UPRIGHT:
        return f"the tool is tilted by {tilt:.2f} rad at home; change ArmSpec.home or GripperSpec.quat"
    if not (np.abs(tool[:2]) < 0.3).all() or not 0.85 < tool[2] < 1.3:
        place = ", ".join(f"{value:.2f}" for value in tool)
        return f"the tool is at ({place}) at home, not over the table; change ArmSpec.home or base_pos"
    return None


def check_gripper(robot: RobotSpec) -> str | None:
    """The gripper opens and closes."""
    env = make_vec_env(robot, load_task("reach"), 1, 0, n_threads=1)
    still = np.zeros((1, env.action_signature.size))
    widths = {}
    for word, command in (("closed", -1.0), ("open", 1.0)):
        still[:, -1] = command
        for _ in range(30):
            env.step(still)
        width = float(env.cell.state.gripper_width[0, 0])
        widths[word] = (width - robot.gripper.min_width) / robot.gripper.stroke
    env.close()
    if widths["open"] > OPEN_SHARE and widths["closed"] < CLOSED_SHARE:
        return None
    return (
        f"commanded open it stands at {widths['open']:.0%} of its stroke, commanded closed at "
        f"{widths['closed']:.0%}; check GripperSpec's finger_opened, finger_closed and force"
    )


def check_sensors(robot: RobotSpec) -> str | None:
    """Random motion gives finite readings, and no physics fails."""
    env = make_vec_env(robot, load_task("lift"), 16, 0, n_threads=1)
    rng = np.random.default_rng(0)
    finite = np.ones(env.observation_signature.size, bool)
    for _ in range(100):
        env.step(rng.uniform(-1.0, 1.0, (16, env.action_signature.size)))
        finite &= np.isfinite(env.cell.observe()).all(axis=0)
    env.close()
    if not finite.all():
        names = np.array(env.observation_signature.element_names)
        return f"not finite: {', '.join(names[~finite])}"
    if env.n_broken:
        return f"physics failed {env.n_broken} times under random actions; raise armatures in the MJCF"
    return None


def check_reach(robot: RobotSpec) -> str | None:
    """A scripted expert brings the tool to eight points over the table."""
    env = make_vec_env(robot, load_task("reach"), len(POINTS), 0, n_threads=1)
    gaps = _least_distance(env)
    env.close()
    far = [f"({x:g}, {y:g}, {z:g})" for (x, y, z), gap in zip(POINTS, gaps, strict=True) if gap > REACHED]
    if not far:
        return None
    return f"not reached within {REACHED:g} m: {', '.join(far)}; change base_pos, home or the action scale"


def _least_distance(env: ManipulationVecEnv) -> FloatArray:
    """Least distance between tool and each point over a long episode. Shape (8,) [m]."""
    cell = env.cell
    cell.set_state({**cell.get_state(), "goals": POINTS.copy()})
    expert, best = ScriptedExpert(cell), np.full(len(POINTS), np.inf)
    for _ in range(120):
        cell.step(expert.act())
        best = np.minimum(best, np.linalg.norm(cell.state.tool_pos_w - POINTS, axis=-1))
    return best


MODEL_CHECKS: dict[str, Callable[[Scene], str | None]] = {
    "ranges of prismatic joints": inspect_ranges,
    "home inside the joint limits": inspect_home,
    "home free of collisions": inspect_home_contacts,
}
MOTION_CHECKS: dict[str, Callable[[RobotSpec], str | None]] = {
    "tool upright over the table at home": check_home_tool,
    "gripper opens and closes": check_gripper,
    "sensors finite and bounded": check_sensors,
    "expert reaches 8 points of the table": check_reach,
}
