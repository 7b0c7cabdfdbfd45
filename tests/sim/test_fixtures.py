"""Fixtures of all kinds: what slides is told in metres."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.hub import world_signature
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.prop import FixtureProp, Region
from hacpo_robot.specs.sensor import SensorSpec
from hacpo_robot.specs.terms import Term

DRAWER = """
<mujoco>
  <worldbody>
    <body name="cabinet">
      <geom type="box" size="0.1 0.1 0.01"/>
      <body name="drawer" pos="0 0 0.06">
        <joint name="slide" type="slide" axis="1 0 0" range="0 0.15" limited="true"/>
        <geom name="front" type="box" size="0.01 0.08 0.03" mass="0.3"/>
        <site name="handle"/>
      </body>
    </body>
  </worldbody>
</mujoco>
"""
ROBOT = load_robot("ur5e")
ROBOT = replace(ROBOT, sensors=(*ROBOT.sensors, SensorSpec(quantity="object_joints")))


def cabinet(tmp_path, **values):
    (tmp_path / "drawer.xml").write_text(DRAWER)
    place = Region(x=(0.1, 0.1), y=(0.0, 0.0), z=(0.81, 0.81))
    drawer = FixtureProp(
        name="cabinet",
        mjcf=str(tmp_path / "drawer.xml"),
        body="cabinet",
        joints=("slide",),
        damping=(1.0,),
        friction=(0.1,),
        handle_site="handle",
        handle_geoms=("front",),
        start=place,
        **values,
    )

    def opened(state):
        return state.fixture_joints[..., 0] > 0.1

    still = {"success": Term(lambda state: opened(state).astype(float), 1.0)}
    return replace(load_task("reach"), props=(drawer,), goal=None, rewards=still, success=opened)


def test_a_drawer_is_sensed_in_metres(tmp_path):
    task = cabinet(tmp_path, slides=("slide",))
    env = make_vec_env(ROBOT, task, n_envs=1, n_threads=1)
    (field,) = [f for f in env.observation_signature.fields if "joints" in f.name and "cabinet" in f.name]
    (shared,) = [f for f in world_signature(task).fields if f.name == "fixture_joints"]
    assert (field.unit, shared.unit) == ("m", "m")
    assert (field.high, shared.high) == ((2.0,), (2.0,))
    scene = env.cell.scene
    qpos = env.cell.worlds.qpos.copy()
    qpos[0, scene.model.joint("cabinet/slide").qposadr[0]] = 0.07
    env.cell.worlds.place(np.arange(1), qpos, env.cell.worlds.mocap.copy())
    env.cell._read()
    assert env.cell.state.fixture_joints[0, 0] == pytest.approx(0.07)


def test_a_joint_of_another_kind_than_its_file_says_is_refused(tmp_path):
    with pytest.raises(InvalidSpecError, match=r"fixture 'cabinet': joint 'slide' is prismatic in .*drawer"):
        make_scene(ROBOT, cabinet(tmp_path))
    with pytest.raises(InvalidSpecError, match="slides lid are not among the joints"):
        cabinet(tmp_path, slides=("lid",))
