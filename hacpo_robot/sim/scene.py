"""One MuJoCo model of a robot behind a table with the objects of a task."""

from dataclasses import dataclass

import mujoco

from hacpo_robot.sim.gripper_model import load_gripper
from hacpo_robot.sim.instruments import ROBOT, add_instruments
from hacpo_robot.sim.parts import (
    TABLE_COLLIDES,
    VISIBLE,
    add_box,
    drop_visuals,
    load,
    load_arm,
    load_fixture,
    make_intangible,
    set_resistance,
)
from hacpo_robot.specs.prop import FixtureProp
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.task import TABLE_TOP, TaskSpec

TIMESTEP = 0.005
"""Physics step [s]."""
GOAL = "goal"
"""Mocap body that marks the goal in pictures."""


@dataclass(frozen=True)
class Scene:
    """A compiled model with the specs it was made from."""

    model: mujoco.MjModel
    robot: RobotSpec
    task: TaskSpec


def make_scene(robot: RobotSpec, task: TaskSpec, *, visual: bool = False) -> Scene:
    """Compile a robot and a task into one model.

    Args:
        robot: The embodiment; its parts are attached under ``robot/``.
        task: Its boxes become free bodies of the same name, its fixtures mocap bodies.
        visual: Keep the meshes that only cameras see. Physics is the same without them.

    Raises:
        InvalidSpecError: the robot cannot do the task, or the model files do not have what the specs name.
    """
    robot.check_able(task)
    arena = _make_arena(with_goal=task.goal is not None)
    arm = load_arm(robot)
    mount_point = arm.body(robot.arm.hand_body).add_frame(quat=robot.gripper.quat)
    arm.attach(load_gripper(robot.gripper), prefix="gripper/", frame=mount_point)
    arena.attach(arm, prefix=ROBOT, frame=arena.worldbody.add_frame(pos=robot.arm.base_pos))
    if visual and robot.arm.mount is not None:
        mount = load(robot.arm.mount)
        make_intangible(mount)
        arena.attach(mount, prefix="mount/", frame=arena.worldbody.add_frame(pos=robot.arm.base_pos))
    for box in task.boxes:
        add_box(arena, box)
    for fixture in task.fixtures:
        _add_fixture(arena, fixture)
    add_instruments(arena, robot, task)
    if not visual:
        drop_visuals(arena)
    model = arena.compile()
    for fixture in task.fixtures:
        set_resistance(model, fixture)
    return Scene(model, robot, task)


def _add_fixture(arena: mujoco.MjSpec, prop: FixtureProp) -> None:
    """A mocap body moves the fixture to where each world has it."""
    root = arena.worldbody.add_body(name=prop.name, mocap=True)
    root.add_frame().attach_body(load_fixture(prop).body(prop.body), f"{prop.name}/", "")


def _make_arena(*, with_goal: bool) -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 1280, 960
    spec.visual.headlight.ambient = (0.35, 0.35, 0.35)
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=(0.85, 0.9, 0.95),
        rgb2=(0.55, 0.6, 0.7),
        width=256,
        height=256,
    )
    world = spec.worldbody
    world.add_light(pos=(1.0, 1.0, 2.5), dir=(-0.4, -0.4, -1.0), castshadow=False)
    world.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=(3, 3, 0.1), rgba=(0.55, 0.57, 0.6, 1),
        group=VISIBLE, contype=0, conaffinity=0,
    )  # fmt: skip
    world.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.4, 0.4, 0.025),
        pos=(0, 0, TABLE_TOP - 0.025), rgba=(0.78, 0.71, 0.6, 1), friction=(1.0, 0.005, 0.0001),
        group=VISIBLE, contype=TABLE_COLLIDES[0], conaffinity=TABLE_COLLIDES[1],
    )  # fmt: skip
    if with_goal:
        goal = world.add_body(name=GOAL, mocap=True, pos=(0, 0, 1.0))
        goal.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(0.02, 0, 0), rgba=(0.1, 0.7, 0.2, 0.6), group=VISIBLE,
            contype=0, conaffinity=0,
        )  # fmt: skip
    return spec
