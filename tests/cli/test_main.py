"""The command line: wrong input gets one sentence, exit code 2, and writes nothing."""

import re
import shutil
import subprocess
import sys

import pytest

from hacpo_robot.catalog import robot_names, task_names
from hacpo_robot.cli.main import VERBS
from hacpo_robot.study.plan import plan_names
from hacpo_robot.study.presets import preset_names

WRONG = {
    "verb": (
        ["trainn"],
        r"unknown verb 'trainn' \(did you mean 'train'\?\); valid: " + ", ".join(sorted(VERBS)),
    ),
    "robot": (["train", "--robots", "pand"], r"unknown robot 'pand' .*valid: " + ", ".join(robot_names())),
    "task": (["train", "--task", "fly"], "unknown task 'fly'; valid: " + ", ".join(task_names())),
    "pair": (["train", "--robots", "scara", "--task", "open_door"], "'scara' cannot do task 'open_door': "),
    "preset": (["train", "--preset", "x"], "unknown preset 'x'; valid: " + ", ".join(preset_names())),
    "kind": (["list", "arms"], "unknown kind 'arms'; valid: presets, robots, studies, tasks"),
    "run to evaluate": (["evaluate", "nowhere"], "nowhere is no run folder"),
    "noise": (["evaluate", "nowhere", "--noise", "-1"], "noise must be a number from 0 on, not -1"),
    "no noise": (["evaluate", "nowhere", "--noise", "nan"], "noise must be a number from 0 on, not nan"),
    "run to export": (["export", "nowhere"], "nowhere is no run folder"),
    "run to resume": (["train", "--resume", "nowhere"], "nowhere is no run folder"),
    "policy": (["play", "nowhere.onnx"], "no such file"),
    "episodes": (["play", "x.onnx", "--episodes", "0"], "episodes must be positive, not 0"),
    "study": (["study", "suit"], r"unknown study 'suit' \(did you mean 'suite'\?\); valid: ablations, "),
    "seeds": (["study", "sharing", "--seeds", "0"], "--seeds and --workers must be positive"),
    "workers": (["study", "sharing", "--workers", "0"], "--seeds and --workers must be positive"),
    "cell": (["study", "sharing", "--only", "hacpo-9"], "unknown cell 'hacpo-9' .*valid: hacpo-0, hacpo-1"),
    "cell of many": (
        ["study", "suite", "--only", "lift-hacpo-3"],
        r"\(did you mean 'lift-\w+-hacpo-3'\?\); valid: .*lift-short-hacpo-3.* and 187 more",
    ),
    "results": (["report", "nowhere"], "nowhere holds no results of a study"),
    "robot to measure": (["bench", "--robots", "r2d2"], "unknown robot 'r2d2'; valid: "),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_input_gets_one_sentence_and_writes_nothing(call, tmp_path, arguments, sentence):
    code, _, stderr = call(*arguments)
    assert code == 2
    assert re.fullmatch(f"hacpo-robot: .*{sentence}.*\n", stderr), stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--steps", "-5", "steps must be positive, not -5"),
        ("--eval-episodes", "0", "eval_episodes must be positive, not 0"),
        ("--ppo.n-envs", "0", "n_envs must be positive, not 0"),
        ("--ppo.gamma", "1.5", "gamma must be from 0 to 1, not 1.5"),
        ("--hacpo.top-fraction", "2", "top_fraction must be from 0 to 1, not 2.0"),
        ("--hacpo.pace.ripe", "nan", "ripe must be from 0 to 1, not nan"),
        ("--hacpo.kl-budget", "-1", "kl_budget must not be negative, not -1.0"),
        ("--hacpo.schema.babble-steps", "0", "babble_steps must be positive, not 0"),
        ("--sharing", "everything", "hacpo"),
        ("--randomization", "lots", "mild"),
        ("--stepz", "5", "--steps"),
    ],
)
def test_wrong_settings_name_what_is_valid_and_write_nothing(call, tmp_path, option, value, sentence):
    code, _, stderr = call("train", option, value)
    assert code == 2
    assert sentence in stderr
    assert "Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_gets_one_sentence(call, tmp_path):
    (tmp_path / "thesis.tex").touch()
    code, _, stderr = call("train", "--run-dir", "thesis.tex/x")
    assert (code, stderr) == (2, "hacpo-robot: [Errno 20] Not a directory: 'thesis.tex/x'\n")


@pytest.mark.parametrize("option", ["--run-dir", "--preset"])
def test_what_is_for_new_runs_is_refused_on_resuming(call, option):
    code, _, stderr = call("train", "--resume", "x", option, "lift")
    assert (code, stderr.count("\n")) == (2, 1)
    assert "--run-dir and --preset are for new runs" in stderr


def test_an_existing_run_folder_is_left_alone(call, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").touch()
    code, _, stderr = call("train", "--run-dir", "run")
    assert (code, stderr.count("\n")) == (2, 1)
    assert "run folder run exists; choose another --run-dir, or go on with --resume run" in stderr
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.tex"]


def test_an_existing_study_is_only_gone_on_with_when_asked(call, tmp_path):
    (tmp_path / "runs" / "sharing").mkdir(parents=True)
    code, _, stderr = call("study", "sharing")
    assert (code, stderr.count("\n")) == (2, 1)
    assert "runs/sharing exists; go on with --resume, or choose another --study-dir" in stderr
    assert list((tmp_path / "runs" / "sharing").iterdir()) == []


def test_results_of_nothing_yet_can_be_collected_and_reported(call, tmp_path):
    code, stdout, _ = call("study", "sharing", "--collect", "--results", "results")
    assert code == 0
    assert stdout.endswith("page: hacpo-robot report results\n")
    assert call("report", "results")[0] == 0
    assert "0 of 12 runs have finished" in (tmp_path / "RESULTS.md").read_text()


@pytest.mark.parametrize("verb", [["evaluate"], ["export"], ["train", "--resume"]], ids=" ".join)
def test_a_run_whose_checkpoints_are_all_damaged_is_refused(call, finished, tmp_path, verb):
    shutil.copytree(finished, tmp_path / "run", symlinks=True)
    for policy in tmp_path.glob("run/checkpoints/step_*/ur5e/policy.zip"):
        policy.write_bytes(policy.read_bytes()[:100])
    before = sorted(tmp_path.rglob("*"))
    code, _, stderr = call(*verb, "run")
    assert code == 2
    assert re.search(r"^hacpo-robot: no usable checkpoint in run/checkpoints \(\d passed over", stderr, re.M)
    assert "Traceback" not in stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_a_cut_policy_file_is_refused(call, finished, tmp_path):
    whole = (finished / "exported" / "ur5e" / "policy.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    code, _, stderr = call("play", "cut.onnx")
    assert (code, stderr.count("\n")) == (2, 1)
    assert "cut short" in stderr


def test_a_policy_on_a_task_that_it_does_not_fit_is_refused(call, finished):
    code, _, stderr = call("play", finished / "exported" / "ur5e" / "policy.onnx", "--task", "reach")
    assert (code, stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(("robot", "sentence"), [("scara", "no counterpart"), ("panda", "the policy reads")])
def test_a_policy_that_robosuite_cannot_run_is_refused(call, finished, robot, sentence):
    policy = finished / "exported" / "ur5e" / "policy.onnx"
    code, _, stderr = call("play", policy, "--robot", robot, "--backend", "robosuite")
    assert (code, stderr.count("\n")) == (2, 1)
    assert sentence in stderr


def test_a_run_is_not_resumed_with_another_kind_of_sharing(call, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run", symlinks=True)
    code, _, stderr = call("train", "--resume", "run", "--sharing", "self", "--steps", "64")
    assert (code, stderr.count("\n")) == (2, 1)


def test_a_run_with_settings_that_are_no_yaml_is_refused(call, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run", symlinks=True)
    (tmp_path / "run" / "config.yaml").write_text("robots: [panda")
    code, _, stderr = call("evaluate", "run")
    assert (code, stderr.count("\n")) == (2, 1)


def test_list_prints_every_name(call):
    code, stdout, _ = call("list")
    assert code == 0
    words = stdout.split()
    for name in (*robot_names(), *task_names(), *preset_names()):
        assert name in words


@pytest.mark.parametrize("kind", ["robots", "tasks", "presets", "studies"])
def test_list_of_one_kind_prints_a_line_each(call, kind):
    names = {
        "robots": robot_names(),
        "tasks": task_names(),
        "presets": preset_names(),
        "studies": plan_names(),
    }[kind]
    code, stdout, _ = call("list", kind)
    assert (code, [line.split()[0] for line in stdout.splitlines()]) == (0, list(names))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(call, verb):
    code, stdout, _ = call(verb, "-h")
    assert code == 0
    assert f"hacpo-robot {verb}" in stdout


def test_no_verb_prints_the_usage(call):
    assert call()[0] == 2
    code, stdout, _ = call("--help")
    assert code == 0
    assert all(verb in stdout for verb in VERBS)


def test_a_reader_that_goes_away_is_no_error():
    for argument in ("--help", "list"):
        command = [sys.executable, "-m", "hacpo_robot", argument]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""


def test_train_from_the_console_writes_a_run_and_its_table(tmp_path):
    options = "--robots ur5e --steps 32 --sharing none --eval-episodes 2 --no-video --run-dir run"
    small = "--ppo.n-envs 4 --ppo.n-steps 8 --ppo.batch-size 32 --ppo.n-epochs 1 --ppo.net-arch 8"
    program = "from hacpo_robot.cli.main import main; main()"
    command = [sys.executable, "-c", program, "train", *options.split(), *small.split()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ur5e +\d+ % ", done.stdout, re.M)
    assert done.stdout.endswith("run folder: run\n")
    assert (tmp_path / "run" / "exported" / "ur5e" / "policy.onnx").is_file()
