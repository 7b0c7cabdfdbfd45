"""What reaches a robot lies within the limits of the metadata, and a fault makes it stay where it is."""

import numpy as np
import pytest

from hacpo_robot.export.runtime import Guard, PolicyError, load_policy
from tests.export.policies import MAX_WIDTH, Clock, make_document, make_entries, make_model, write

HOME = np.array([0.0, 0.5, 0.0])
PERIOD = 0.05


@pytest.fixture
def make_guard(tmp_path):
    """A guard of a robot at home, its gripper half open; options of the policy, limits and the guard."""

    def _make(control="joint_position_delta", jump=None, on_fault="hold", joint_speed=None):
        document = make_document(control=control)
        if jump is not None:
            document["limits"]["jump"] = jump
        if joint_speed is not None:
            document["limits"]["joint_speed"] = joint_speed
        path = write(tmp_path / "policy.onnx", make_model(document), make_entries(document))
        clock = Clock()
        guard = Guard(load_policy(path, clock), joint_pos=HOME, gripper_width=0.04, on_fault=on_fault)
        return guard, clock

    return _make


def test_joint_targets_are_measured_positions_plus_the_action(make_guard):
    guard, _ = make_guard()
    measured = HOME + [0.01, 0.02, -0.01]
    command = guard.command([0.05, -0.05, 0.1, 0.05], measured)
    assert (command.kind, command.status, command.interventions) == ("joint_position", "run", ())
    np.testing.assert_allclose(command.arm, measured + [0.05, -0.05, 0.1])
    assert command.gripper_width == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("control", "kind"), [("joint_velocity", "joint_velocity"), ("cartesian_delta", "tool_delta")]
)
def test_velocities_and_tool_motion_pass_as_they_are(make_guard, control, kind):
    guard, _ = make_guard(control)
    command = guard.command([0.05, -0.05, 0.02, 0.04], HOME)
    assert (command.kind, command.interventions) == (kind, ())
    np.testing.assert_allclose(command.arm, [0.05, -0.05, 0.02])


def test_action_beyond_its_range_is_limited_and_reported(make_guard):
    guard, _ = make_guard("cartesian_delta")
    command = guard.command([0.05, -9.0, 0.0, 0.04], HOME)
    np.testing.assert_allclose(command.arm, [0.05, -0.05, 0.0])
    assert command.interventions == ("range of arm/y: -9 became -0.05",)


def test_change_between_actions_is_limited_from_rest_on(make_guard):
    guard, _ = make_guard(jump=[0.03, 0.1, 0.1, MAX_WIDTH])
    for reached in (0.03, 0.06, 0.09, 0.1):
        command = guard.command([0.1, 0.0, 0.0, 0.04], HOME)
        assert command.arm[0] == pytest.approx(reached)
        assert any("jump of arm/shoulder" in note for note in command.interventions) == (reached < 0.1)


def test_jump_of_the_gripper_is_limited(make_guard):
    guard, _ = make_guard(jump=[0.1, 0.1, 0.1, 0.005])
    command = guard.command([0.0, 0.0, 0.0, 0.08], HOME)
    assert command.gripper_width == pytest.approx(0.045)
    assert command.interventions == ("jump of gripper/width: 0.08 became 0.045",)


def test_gripper_follows_at_its_speed(make_guard):
    guard, _ = make_guard()
    widths = [guard.command([0, 0, 0, 0.0], HOME).gripper_width for _ in range(3)]
    np.testing.assert_allclose(widths, [0.02, 0.0, 0.0], atol=1e-12)  # 0.4 m/s for 50 ms


@pytest.mark.parametrize(
    ("control", "speed", "arm"), [("joint_position_delta", 1.0, 0.05), ("joint_velocity", 0.5, 0.5)]
)
def test_joint_speed_is_limited_and_reported(make_guard, control, speed, arm):
    guard, _ = make_guard(control, jump=[2.0] * 4, joint_speed=[speed] * 3)
    command = guard.command([0, 0, 2.0, 0.04], HOME)
    assert command.arm[2] == pytest.approx(arm)
    assert any(note.startswith("speed of arm/wrist") for note in command.interventions)


def test_joint_target_stays_inside_the_joint_limits(make_guard):
    guard, _ = make_guard()
    guard.reset(joint_pos=[1.95, 0.5, 0.0], gripper_width=0.04)
    command = guard.command([0.1, 0.0, 0.0, 0.04], [1.95, 0.5, 0.0])
    assert command.arm[0] == 2.0
    assert command.interventions == ("joint limit of arm/shoulder: 2.05 became 2",)


def test_joint_without_limits_turns_on(make_guard):
    guard, _ = make_guard()
    guard.reset(joint_pos=[0.0, 0.5, 100.0], gripper_width=0.04)
    assert guard.command([0, 0, 0.1, 0.04], [0.0, 0.5, 100.0]).arm[2] == pytest.approx(100.1)


def test_velocity_never_leaves_the_joint_limits_within_a_step(make_guard):
    guard, _ = make_guard("joint_velocity")
    near = [1.98, -1.0, 0.0]
    guard.reset(joint_pos=near, gripper_width=0.04)
    command = guard.command([1.0, -1.0, 1.0, 0.04], near)
    np.testing.assert_allclose(command.arm, [0.02 / PERIOD, 0.0, 1.0])
    assert len(command.interventions) == 2


@pytest.mark.parametrize("joints", [[1.97, 0.5, 0.0], [2.1, 0.5, 0.0], [-2.1, 1.05, 9.0]])
def test_velocity_of_a_joint_beyond_its_limit_leads_nowhere_else(make_guard, joints):
    guard, _ = make_guard("joint_velocity")
    guard.reset(joint_pos=joints, gripper_width=0.04)
    assert (np.abs(guard.command([0, 0, 0, 0.04], joints).arm) == 0.0).all()


def test_hold_keeps_the_joints_where_they_were_last_measured_well(make_guard):
    guard, _ = make_guard()
    good = HOME + 0.01
    guard.command([0.1, 0.1, 0.1, 0.03], good)
    for drifted in ([np.nan] * 3, good + 0.05, [np.inf, 0, 0]):
        command = guard.fault("gone") if np.isfinite(drifted).all() else guard.command([0.0] * 4, drifted)
        assert command.status == "hold"
        np.testing.assert_array_equal(command.arm, good)
        assert command.gripper_width == pytest.approx(0.03)


@pytest.mark.parametrize("control", ["joint_velocity", "cartesian_delta"])
@pytest.mark.parametrize("on_fault", ["hold", "stop"])
def test_hold_and_stop_of_motion_commands_are_zero(make_guard, control, on_fault):
    guard, _ = make_guard(control, on_fault=on_fault)
    guard.command([0.05, 0.05, 0.05, 0.03], HOME)
    command = guard.fault("no camera")
    assert (command.status, command.interventions) == (on_fault, ("no camera",))
    np.testing.assert_array_equal(command.arm, np.zeros(3))
    assert command.gripper_width == pytest.approx(0.03)


def test_hold_ends_with_the_next_good_cycle_and_starts_from_rest(make_guard):
    guard, _ = make_guard(jump=[0.03, 0.1, 0.1, MAX_WIDTH])
    for _ in range(4):
        guard.command([0.1, 0.0, 0.0, 0.04], HOME)
    guard.fault("no camera")
    command = guard.command([0.1, 0.0, 0.0, 0.04], HOME)
    assert command.status == "run"
    assert command.arm[0] == pytest.approx(0.03)


def test_stop_lasts_until_reset(make_guard):
    guard, _ = make_guard(on_fault="stop")
    first = guard.fault("no camera")
    later = guard.command([0.1, 0.1, 0.1, 0.0], HOME + 0.1)
    assert (later.status, later.interventions) == ("stop", ("no camera",))
    np.testing.assert_array_equal(later.arm, first.arm)
    guard.reset(joint_pos=HOME, gripper_width=0.04)
    assert guard.command([0.1, 0.1, 0.1, 0.0], HOME).status == "run"


@pytest.mark.parametrize(
    ("joints", "sentence"),
    [
        ([np.nan, 0, 0], "joint_pos is not finite"),
        ([0, 0], r"joint_pos has shape \(2,\), expected \(3,\)"),
        ([[0, 0, 0]], r"joint_pos has shape \(1, 3\)"),
        (["a", "b", "c"], "joint_pos is not an array of numbers"),
        (None, "joint_pos is not an array of numbers"),
        ([45.0, 0.5, 0.0], "'shoulder' is measured at 45, outside -2 to 2; look at its unit"),
        ([0.0, -1.2, 0.0], "'elbow' is measured at -1.2, outside -1 to 1"),
    ],
)
def test_unusable_joint_positions_are_a_fault_by_name(make_guard, joints, sentence):
    guard, _ = make_guard()
    command = guard.command([0, 0, 0, 0.04], joints)
    assert command.status == "hold"
    np.testing.assert_array_equal(command.arm, HOME)
    with pytest.raises(PolicyError, match=sentence):
        guard.reset(joint_pos=joints, gripper_width=0.04)
    assert command.interventions[0].startswith(sentence.replace("\\", "")[:20])


def test_joint_that_moves_faster_than_commanded_is_a_fault_until_it_can_have_come_there(make_guard):
    guard, clock = make_guard()
    there = HOME + [0.0, 0.0, 0.5]
    command = guard.command([0, 0, 0, 0.04], there)
    assert command.status == "hold"
    assert command.interventions == (
        "'wrist' is measured at 0.5, 0.050 s after 0: faster than it is ever commanded",
    )
    clock.sleep(0.2)  # 2 rad/s, twice: 0.8 rad
    assert guard.command([0, 0, 0, 0.04], there).status == "run"


@pytest.mark.parametrize("action", [[0, 0, 0], [[0, 0, 0, 0]], [np.nan] * 4, [0, 0, 0, np.inf], "go", None])
def test_unusable_action_is_a_fault(make_guard, action):
    guard, _ = make_guard()
    command = guard.command(action, HOME)
    assert command.status == "hold"
    np.testing.assert_array_equal(command.arm, HOME)


@pytest.mark.parametrize("width", [np.nan, -0.02, 0.2, "open", None, [0.04, 0.04]])
def test_guard_starts_only_with_a_gripper_inside_its_range(make_guard, width):
    guard, _ = make_guard()
    with pytest.raises(PolicyError, match="gripper_width"):
        guard.reset(joint_pos=HOME, gripper_width=width)


def test_unknown_reaction_to_faults_is_refused(make_guard):
    with pytest.raises(PolicyError, match="on_fault is 'ignore', expected 'hold' or 'stop'"):
        make_guard(on_fault="ignore")


def test_commands_of_a_wild_policy_stay_within_every_limit(make_guard, rng):
    guard, clock = make_guard(jump=[0.04, 0.04, 0.04, 0.02])
    joints, before = HOME, np.array([0.0, 0.0, 0.0, 0.04])
    for _ in range(300):
        clock.sleep(PERIOD)
        command = guard.command(rng.normal(0, 1, 4) * 10.0 ** rng.integers(-3, 6), joints)
        sent = np.append(command.arm - joints, command.gripper_width)
        assert (np.abs(sent) <= 0.1 + 1e-9).all()
        assert (np.abs(sent - before) <= [0.04 + 1e-9] * 3 + [0.02 + 1e-9]).all() or np.any(
            np.abs(command.arm[:2]) == [2.0, 1.0]
        )
        assert (np.abs(command.arm[:2]) <= [2.0, 1.0]).all()
        before = np.append(np.clip(sent[:3], -0.1, 0.1), sent[3])
        joints = command.arm
