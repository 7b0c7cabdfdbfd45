"""The card tells people and model hubs what a policy is."""

import pytest
import yaml

from hacpo_robot.export.exporter import export_policy
from hacpo_robot.export.metadata import ReportedEvaluation
from hacpo_robot.export.parity import ClosedLoop


@pytest.fixture
def card(panda, tmp_path, provenance):
    loop = ClosedLoop(n_episodes=8, n_success=6, n_success_file=6, n_same=8)
    evaluation = ReportedEvaluation(n_episodes=8, n_success=6, pc_success_ci95=(40.93, 92.85))
    candidate = panda.candidate(low_pass_hz=4.0)
    export_policy(candidate, tmp_path / "x", provenance, panda.episodes, evaluation, lambda _: loop)
    return (tmp_path / "x" / "README.md").read_text()


def test_front_matter_is_what_a_model_hub_reads(card):
    _, front, _ = card.split("---\n", 2)
    front = yaml.safe_load(front)
    assert (front["license"], front["library_name"]) == ("apache-2.0", "hacpo-robot")
    assert {"robotics", "onnx", "panda", "lift"} <= set(front["tags"])
    metric = front["model-index"][0]["results"][0]["metrics"][0]
    assert (metric["type"], metric["value"]) == ("success_rate", 75.0)


def test_card_tells_fleet_completion_limits_and_proof(card):
    for part in (
        "fleet panda, ur5e",
        "75.0 % of 8 held-out episodes (95 % interval 40.9 to 92.8 %)",
        "| name | elements | unit | frame | range | largest change |",
        "| `joint1` | rad | -2.897 | 2.897 | 1.2 |",
        "| `gripper` | width | m | - | -0.001 to 0.079 |",
        "low pass of 4 Hz",
        "8 episodes end alike",
        "Licence: Apache-2.0",
    ):
        assert part in card, part


def test_a_policy_that_was_not_evaluated_says_so(exported):
    card = (exported / "README.md").read_text()
    assert "It was not evaluated." in card
    assert "model-index" not in card
