"""Our twins of robosuite's rewards and success tests, state by state, and of its door."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.expert import ScriptedExpert, limited
from hacpo_robot.envs.reset import HOME_NOISE
from hacpo_robot.envs.robosuite import COUNTERPARTS, make_robosuite
from hacpo_robot.envs.robosuite_env import RobosuiteEnv
from hacpo_robot.envs.workcell import CONTROL_HZ, Workcell
from hacpo_robot.errors import UnknownNameError
from hacpo_robot.sim.robosuite_readout import RobosuiteReadout
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.action import CartesianDelta
from hacpo_robot.specs.rotation import upright_error
from hacpo_robot.specs.terms import pinched

N_STATES = 500
TOLERANCE = 1e-6
PANDA = load_robot("panda")
BY_TOOL = replace(PANDA, action=CartesianDelta(rotation="full"))


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
    cell = Workcell(make_scene(PANDA, task), HOME_NOISE, n_worlds, seed=5, n_threads=1)
    expert, qpos, mocap = ScriptedExpert(cell), [], []
    for _ in range(round(task.horizon_s * CONTROL_HZ)):
        cell.step(expert.act())
        qpos.append(cell.worlds.qpos.copy())
        mocap.append(cell.worlds.mocap.copy())
    chosen = np.random.default_rng(0).permutation(len(qpos) * n_worlds)[:N_STATES]
    qpos, mocap = np.concatenate(qpos)[chosen], np.concatenate(mocap)[chosen]
    still = Workcell(make_scene(PANDA, task), HOME_NOISE, N_STATES, seed=5, n_threads=1)
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


def test_readout_of_our_positions_is_our_state(task):
    ours, qpos, mocap, state = expert_states(task)
    theirs = make_robosuite(PANDA, task, control_hz=CONTROL_HZ)
    theirs.reset()
    names, sim = COUNTERPARTS[task.name].props, theirs.sim
    for box in task.boxes:
        resize(sim.model._model, names[box.name], box.half_size)
    readout = RobosuiteReadout(sim.model._model, sim.data._data, PANDA, task, names)
    fields = [name for name in vars(state) if not name.endswith("vel_w")]  # put at rest in both
    for i in range(0, N_STATES, 10):
        put(theirs, task, ours, qpos[i], mocap[i])
        read, _ = readout.read(state.gripper_width[[i]], state.gripper_command[[i]])
        for name in fields:
            mine, other = getattr(state, name)[i], getattr(read, name)[0]
            np.testing.assert_allclose(other, mine, atol=TOLERANCE, err_msg=name)
    theirs.close()


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
