"""A task may change its numbers in mid-training; nothing else notices."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.learning.learner import make_learner
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.specs.prop import Region
from hacpo_robot.specs.randomization import LEVELS
from hacpo_robot.specs.sensor import SensorSpec
from hacpo_robot.specs.training import PPOSettings, SharingSettings

LIFT = load_task("lift")
(CUBE,) = LIFT.boxes
FAR = Region(x=(0.05, 0.09), y=(0.05, 0.09), z=CUBE.start.z, yaw=CUBE.start.yaw)
HEAVY = replace(LIFT, props=(replace(CUBE, density=4000.0, start=FAR),), horizon_s=2.0)


def stepped(task, rng, n=10, **settings):
    env = make_vec_env(load_robot("panda"), task, n_envs=4, seed=1, n_threads=1, **settings)
    env.reset()
    for _ in range(n):
        env.step(rng.uniform(-1, 1, (4, env.action_space.shape[0])))
    return env


def test_a_changed_task_goes_on_as_if_it_had_always_been_so(rng):
    changed, always = stepped(LIFT, rng), stepped(HEAVY, rng)
    always.set_state(changed.get_state())
    changed.change_task(HEAVY)
    for _ in range(20):
        action = rng.uniform(-1, 1, (4, changed.action_space.shape[0]))
        for one, other in zip(changed.step(action)[:3], always.step(action)[:3], strict=True):
            np.testing.assert_array_equal(one, other)


def test_episodes_start_and_end_as_the_new_task_says(rng):
    env = stepped(LIFT, rng)
    env.change_task(HEAVY)
    ended = np.zeros(4, bool)
    for _ in range(40):
        ended |= env.step(np.zeros((4, env.action_space.shape[0])))[2]
    assert ended.all()  # after 2 s, in place of 5
    env.reset()
    assert (env.cell.state.object_pos_w[:, 0, :2] > 0.04).all()


def test_varied_worlds_keep_their_factors(rng):
    env = stepped(LIFT, rng, randomization=LEVELS["mild"])
    body = env.cell.scene.model.body("cube").id

    def masses():
        return np.array([model.body_mass[body] for model in env.cell.variation.family.models])

    before = masses()
    assert len(np.unique(before)) == 4
    env.change_task(HEAVY)
    np.testing.assert_allclose(masses(), 4 * before, rtol=1e-12)
    after = masses()
    env.set_state(env.get_state())
    np.testing.assert_array_equal(masses(), after)


GOAL = replace(LIFT, goal=Region(x=(0, 0.1), y=(0, 0.1), z=(1.0, 1.1)))
RENAMED = replace(LIFT, props=(replace(CUBE, name="brick"),))


@pytest.mark.parametrize("task", [load_task("push"), load_task("stack"), GOAL, RENAMED], ids=lambda t: t.name)
def test_another_task_is_refused_and_nothing_changes(task):
    blind = replace(load_robot("panda"), sensors=(SensorSpec(quantity="joint_pos"),))
    env = make_vec_env(blind, LIFT, n_envs=2, seed=1, n_threads=1)
    with pytest.raises(InvalidSpecError, match="with other numbers"):
        env.change_task(task)
    assert env.task is LIFT
    env.reset()


def test_a_learner_meets_the_new_task_wherever_it_acts():
    env, rehearsal_env = (make_vec_env(load_robot("panda"), LIFT, n_envs=2) for _ in range(2))
    exchange = Exchange("hacpo", SharingSettings())
    learner = make_learner("panda", env, PPOSettings(batch_size=64), 0, exchange, rehearsal_env)
    learner.change_task(HEAVY)
    assert env.task == rehearsal_env.task == HEAVY
