"""robosuite's rewards and success as ours compute them, and robosuite's environments behind our signature."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.envs.cell import CONTROL_HZ, Cell
from hacpo_robot.envs.expert import ScriptedExpert, limited
from hacpo_robot.envs.observation import Observer
from hacpo_robot.envs.reset import HOME_NOISE
from hacpo_robot.envs.robosuite import COUNTERPARTS, make_robosuite
from hacpo_robot.envs.robosuite_env import RobosuiteEnv
from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.action import CartesianDelta, JointPositionDelta, JointVelocity
from hacpo_robot.specs.rotation import upright_error
from hacpo_robot.specs.terms import pinched

N_STATES = 500
TOLERANCE = 1e-6
PANDA = load_robot("panda")
BY_TOOL = replace(PANDA, action=CartesianDelta(rotation="full"))
ROBOTS = [name for name in robot_names() if load_robot(name).robosuite_name is not None]


@pytest.fixture(params=list(COUNTERPARTS))
def task(request):
    return load_task(request.param)


def preset_reward(task, state):
    rewards = task.presets["robosuite"].rewards.values()
    return sum(term.weight * term.value(state) for term in rewards)


def check_branches(task, state, success):
    """Every case that the reward tells apart must have come up."""
    cases = {"success": success, "no success": ~success}
    if task.name == "open_door":
        turned = np.abs(state.fixture_joints[:, 1]) > 0.5
        cases |= {"turned": turned & ~success, "not turned": ~turned & ~success}
    else:
        lifted = state.object_pos_w[:, 0, 2] > 0.84
        cases |= {"grasped": pinched(state) & ~lifted, "free": ~pinched(state) & ~lifted, "lifted": lifted}
    missing = [name for name, seen in cases.items() if seen.sum() < 5]
    assert not missing, f"hardly any state shows: {', '.join(missing)}"


# -- rewards and success ---------------------------------------------------------------------------


class Follower:
    """Follows the task's script in a world that is moved by its tool."""

    def __init__(self, env):
        self.env, self.stage, self.elapsed = env, 0, 0

    def act(self):
        script, state, spec = self.env.task.script, self.env.state, self.env.robot.action
        now = script[self.stage]
        if self.elapsed >= now.min_steps and now.done(state)[0] and self.stage + 1 < len(script):
            self.stage, self.elapsed = self.stage + 1, 0
            now = script[self.stage]
        self.elapsed += 1
        move = limited(now.move(state), now.speed)[0] / spec.position_scale
        turn = upright_error(state.tool_rot_w) if now.turn is None else now.turn(state)
        return np.concatenate([move, turn[0] / spec.rotation_scale, [now.grip]])


def stack_states(states):
    fields = vars(states[0])
    return type(states[0])(**{name: np.concatenate([getattr(s, name) for s in states]) for name in fields})


def test_our_reward_of_robosuites_states_is_robosuites(task, rng):
    env = RobosuiteEnv(BY_TOOL, task)
    states, rewards, successes = [], [], []
    for episode in range(5):
        env.reset(seed=episode)
        follower = Follower(env)
        for step in range(N_STATES // 5):
            action = follower.act()
            if episode == 4:
                action = rng.uniform(-1.0, 1.0, action.shape)
            if task.name == "open_door" and step > 60:  # the latch turned, the door ajar and open
                hinge, latch = env.simulation.hinge_qpos_addr, env.simulation.handle_qpos_addr
                env.simulation.sim.data.qpos[[hinge, latch]] = rng.uniform((0.2, -1.5), (0.4, 1.5))
            _, reward, _, _, info = env.step(action)
            states.append(env.state)
            rewards.append(reward)
            successes.append(info["is_success"])
    env.close()
    state = stack_states(states)
    np.testing.assert_allclose(preset_reward(task, state), rewards, atol=TOLERANCE)
    np.testing.assert_array_equal(task.presets["robosuite"].success(state), successes)
    check_branches(task, state, np.array(successes))


def expert_states(task, n_worlds=10):
    """Positions of our worlds all along the script, and the task state of just these positions."""
    cell = Cell(make_scene(PANDA, task), HOME_NOISE, n_worlds, seed=5, n_threads=1)
    expert, qpos, mocap = ScriptedExpert(cell), [], []
    for _ in range(round(task.horizon_s * CONTROL_HZ)):
        cell.step(expert.act())
        qpos.append(cell.worlds.qpos.copy())
        mocap.append(cell.worlds.mocap.copy())
    chosen = np.random.default_rng(0).permutation(len(qpos) * n_worlds)[:N_STATES]
    qpos, mocap = np.concatenate(qpos)[chosen], np.concatenate(mocap)[chosen]
    still = Cell(make_scene(PANDA, task), HOME_NOISE, N_STATES, seed=5, n_threads=1)
    still.worlds.place(np.arange(N_STATES), qpos, mocap)
    still.reset(np.arange(0))  # reads the sensors of the placed positions
    return cell.scene.model, qpos, mocap, still.state


def put(theirs, task, ours, qpos, mocap):
    """Our positions in robosuite's simulation."""
    model, data = theirs.sim.model._model, theirs.sim.data._data
    names = COUNTERPARTS[task.name].props
    for index in range(ours.njnt):
        prefix, _, name = ours.joint(index).name.rpartition("/")
        there = {"robot/": "robot0_", "robot": "robot0_", "robot/gripper": "gripper0_right_"}.get(prefix)
        if there is None:
            there = f"{names[prefix]}_" if prefix else f"{names[name]}_"
            name = name if prefix else "joint0"
        width = 7 if ours.jnt_type[index] == mujoco.mjtJoint.mjJNT_FREE else 1
        mine, other = ours.jnt_qposadr[index], model.joint(there + name).qposadr[0]
        data.qpos[other : other + width] = qpos[mine : mine + width]
    for fixture in task.fixtures:
        body = model.body(f"{names[fixture.name]}_main").id
        pose = mocap[ours.body(fixture.name).mocapid[0]]
        model.body_pos[body], model.body_quat[body] = pose[:3], pose[3:]
    data.qvel[:] = 0.0
    theirs.sim.forward()


def resize(model, name, half_size):
    """Give a box our size; robosuite draws that of the cube to lift."""
    body = model.body(f"{name}_main")
    geoms = slice(body.geomadr[0], body.geomadr[0] + body.geomnum[0])
    model.geom_size[geoms] = model.geom_aabb[geoms, 3:] = half_size
    model.geom_rbound[geoms] = np.linalg.norm(half_size)


def test_robosuites_reward_of_our_states_is_ours(task):
    ours, qpos, mocap, state = expert_states(task)
    theirs = make_robosuite(PANDA, task, control_hz=CONTROL_HZ)
    theirs.reset()
    for box in task.boxes:
        resize(theirs.sim.model._model, COUNTERPARTS[task.name].props[box.name], box.half_size)
    rewards, successes = np.zeros(N_STATES), np.zeros(N_STATES, bool)
    for i in range(N_STATES):
        put(theirs, task, ours, qpos[i], mocap[i])
        rewards[i], successes[i] = theirs.reward(None), theirs._check_success()
    theirs.close()
    np.testing.assert_allclose(preset_reward(task, state), rewards, atol=TOLERANCE)
    np.testing.assert_array_equal(task.presets["robosuite"].success(state), successes)
    check_branches(task, state, successes)


def test_the_preset_is_a_task_like_any_other(task):
    other = task.with_preset("robosuite")
    assert other.rewards.keys() == task.presets["robosuite"].rewards.keys()
    assert other.success is task.presets["robosuite"].success
    with pytest.raises(UnknownNameError, match="robosuite"):
        task.with_preset("robosuit")


def test_the_door_is_robosuites():
    task = load_task("open_door")
    model = make_scene(PANDA, task).model
    theirs = make_robosuite(PANDA, task, control_hz=CONTROL_HZ)
    other = theirs.sim.model._model
    for name in ("hinge", "latch_joint"):
        one, two = model.joint(f"door/{name}"), other.joint(f"Door_{name}")
        for field in ("range", "damping", "frictionloss", "stiffness", "armature", "axis", "pos"):
            np.testing.assert_allclose(getattr(one, field), getattr(two, field), err_msg=f"{name} {field}")
    for name in ("frame", "door", "latch"):
        one, two = model.body(f"door/{name}"), other.body(f"Door_{name}")
        for field in ("mass", "inertia", "pos", "ipos"):
            np.testing.assert_allclose(getattr(one, field), getattr(two, field), err_msg=f"{name} {field}")
    theirs.close()


# -- robosuite's environment behind our signature --------------------------------------------------


@pytest.mark.parametrize(
    ("robot", "task"), [(name, "lift") for name in ROBOTS] + [("panda", name) for name in COUNTERPARTS]
)
def test_signature_is_ours(robot, task):
    robot, task = load_robot(robot), load_task(task)
    env = RobosuiteEnv(robot, task)
    cell = Cell(make_scene(robot, task), HOME_NOISE, 1, seed=0, n_threads=1)
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
    action = np.full(env.action_space.shape, 0.3)
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


def motion(robot, action, read):
    """What ten control steps of one action change in robosuite and here, from the same posture."""
    task = load_task("lift")
    env = RobosuiteEnv(robot, task)
    env.reset(seed=0)
    cell = Cell(make_scene(robot, task), HOME_NOISE, 1, seed=0, n_threads=1)
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
    theirs, ours = motion(BY_TOOL, np.array([*way, 0, 0, 0, 1]), lambda world: world.state.tool_pos_w[0])
    check_alike(theirs, ours, N_STEPS * BY_TOOL.action.position_scale * np.array(way))


@pytest.mark.parametrize("way", [(0.3, 0.0, 0.0), (0.0, -0.3, 0.0), (0.0, 0.0, 0.3)])
def test_tool_turns_as_it_is_told_in_the_world(way):
    action = np.array([0, 0, 0, *way, 1])
    theirs, ours = motion(BY_TOOL, action, lambda world: turn_of(world.state.tool_rot_w[0]))
    check_alike(theirs, ours, N_STEPS * BY_TOOL.action.rotation_scale * np.array(way))


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
    theirs, ours = motion(replace(PANDA, action=spec), action, lambda world: world.joints.pos[0].copy())
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
    action = np.zeros(env.action_space.shape)
    widths = []
    for command in (1.0, -1.0):
        action[-1] = command
        for _ in range(30):
            env.step(action)
        widths.append(env.state.gripper_width[0, 0])
    env.close()
    assert widths[0] > widths[1] + 0.01, widths  # some of robosuite's grippers are slow
