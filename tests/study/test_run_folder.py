"""Where a run lies, and what it was told."""

import json
import shlex
import shutil
from dataclasses import asdict, replace

import pytest
import yaml

from hacpo_robot.catalog import load_robot
from hacpo_robot.errors import InvalidSpecError, RunFolderError, UnknownNameError
from hacpo_robot.learning.evaluation import HELD_OUT
from hacpo_robot.paths import asset
from hacpo_robot.specs.training import SEEDS, PPOSettings, TrainSettings, settings_from_dict
from hacpo_robot.study.presets import load_preset, preset_names
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.train import SEED_STRIDE


def test_run_folder_refuses_a_path_that_exists_and_writes_nothing(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(RunFolderError, match=r"exists; choose another --run-dir, or go on with --resume"):
        RunFolder.create(tmp_path, TrainSettings())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("missing", ["run.json", "config.yaml"])
def test_a_folder_that_is_no_run_is_refused(tmp_path, missing):
    run = RunFolder.create(tmp_path / "run", TrainSettings())
    (run.path / missing).unlink()
    with pytest.raises(RunFolderError, match=r"is no run folder: it has no run\.json and config\.yaml"):
        RunFolder.open(run.path)


def test_a_run_that_goes_on_elsewhere_says_so(tmp_path, monkeypatch):
    commits = iter(["one", "one", "two", "two", "one"])
    monkeypatch.setattr("hacpo_robot.study.run_folder.current_commit", lambda: next(commits))
    run = RunFolder.create(tmp_path / "run", TrainSettings())
    assert run.commits == ("one",)
    for known in (("one",), ("one", "two"), ("one", "two"), ("one", "two")):
        run.note_resumption()
        assert run.commits == known
    assert [each["commit"] for each in run.facts["resumed"]] == ["two", "one"]
    assert run.facts["commit"] == "one"


def test_settings_survive_the_run_folder(tmp_path):
    settings = replace(
        TrainSettings(), robots=("ur5e",), steps=7, ppo=PPOSettings(net_arch=(3, 4), learning_rate=1e-5)
    )
    RunFolder.create(tmp_path / "run", settings)
    assert RunFolder.open(tmp_path / "run").settings == settings


def test_settings_round_trip_through_yaml():
    settings = replace(TrainSettings(), seed=5, video=False)
    text = yaml.safe_dump(asdict(settings))
    assert settings_from_dict(TrainSettings, yaml.safe_load(text)) == settings


def test_missing_settings_keep_their_defaults():
    settings = settings_from_dict(TrainSettings, {"hacpo": {"schema": {"fit_steps": 3}}})
    assert settings.hacpo.schema.fit_steps == 3
    schema = replace(settings.hacpo.schema, fit_steps=TrainSettings().hacpo.schema.fit_steps)
    assert replace(settings, hacpo=replace(settings.hacpo, schema=schema)) == TrainSettings()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"robot": "panda"}, r"unknown setting 'robot'; valid: robots, task, steps"),
        ({"ppo": {"lr": 1e-3}}, r"unknown setting 'lr'; valid: n_envs, n_steps, .*learning_rate"),
    ],
)
def test_an_unknown_setting_is_named_with_the_valid_ones(values, sentence):
    with pytest.raises(InvalidSpecError, match=sentence):
        settings_from_dict(TrainSettings, values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"steps": -1}, "steps must be positive, not -1"),
        ({"eval_episodes": 0}, "eval_episodes must be positive, not 0"),
        ({"robots": []}, "robots is empty; name at least one"),
        ({"robots": ["panda", "panda"]}, "robots repeat: panda panda"),
        ({"ppo": {"n_envs": 0}}, "n_envs must be positive, not 0"),
        ({"seed": 1000}, "seed must be from 0 to 999, not 1000"),
        ({"seed": -1}, "seed must be from 0 to 999, not -1"),
        ({"steps": "many"}, "steps must be like 300000, not 'many'"),
        ({"steps": 1e5}, "steps must be like 300000, not 100000.0"),
        ({"video": 1}, "video must be like True, not 1"),
        ({"ppo": {"gamma": "high"}}, "gamma must be like 0.95, not 'high'"),
        ({"robots": "panda"}, "robots must be like .*, not 'panda'"),
        ({"hacpo": {"rehearsal_worlds": 1}}, "rehearsal_worlds must be 0, or 2 and more to compare, not 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(values, sentence):
    with pytest.raises(InvalidSpecError, match=sentence):
        settings_from_dict(TrainSettings, values)


def test_sharing_that_nobody_knows_is_refused():
    with pytest.raises(UnknownNameError, match=r"unknown sharing 'hapco' \(did you mean 'hacpo'\?\)"):
        settings_from_dict(TrainSettings, {"sharing": "hapco"})


def test_a_number_that_yaml_takes_for_a_word_is_a_number():
    values = yaml.safe_load("hacpo: {adoption_rate: 4e-3, kl_budget: 0}")
    settings = settings_from_dict(TrainSettings, values).hacpo
    assert (settings.adoption_rate, settings.kl_budget) == (0.004, 0.0)


def test_no_training_stream_is_a_held_out_one():
    last_stream = (SEEDS - 1) * SEED_STRIDE + SEED_STRIDE - 1
    assert last_stream < HELD_OUT


def test_a_run_that_was_begun_before_a_setting_existed_is_read_but_not_resumed(tmp_path):
    run = RunFolder.create(tmp_path / "run", TrainSettings())
    values = yaml.safe_load((run.path / "config.yaml").read_text())
    del values["hacpo"]["schema"]["fit_steps"]
    (run.path / "config.yaml").write_text(yaml.safe_dump(values))
    assert run.settings == TrainSettings()
    with pytest.raises(RunFolderError, match=r"was begun before there was hacpo\.schema\.fit_steps"):
        run.settings_to_resume()


def test_a_run_of_another_version_is_refused(tmp_path):
    run = RunFolder.create(tmp_path / "run", TrainSettings())
    facts = json.loads((run.path / "run.json").read_text())
    run.write_json("run.json", facts | {"version": 99})
    with pytest.raises(RunFolderError, match="is a run of version 99, and this reads version 1"):
        RunFolder.open(run.path)


@pytest.mark.parametrize("left", ["", "robot,st", "robot,steps\r\npanda,1", "robot,steps\r\npanda,1\r\npan"])
def test_progress_goes_on_behind_the_last_whole_line(tmp_path, left):
    run = RunFolder(tmp_path)
    (tmp_path / "progress.csv").write_bytes(left.encode())
    before = run.read_progress()
    run.append_progress([{"robot": "ur5e", "steps": 2}])
    assert before == [{"robot": "panda", "steps": "1"}] * (left.count("\n") == 2)
    assert run.read_progress() == [*before, {"robot": "ur5e", "steps": "2"}]


def test_every_preset_loads():
    assert "demo" in preset_names()
    for name in preset_names():
        assert load_preset(name).steps > 0


def test_an_unknown_preset_is_named_with_the_valid_ones():
    with pytest.raises(
        UnknownNameError, match=r"unknown preset 'dmeo' \(did you mean 'demo'\?\); valid: .*demo"
    ):
        load_preset("dmeo")


def test_json_is_written_whole_or_not_at_all(tmp_path):
    run = RunFolder(tmp_path)
    run.write_json("a/b.json", {"x": 1})
    with pytest.raises(TypeError):
        run.write_json("a/b.json", {"x": object()})
    assert (tmp_path / "a" / "b.json").read_text() == '{\n  "x": 1\n}\n'
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.json"]


def test_a_run_that_goes_on_is_not_finished_and_keeps_what_it_reached(tmp_path):
    run = RunFolder.create(tmp_path / "run", TrainSettings())
    run.take_up_again()
    run.write_json("eval/eval_info.json", {"steps": 7})
    assert run.is_finished
    run.take_up_again()
    assert not run.is_finished
    assert json.loads((run.path / "eval" / "step_000000000007_end.json").read_text()) == {"steps": 7}


def test_a_run_of_before_files_were_noted_goes_on_without_a_word(tmp_path):
    run = RunFolder.create(tmp_path / "run", TrainSettings())
    facts = run.facts
    del facts["files"]
    run.write_json("run.json", facts)
    run.note_resumption()
    assert run.facts == facts
    assert run.changed_files() == ()


def test_files_are_told_as_changed_until_training_went_on_with_them(tmp_path):
    robot = load_robot("scara")
    model = tmp_path / "arm.xml"
    shutil.copyfile(asset(robot.arm.mjcf), model)
    (tmp_path / "arm.py").write_text(
        "from dataclasses import replace\nfrom hacpo_robot.catalog import load_robot\n"
        f"ARM = replace(load_robot('scara').arm, mjcf={str(model)!r})\n"
        "ROBOT = replace(load_robot('scara'), arm=ARM)\n"
    )
    run = RunFolder.create(tmp_path / "run", replace(TrainSettings(), robots=(str(tmp_path / "arm.py"),)))
    assert run.changed_files() == ()
    model.write_text(model.read_text() + "\n")
    assert run.changed_files() == (str(model),)
    run.note_resumption()
    assert run.changed_files() == ()


def test_the_command_of_a_run_can_be_read_back(tmp_path, monkeypatch):
    command = ["hacpo-robot", "train", "--robots", "my arm.py"]
    monkeypatch.setattr("sys.orig_argv", command)
    run = RunFolder.create(tmp_path / "run", TrainSettings())
    assert shlex.split((run.path / "command.txt").read_text()) == command
