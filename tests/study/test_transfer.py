"""The headline: what one arm can do, others learn from its steps alone."""

from functools import cache

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.sharing.translation import translate
from hacpo_robot.sim.instruments import GRIPPER
from hacpo_robot.specs.training import SchemaSettings
from hacpo_robot.study.transfer import calibrate_alone, demonstrate, read

SETTINGS = SchemaSettings(babble_steps=50_000, fit_steps=4000, batch_size=512, learning_rate=2e-3)


@cache
def steps():
    return demonstrate("ur5e", "lift", n_episodes=64)


def test_joints_and_tool_of_a_translated_episode_agree():
    """The arm senses both; what it could not sense at once is no episode of its own."""
    settings = SchemaSettings(babble_steps=20_000, fit_steps=1000)
    schema, _ = calibrate_alone("ar4", "lift", settings)
    env = make_vec_env(load_robot("ar4"), load_task("lift"), n_envs=1, n_threads=1)
    told = demonstrate("ur5e", "lift", n_episodes=8)
    senses = env.observation_signature.split(translate(told, schema, env).observation)
    model, handles = env.cell.scene.model, env.cell.handles
    data = mujoco.MjData(model)
    tool = data.site(GRIPPER + env.cell.robot.gripper.tool_site)
    apart = []
    for joints, told_pos in zip(senses["joint_pos"], senses["tool_pos"], strict=True):
        data.qpos[handles.arm_qpos] = joints
        mujoco.mj_kinematics(model, data)
        apart.append(np.linalg.norm(tool.xpos - told_pos))
    env.close()
    assert np.sqrt(np.mean(np.square(apart))) < 0.015  # without R 0.1


@pytest.mark.slow
@pytest.mark.parametrize("robot", ["panda", "kinova3"])
def test_arms_lift_after_reading_the_translated_episodes_of_another(robot):
    result = read(steps(), robot, "lift", SETTINGS, n_episodes=64)
    assert result.quality.ready(SETTINGS)
    assert result.success_once >= 75, result
