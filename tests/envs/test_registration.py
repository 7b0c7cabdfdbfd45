"""Every possible pair of robot and task has a Gymnasium id, and knowing the ids costs little."""

import subprocess
import sys
from dataclasses import replace

import gymnasium
import pytest

import hacpo_robot
from hacpo_robot.catalog import load_robot, load_task, possible_pairs, robot_names, task_names
from hacpo_robot.envs.registration import NAMESPACE, env_id
from hacpo_robot.errors import InvalidSpecError

PAIRS = possible_pairs()
IDS = {pair: env_id(load_robot(pair[0]), pair[1]) for pair in PAIRS}


def test_every_possible_pair_has_an_id_and_no_other():
    registered = {name for name in gymnasium.registry if name.startswith(f"{NAMESPACE}/")}
    assert registered == set(IDS.values())
    assert len(registered) == len(PAIRS), "two pairs share an id"


def test_possible_pairs_leave_out_what_a_body_cannot_do():
    for robot in robot_names():
        for task in task_names():
            refused = set(load_task(task).needs) & set(load_robot(robot).unable)
            assert ((robot, task) in PAIRS) == (not refused)


@pytest.mark.parametrize(("pair", "name"), IDS.items(), ids=IDS.values())
def test_an_id_names_its_robot_and_task(pair, name):
    task, robot, version = name.removeprefix(f"{NAMESPACE}/").split("-")
    assert [part.lower() for part in (robot, task)] == [part.replace("_", "") for part in pair]
    assert version == "v0"
    kwargs = gymnasium.spec(name).kwargs
    assert (kwargs["robot"], kwargs["task"]) == pair


@pytest.mark.parametrize(
    ("name", "robosuite_name", "task", "expected"),
    [
        ("ur5e", "UR5e", "lift", "Lift-UR5e"),
        ("iiwa", "IIWA", "pick_place", "PickPlace-IIWA"),
        ("wx250", None, "open_door", "OpenDoor-WX250"),
        ("scara", None, "reach", "Reach-Scara"),
        ("panda_blind", "Panda", "lift", "Lift-PandaBlind"),
    ],
)
def test_how_ids_are_spelled(name, robosuite_name, task, expected):
    robot = replace(load_robot("panda"), name=name, robosuite_name=robosuite_name)
    assert env_id(robot, task) == f"hacpo_robot/{expected}-v0"


@pytest.mark.parametrize("imports", ["hacpo_robot, gymnasium", "gymnasium, hacpo_robot"])
def test_ids_are_known_without_loading_simulator_or_torch(imports):
    code = (
        f"import sys, {imports}; gymnasium.spec('hacpo_robot/Lift-Panda-v0');"
        "heavy = {'torch', 'mujoco', 'robosuite', 'stable_baselines3', 'cv2'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_an_id_may_name_the_package_to_import():
    code = "import gymnasium; gymnasium.make('hacpo_robot:hacpo_robot/Reach-Panda-v0').reset()"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_package_that_cannot_be_loaded_is_left_out_and_stops_nothing(monkeypatch, caplog):
    plugs = {"robots": {"broken": "no_such_package.robot"}, "tasks": {}}
    monkeypatch.setattr("hacpo_robot.catalog._plugs", plugs.get)
    with pytest.raises(InvalidSpecError, match=r"robot 'broken' in no_such_package.robot cannot be run"):
        possible_pairs()
    monkeypatch.delitem(gymnasium.registry, "hacpo_robot/Lift-Panda-v0")
    hacpo_robot.register_envs()
    assert "hacpo_robot/Lift-Panda-v0" in gymnasium.registry
    assert "robot 'broken' in no_such_package.robot cannot be run" in caplog.text
