"""robosuite's own environments behind our signature."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.observation import Observer
from hacpo_robot.envs.reset import HOME_NOISE
from hacpo_robot.envs.robosuite import COUNTERPARTS
from hacpo_robot.envs.robosuite_env import RobosuiteEnv
from hacpo_robot.envs.workcell import CONTROL_HZ, Workcell
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.action import CartesianDelta, JointPositionDelta, JointVelocity
from hacpo_robot.specs.sensor import SensorSpec

PANDA = load_robot("panda")
BY_TOOL = CartesianDelta(rotation="full")
ROBOTS = [name for name in robot_names() if load_robot(name).robosuite_name is not None]


@pytest.fixture(params=list(COUNTERPARTS))
def task(request):
    return load_task(request.param)


@pytest.mark.parametrize(
    ("robot", "task"), [(name, "lift") for name in ROBOTS] + [("panda", name) for name in COUNTERPARTS]
)
def test_signature_is_ours(robot, task):
    robot, task = load_robot(robot), load_task(task)
    env = RobosuiteEnv(robot, task)
    cell = Workcell(make_scene(robot, task), HOME_NOISE, 1, seed=0, n_threads=1)
    assert env.observation_signature == Observer(robot, task).signature == cell.observer.signature
    assert env.action_signature == cell.action_signature
    observation, _ = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    assert env.observation_space.contains(env.step(env.action_space.sample())[0])
    env.close()


def test_gymnasium_finds_no_fault():
    env = RobosuiteEnv(PANDA, load_task("lift"))
    check_env(env, skip_render_check=True)
    env.close()


def test_same_seed_same_episode_and_other_seeds_other_starts(task):
    env = RobosuiteEnv(PANDA, task)
    action = np.full(env.action_signature.size, 0.3)
    first = env.reset(seed=4)[0], env.step(action)[0]
    following = env.reset()[0]
    again = env.reset(seed=4)[0], env.step(action)[0]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(env.reset()[0], following)
    assert (env.reset(seed=5)[0] != first[0]).any()
    assert (following != first[0]).any()
    env.close()


def test_time_limit_truncates_and_does_not_terminate():
    env = RobosuiteEnv(PANDA, replace(load_task("lift"), horizon_s=0.5))
    for _ in range(2):
        env.reset(seed=0)
        ends = [env.step(np.zeros(8))[2:4] for _ in range(env.horizon)]
        assert ends == [(False, False)] * 9 + [(False, True)]
    env.close()


def test_robosuite_has_no_counterpart_of_reach():
    with pytest.raises(InvalidSpecError, match="lift, stack, open_door"):
        RobosuiteEnv(PANDA, load_task("reach"))


# -- actions ---------------------------------------------------------------------------------------

N_STEPS = 10


def motion(spec, action, read):
    """What ten control steps of one action change in robosuite and here, from the same posture."""
    robot, task = replace(PANDA, action=spec), load_task("lift")
    env = RobosuiteEnv(robot, task)
    env.reset(seed=0)
    cell = Workcell(make_scene(robot, task), HOME_NOISE, 1, seed=0, n_threads=1)
    qpos = cell.worlds.qpos.copy()
    qpos[:, cell.handles.arm_qpos] = env.joints.pos
    cell.worlds.place(np.arange(1), qpos)
    cell.reset(np.arange(0))
    before = read(env), read(cell)
    for _ in range(N_STEPS):
        env.step(action)
        cell.step(action[None])
    env.close()
    return read(env) - before[0], read(cell) - before[1]


@pytest.mark.parametrize("way", [(0.5, 0.0, 0.0), (0.0, -0.5, 0.0), (0.2, 0.3, -0.4)])
def test_tool_goes_where_it_is_told_in_the_world(way):
    action = np.array([*way, 0, 0, 0, 1])
    theirs, ours = motion(BY_TOOL, action, lambda world: world.state.tool_pos_w[0])
    check_alike(theirs, ours, N_STEPS * BY_TOOL.position_scale * np.array(way))


@pytest.mark.parametrize("way", [(0.3, 0.0, 0.0), (0.0, -0.3, 0.0), (0.0, 0.0, 0.3)])
def test_tool_turns_as_it_is_told_in_the_world(way):
    action = np.array([0, 0, 0, *way, 1])
    theirs, ours = motion(BY_TOOL, action, lambda world: turn_of(world.state.tool_rot_w[0]))
    check_alike(theirs, ours, N_STEPS * BY_TOOL.rotation_scale * np.array(way))


def turn_of(rotation):
    """Rotation vector from the tool pointing down as Panda's does at home."""
    down = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    vector = np.zeros(3)
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, (rotation @ down.T).ravel())
    mujoco.mju_quat2Vel(vector, quat, 1.0)
    return vector


@pytest.mark.parametrize(
    ("spec", "per_step"),
    [(JointPositionDelta(scale=0.06), 0.06), (JointVelocity(scale=1.0), 1.0 / CONTROL_HZ)],
)
def test_every_joint_goes_as_it_is_told(spec, per_step):
    action = 0.5 * np.array([1, -1, -1, 1, 1, -1, 1, 0])
    theirs, ours = motion(spec, action, lambda world: world.joints.pos[0].copy())
    for joint in range(7):
        check_alike(theirs[[joint]], ours[[joint]], N_STEPS * per_step * action[[joint]])


def check_alike(theirs, ours, told):
    """Robosuite's motion is along the command, of about its size, and of about the size of ours."""
    length, target = np.linalg.norm(theirs), np.linalg.norm(told)
    assert theirs @ told > 0.97 * length * target, f"told {told}, moved {theirs}"
    assert 0.4 * target < length < 1.2 * target, f"told {told}, moved {theirs}"
    assert 0.75 < length / np.linalg.norm(ours) < 1.33, f"here {ours}, in robosuite {theirs}"


@pytest.mark.parametrize("name", ROBOTS)
def test_one_opens_the_gripper_and_minus_one_closes_it(name):
    env = RobosuiteEnv(load_robot(name), load_task("lift"))
    env.reset(seed=0)
    action = np.zeros(env.action_signature.size)
    widths = []
    for command in (1.0, -1.0):
        action[-1] = command
        for _ in range(30):
            env.step(action)
        widths.append(env.state.gripper_width[0, 0])
    env.close()
    assert widths[0] > widths[1] + 0.01, widths  # some of robosuite's grippers are slow


@pytest.mark.parametrize(
    ("name", "opening"),
    [("panda", -0.4), ("panda", 0.1), ("panda", 0.5), ("ur5e", 0.1), ("ur5e", 0.5), ("sawyer", 1.0)],
)
def test_gripper_comes_to_the_width_that_was_asked_for(name, opening):
    env = RobosuiteEnv(load_robot(name), load_task("lift"))
    env.reset(seed=0)
    action = np.zeros(env.action_signature.size)
    action[-1] = opening
    widths = []
    for _ in range(40):
        env.step(action)
        widths.append(env.state.gripper_width[0, 0])
    env.close()
    spec, share = env.robot.gripper, (opening + 1) / 2
    wanted = spec.min_width + share * (spec.stroke + spec.bow * (1 - share))
    # robosuite's grippers move in steps of a tenth of their stroke.
    assert np.mean(widths[20:]) == pytest.approx(wanted, abs=0.05 * spec.stroke)


class AsCell:
    """Robosuite's one world as the scripted expert knows worlds."""

    n_worlds = 1

    def __init__(self, env):
        self.env, self.robot, self.task = env, env.robot, env.task
        self.handles = Handles.of(make_scene(env.robot, env.task))

    @property
    def state(self):
        return self.env.state

    @property
    def joints(self):
        return self.env.joints


@pytest.mark.parametrize("name", ["panda", "ur5e", "kinova3", "sawyer"])
def test_scripted_expert_lifts_there_too(name):
    robot = load_robot(name)
    env = RobosuiteEnv(robot, load_task("lift"), posture=robot.arm.home)
    for seed in range(2):
        env.reset(seed=seed)
        expert = ScriptedExpert(AsCell(env))
        for _ in range(env.horizon):
            env.step(expert.act()[0])
        assert env.task.success(env.state).all(), f"start {seed}"
    env.close()


def test_imperfect_sensors_are_imperfect_here_too(rng):
    late = SensorSpec(quantity="joint_pos", delay_s=2 / CONTROL_HZ)
    noisy = SensorSpec(quantity="tool_pos", frame="world", noise=0.01)
    env = RobosuiteEnv(replace(PANDA, sensors=(late, noisy)), load_task("lift"))
    place = env.observation_signature.slices
    seen = [env.reset(seed=1)[0]]
    true = [env.joints.pos[0].copy()]
    misses = []
    for _ in range(12):
        seen.append(env.step(rng.uniform(-1, 1, env.action_signature.size))[0])
        true.append(env.joints.pos[0].copy())
        misses.append(seen[-1][place["tool_pos"]] - env.state.tool_pos_w[0])
    delivered = np.array(seen)[:, place["joint_pos"]]
    np.testing.assert_allclose(delivered[2:], np.array(true)[:-2], atol=1e-6)
    assert 0.005 < np.std(misses) < 0.02
    np.testing.assert_array_equal(env.reset(seed=1)[0], seen[0])
    env.close()
