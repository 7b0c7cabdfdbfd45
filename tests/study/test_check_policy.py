"""The policy lint: silent on a sound folder, and one sentence on each thing that can be wrong with it."""

import json
import shutil

import onnx
import pytest
from onnx import helper

from hacpo_robot.study.check_policy import check_policy


@pytest.fixture
def folder(finished, tmp_path):
    run = finished[0]
    return shutil.copytree(run.exported("panda"), tmp_path / "panda")


def faults(folder):
    return {each.check: each.fault for each in check_policy(folder / "policy.onnx") if each.fault}


def edit(folder, change):
    model = onnx.load(folder / "policy.onnx")
    entries = {entry.key: entry.value for entry in model.metadata_props}
    document = json.loads(entries["policy_metadata"])
    change(document)
    helper.set_model_props(model, entries | {"policy_metadata": json.dumps(document)})
    onnx.save(model, folder / "policy.onnx")


def test_an_exported_folder_is_sound(folder):
    findings = list(check_policy(folder / "policy.onnx"))
    assert [finding.fault for finding in findings] == [None] * len(findings)
    assert len(findings) == 8


def test_a_file_alone_is_told_from_one_in_its_folder(folder, tmp_path):
    alone = shutil.copy(folder / "policy.onnx", tmp_path / "policy.onnx")
    assert "alone" in list(check_policy(tmp_path / "policy.onnx"))[-1].check, alone


def test_a_file_that_does_not_load_gets_one_sentence(folder):
    whole = (folder / "policy.onnx").read_bytes()
    (folder / "policy.onnx").write_bytes(whole[: len(whole) // 2])
    found = faults(folder)
    assert list(found) == ["loads, and its graph fits its description"]


def test_a_description_that_breaks_the_schema_is_named_by_its_place(folder):
    edit(folder, lambda document: document["evaluation"].update(n_episodes=0))
    assert "evaluation.n_episodes" in faults(folder)["description follows its schema"]


def test_a_file_that_was_never_compared_is_told(folder):
    edit(folder, lambda document: document.update(parity=None))
    assert set(faults(folder)) == {
        "compared with the trained policy",
        "policy.json says what the file says",
        "test_vectors.json replays",  # which knows the file by its checksum
    }


def test_other_vectors_another_runtime_and_a_missing_description_are_told(folder):
    document = json.loads((folder / "test_vectors.json").read_text())
    document["actions"][3][0] += 0.01
    (folder / "test_vectors.json").write_text(json.dumps(document))
    (folder / "runtime.py").write_text("import os")
    (folder / "policy.json").unlink()
    assert set(faults(folder)) == {
        "policy.json says what the file says",
        "test_vectors.json replays",
        "runtime.py is the one of this version",
    }
