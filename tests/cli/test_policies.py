"""Verbs on what training left: evaluate, export, play, check."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from hacpo_robot.errors import DatasetError, ExportError, StudyError, VideoError
from hacpo_robot.study.judge import judge


def test_evaluate_and_play_agree_on_the_same_seeds(call, finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run", symlinks=True)
    code, evaluated, _ = call("evaluate", "run", "--episodes", "3")
    assert code == 0
    code, played, _ = call("play", run / "exported" / "ur5e" / "policy.onnx", "--episodes", "3")
    assert code == 0
    assert re.search(r"(\d) of 3", evaluated)[1] == re.search(r"(\d) of 3", played)[1]
    place = Path(evaluated.splitlines()[-1])
    assert re.fullmatch(r"step_\d{12}_episodes_3\.json", place.name)
    document = json.loads((tmp_path / place).read_text())
    assert document["overall"]["n_episodes"] == 3
    assert len(document["per_robot"]["ur5e"]["failed_episodes"]) == 3 - document["overall"]["n_success"]
    ends = [(folder / "eval" / "eval_info.json").read_bytes() for folder in (finished, run)]
    assert ends[0] == ends[1], "what training ended with stays"


def test_evaluate_in_another_way_writes_beside_the_usual_evaluation(call, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run", symlinks=True)
    for options in ([], ["--noise", "0.1"], ["--seed", "7"], ["--randomization", "wide"]):
        code, _, stderr = call("evaluate", "run", "--episodes", "2", *options)
        assert code == 0, stderr
    found = {f.stem[17:]: json.loads(f.read_text()) for f in (tmp_path / "run" / "eval").glob("step_*")}
    expected = {"": (0, "none", 0.0), "_noise_0.1": (0, "none", 0.1), "_seed_7": (7, "none", 0.0)}
    expected["_wide"] = (0, "wide", 0.0)
    assert {name: tuple(each["conditions"].values()) for name, each in found.items()} == expected
    assert len({each["overall"]["avg_sum_reward"] for each in found.values()}) == 4


def test_export_takes_a_checkpoint_an_interface_and_no_episodes(call, finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run", symlinks=True)
    options = "--checkpoint best --robots ur5e --inputs sensors --low-pass 5 --episodes 0"
    code, stdout, stderr = call("export", "run", *options.split())
    assert code == 0, stderr
    assert re.fullmatch(r"run/exported/ur5e/policy.onnx  parity \S+  in \S+ s\n", stdout)
    document = json.loads((run / "exported" / "ur5e" / "policy.json").read_text())
    assert (document["inputs"], document["control"]["low_pass_hz"]) == ("sensors", 5.0)
    assert (document["evaluation"], document["parity"]["closed_loop"]) == (None, None)
    code, stdout, _ = call("check", "policy", run / "exported" / "ur5e" / "policy.onnx")
    assert (code, stdout.splitlines()[-1].split(": ")[1]) == (0, "ready to leave")
    assert call("play", run / "exported" / "ur5e" / "policy.onnx", "--episodes", "2")[0] == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--checkpoint 7", r"no checkpoint '7' in run/checkpoints; valid: last, best, \d+"),
        ("--robots panda", "unknown robot of this run 'panda'; valid: ur5e"),
        ("--inputs joints", "inputs must be obs or sensors, not 'joints'"),
        ("--low-pass 0", "low_pass_hz must be positive and finite, not 0.0"),
        ("--episodes -1", "episodes must not be negative, but is -1"),
    ],
)
def test_an_export_that_cannot_be_is_refused_in_one_sentence(call, finished, tmp_path, options, sentence):
    shutil.copytree(finished, tmp_path / "run", symlinks=True)
    code, _, stderr = call("export", "run", *options.split())
    assert code == 2
    assert re.fullmatch(f"hacpo-robot: .*{sentence}.*\n", stderr), stderr


def test_check_of_a_cut_policy_file_ends_with_exit_code_one(call, finished, tmp_path):
    whole = (finished / "exported" / "ur5e" / "policy.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    code, stdout, stderr = call("check", "policy", "cut.onnx")
    assert (code, stderr) == (1, "")
    assert stdout.startswith("mend  loads")
    assert stdout.endswith("cut.onnx: 1 to mend\n")


def test_an_export_beside_the_run_leaves_the_runs_own_as_it_is(call, finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run", symlinks=True)
    own = (run / "exported" / "ur5e" / "policy.onnx").read_bytes()
    code, stdout, stderr = call("export", "run", "--low-pass", "5", "--episodes", "0", "--output", "smooth")
    assert code == 0, stderr
    assert stdout.startswith("smooth/ur5e/policy.onnx  parity ")
    assert (
        json.loads((tmp_path / "smooth" / "ur5e" / "policy.json").read_text())["control"]["low_pass_hz"]
        == 5.0
    )
    assert (run / "exported" / "ur5e" / "policy.onnx").read_bytes() == own


def test_some_robots_are_evaluated_alone_and_more_episodes_replace_nothing(call, pair, tmp_path):
    shutil.copytree(pair, tmp_path / "run", symlinks=True)
    for options in ([], ["--episodes", "3"], ["--robots", "scara"], ["--robots", "scara", "ur5e"]):
        assert call("evaluate", "run", *options)[0] == 0
    files = sorted((tmp_path / "run" / "eval").glob("step_*"))
    found = {path.stem[17:]: list(json.loads(path.read_text())["per_robot"]) for path in files}
    assert found == {"": ["ur5e", "scara"], "_episodes_3": ["ur5e", "scara"], "_scara": ["scara"]}
    code, _, stderr = call("evaluate", "run", "--robots", "panda")
    assert (code, stderr) == (2, "hacpo-robot: unknown robot of this run 'panda'; valid: scara, ur5e\n")


def test_videos_of_an_evaluation_have_a_folder_of_their_own_and_a_failure_to_draw_is_one(
    call, finished, tmp_path, monkeypatch
):
    shutil.copytree(finished, tmp_path / "run", symlinks=True)
    asked = []

    def no_screen(rows, folder, filming):
        asked.append((folder.name, [[clip.episode for clip in row] for row in rows], filming.failures_first))
        return "no video, as drawing failed"

    monkeypatch.setattr("hacpo_robot.cli.filming.make_videos", no_screen)
    options = ["--episodes", "5", "--video", "--video-episodes", "3", "--video-failures", "--noise", "0.1"]
    code, stdout, stderr = call("evaluate", "run", *options)
    assert (code, stderr) == (1, "hacpo-robot: no video, as drawing failed\n")
    assert "drawing videos" in stdout
    ((name, episodes, failures_first),) = asked
    assert re.fullmatch(r"step_\d{12}_episodes_5_noise_0\.1", name)
    assert (episodes, failures_first) == ([[0], [1], [2]], True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--seed -1", "seed must not be negative, but is -1"),
        ("--noise -1", "noise must be a number from 0 on, not -1"),
        ("--noise 0.1 --backend both", "--noise and --randomization are of our own physics"),
    ],
)
def test_a_play_that_cannot_be_is_refused_in_one_sentence(call, finished, options, sentence):
    code, _, stderr = call("play", finished / "exported" / "ur5e" / "policy.onnx", *options.split())
    assert code == 2
    assert re.fullmatch(f"hacpo-robot: {sentence}.*\n", stderr), stderr


def test_play_judges_the_file_under_the_conditions_asked_for(call, finished, monkeypatch):
    policy = finished / "exported" / "ur5e" / "policy.onnx"
    fields = json.loads(policy.with_name("policy.json").read_text())["observations"]
    observation = np.zeros((1, sum(field["size"] for field in fields)), np.float32)
    asked = []

    def judged(robot, task, act, n_episodes, seed, filming, randomization):
        spread = np.std([act(observation)[0, 0] for _ in range(200)])
        asked.append((n_episodes, seed, filming.n_episodes, randomization, bool(spread > 0.02)))
        return judge(robot, task, act, n_episodes, seed, filming, randomization)

    monkeypatch.setattr("hacpo_robot.cli.play.judge", judged)
    varied = "--episodes 2 --seed 5 --randomization wide --noise 0.1"
    for options in ("--episodes 4 --video-episodes 3", varied):
        code, _, stderr = call("play", policy, *options.split())
        assert code == 0, stderr
    assert asked == [(4, 0, 3, "none", False), (2, 5, 2, "wide", True)]


@pytest.mark.parametrize(
    ("error", "code"),
    [(StudyError("x"), 1), (ExportError("x"), 1), (VideoError("x"), 1), (DatasetError("x"), 2)],
)
def test_work_that_fails_ends_otherwise_than_wrong_input(call, monkeypatch, error, code):
    def fail(_arguments):
        raise error

    monkeypatch.setattr("hacpo_robot.cli.list.run", fail)
    assert call("list") == (code, "", "hacpo-robot: x\n")


def test_a_damaged_run_is_told_in_one_sentence(call, finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run", symlinks=True)
    (run / "run.json").write_text('{"version"')
    code, _, stderr = call("evaluate", "run")
    assert code == 2
    assert re.fullmatch(r"hacpo-robot: run/run\.json cannot be read: .*\n", stderr)
