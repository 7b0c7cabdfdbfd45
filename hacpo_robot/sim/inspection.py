"""What can be wrong with a compiled robot; each function answers with one sentence, or nothing."""

import mujoco

from hacpo_robot.sim.instruments import ROBOT
from hacpo_robot.sim.parts import load
from hacpo_robot.sim.scene import Scene


def inspect_ranges(scene: Scene) -> str | None:
    """Every prismatic joint has a range."""
    robot, model = scene.robot, scene.model
    endless = [name for name in robot.arm.slides if not model.joint(ROBOT + name).limited[0]]
    return f"no range for the prismatic {', '.join(endless)}; set it in the MJCF" if endless else None


def inspect_home(scene: Scene) -> str | None:
    """Home lies inside the joint limits."""
    arm = scene.robot.arm
    for name, home in zip(arm.joints, arm.home, strict=True):
        joint = scene.model.joint(ROBOT + name)
        if joint.limited[0] and not joint.range[0] <= home <= joint.range[1]:
            low, high = joint.range
            return f"home of {name} is {home:g}, outside [{low:g}, {high:g}]; change ArmSpec.home"
    return None


def inspect_home_contacts(scene: Scene) -> str | None:
    """At home the arm's own collision geoms do not touch each other."""
    arm = scene.robot.arm
    solid = load(arm.mjcf).compile()
    data = mujoco.MjData(solid)
    for name, home in zip(arm.joints, arm.home, strict=True):
        data.qpos[solid.joint(name).qposadr[0]] = home
    mujoco.mj_forward(solid, data)
    for contact in data.contact:
        if contact.dist < 0:
            one, other = (solid.body(solid.geom_bodyid[geom]).name for geom in contact.geom)
            return f"{one} and {other} collide at home; change ArmSpec.home, or exclude the pair in the MJCF"
    return None
