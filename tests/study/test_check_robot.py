"""The robot lint: silent on a sound robot, and one sentence on each thing that can be wrong with a file."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hacpo_robot.catalog import load_robot, robot_names
from hacpo_robot.study.check_robot import check_robot

PANDA = load_robot("panda")


def faults(robot):
    return {finding.check: finding.fault for finding in check_robot(robot) if finding.fault}


def changed(part, **values):
    return replace(PANDA, **{part: replace(getattr(PANDA, part), **values)})


@pytest.mark.parametrize("name", robot_names())
def test_every_robot_of_the_catalogue_is_sound(name):
    assert faults(load_robot(name)) == {}


HOME = PANDA.arm.home
WRONG = {
    "no such hand": (changed("arm", hand_body="hand"), "model compiles", "no body 'hand'"),
    "no such joint": (
        changed("arm", joints=("joint0", *PANDA.arm.joints[1:])),
        "model compiles",
        "no motor drives joint0",
    ),
    "no such pad": (changed("gripper", left_pads=("pad",)), "model compiles", "pad"),
    "home beyond a limit": (
        changed("arm", home=(3.0, *HOME[1:])),
        "home inside the joint limits",
        "home of joint1 is 3, outside [-2.8973, 2.8973]",
    ),
    "folded into itself": (
        changed("arm", home=(0.0, -1.76, 0.0, -3.07, 0.0, 0.0, 0.0)),
        "home free of collisions",
        "collide at home",
    ),
    "tilted at home": (
        changed("arm", home=(*HOME[:5], HOME[5] - 0.5, HOME[6])),
        "tool upright over the table at home",
        "the tool is tilted by 0.",
    ),
    "turned away from the table": (
        changed("arm", home=(2.0, *HOME[1:])),
        "tool upright over the table at home",
        "not over the table",
    ),
    "gripper without force": (
        changed("gripper", force=1e-3),
        "gripper opens and closes",
        "commanded open it stands at 100% of its stroke, commanded closed at",
    ),
    "too far from the table": (
        changed("arm", base_pos=(-1.1, 0.0, 0.912)),
        "expert reaches 8 points of the table",
        "not reached within 0.02 m: (-0.12, -0.15, 0.85)",
    ),
}


@pytest.mark.parametrize(("robot", "check", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(robot, check, words):
    assert words in faults(robot)[check]


def test_a_file_is_checked_from_the_command_line(tmp_path):
    file = tmp_path / "crooked.py"
    file.write_text(
        "from dataclasses import replace\n"
        "from hacpo_robot.catalog import load_robot\n"
        "panda = load_robot('panda')\n"
        "ROBOT = replace(panda, name='crooked', arm=replace(panda.arm, home=(3.0, *panda.arm.home[1:])))\n"
    )
    command = [str(Path(sys.executable).parent / "hacpo-robot"), "check", "robot", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "mend  home inside the joint limits" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("crooked: ")
