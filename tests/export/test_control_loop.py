"""The loop keeps the trained rate, tells what it missed, and always leaves the robot at rest."""

import numpy as np
import pytest

from hacpo_robot.export.runtime import ControlLoop, Guard, PolicyError, Reading, load_policy
from tests.export.policies import Clock, write_policy

HOME = [0.0, 0.5, 0.0]
PERIOD = 0.05
SENSORS = {"joint_pos": HOME, "gripper_width": 0.04, "cube_pos": [0.02, 0.0, -0.02]}


class Robot:
    """Sends take as long as a test says; every command is noted with its time."""

    def __init__(self, clock):
        self.clock, self.durations, self.faults = clock, {}, {}
        self.sent, self.n_read = [], 0

    def read(self):
        cycle, self.n_read = self.n_read, self.n_read + 1
        if cycle in self.faults:
            return self.faults[cycle]()
        return Reading(sensors=SENSORS, joint_pos=HOME, stamps=self.clock.now)

    def send(self, command):
        self.clock.sleep(self.durations.get(len(self.sent), 0.0))
        self.sent.append((self.clock.now, command))

    @property
    def times(self):
        return [moment for moment, _ in self.sent]

    @property
    def states(self):
        return [command.status for _, command in self.sent]


@pytest.fixture
def robot():
    return Robot(Clock())


@pytest.fixture
def make_loop(robot, tmp_path):
    def _make(on_fault="hold", sleep=None, **options):
        policy = load_policy(write_policy(tmp_path / "policy.onnx", **options), robot.clock)
        guard = Guard(policy, joint_pos=HOME, gripper_width=0.04, on_fault=on_fault)
        sleep = sleep or robot.clock.sleep
        return ControlLoop(policy, guard, read=robot.read, send=robot.send, sleep=sleep)

    return _make


def test_rate_is_the_trained_one(make_loop, robot):
    report = make_loop().run(5)
    np.testing.assert_allclose(np.diff(robot.times[:5]), PERIOD)
    assert (report.n_cycles, report.n_missed, report.n_faults) == (5, 0, 0)
    np.testing.assert_allclose(robot.sent[0][1].arm, np.add(HOME, SENSORS["cube_pos"]), atol=1e-6)


def test_time_spent_in_a_cycle_does_not_slow_the_rate(make_loop, robot):
    robot.durations = dict.fromkeys(range(6), 0.02)
    report = make_loop().run(6)
    np.testing.assert_allclose(np.diff(robot.times[:6]), PERIOD)
    assert report.n_missed == 0
    assert report.worst_late_s == pytest.approx(0.02)


@pytest.mark.parametrize("late", [0.03, 0.12, 3.0])
def test_late_command_is_reported_and_not_made_up_for(make_loop, robot, late, caplog):
    robot.durations = {2: late}
    report = make_loop().run(6)
    assert report.n_missed == 1
    assert report.worst_late_s == pytest.approx(late)
    assert f"command 3 left {1e3 * late:.1f} ms late" in caplog.text
    np.testing.assert_allclose(np.diff(robot.times[:6]), [PERIOD, PERIOD + late, PERIOD, PERIOD, PERIOD])


def test_commands_are_never_closer_than_half_a_period(make_loop, robot, rng):
    robot.durations = dict(enumerate(rng.uniform(0, 0.1, 200)))
    make_loop(sleep=lambda seconds: robot.clock.sleep(seconds + rng.uniform(0, 0.03))).run(200)
    assert np.diff(robot.times[:200]).min() >= PERIOD / 2 - 1e-9


def test_loop_ends_at_rest(make_loop, robot):
    make_loop().run(3)
    assert robot.states == ["run", "run", "run", "hold"]
    assert robot.sent[-1][1].interventions == ("the control loop ended",)
    np.testing.assert_array_equal(robot.sent[-1][1].arm, HOME)


def test_loop_can_be_stopped_from_within(make_loop, robot):
    loop = make_loop()
    send = robot.send

    def send_and_stop(command):
        send(command)
        if len(robot.sent) == 4:
            loop.stop()

    loop._send = send_and_stop
    assert loop.run().n_cycles == 4
    assert robot.states == ["run"] * 4 + ["hold"]


def test_loop_stopped_before_it_ran_moves_nothing(make_loop, robot):
    loop = make_loop()
    loop.stop()
    assert loop.run().n_cycles == 0
    assert robot.states == ["hold"]
    assert loop.run(2).n_cycles == 2


def reading(**changes):
    return lambda: Reading(**{"sensors": SENSORS, "joint_pos": HOME, "stamps": 100.0, **changes})


def unreadable():
    raise PolicyError("the camera is unplugged")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (unreadable, "the camera is unplugged"),
        (reading(stamps=99.0), "'joint_pos' is stale: 1.100 s old, at most 0.100 s allowed"),
        (reading(stamps=1.7e9), "'joint_pos' is from the future by 1699999899.900 s; stamp with"),
        (reading(stamps=200.0), "'joint_pos' is from the future by 99.900 s"),
        (reading(stamps=float("nan")), "'joint_pos' has nan as time stamp"),
        (reading(stamps=None), "'joint_pos' has None as time stamp"),
        (
            reading(stamps={"joint_pos": 100.1, "gripper_width": 100.1, "cube_pos": 99.9}),
            "'cube_pos' is stale",
        ),
        (reading(stamps={"joint_pos": 100.1, "gripper_width": 100.1}), "'cube_pos' has None as time stamp"),
        (reading(sensors={**SENSORS, "cube_pos": [0, np.nan, 0]}), "sensor 'cube_pos' is not finite"),
        (
            reading(sensors={**SENSORS, "cube_pos": [20.0, 0.0, -20.0]}),
            "'cube_pos/x' is measured at 20, outside -1 to 1; look at its unit",
        ),
        (
            reading(
                sensors={
                    name: [value, value] if name != "gripper_width" else [[0.04]] * 2
                    for name, value in SENSORS.items()
                }
            ),
            "sensor 'joint_pos' has shape (6,), expected (3,)",
        ),
        (reading(sensors={"joint_pos": HOME}), "missing sensor 'cube_pos', 'gripper_width'"),
        (reading(joint_pos=[90.0, 0.0, 0.0], stamps=100.1), "'shoulder' is measured at 90"),
    ],
)
def test_fault_holds_and_ends(make_loop, robot, fault, sentence, caplog):
    robot.faults = {2: fault}
    report = make_loop().run(5)
    assert robot.states[:5] == ["run", "run", "hold", "run", "run"]
    assert report.n_faults == 1
    assert robot.sent[2][1].interventions[0].startswith(sentence)
    assert f"hold: {sentence}" in caplog.text


def test_sensor_may_leave_its_range_by_as_much_as_that_is_wide(make_loop, robot):
    robot.faults = {
        1: reading(sensors={**SENSORS, "cube_pos": [2.99, 0.0, -2.99]}, stamps=100.05),
        2: reading(sensors={**SENSORS, "cube_pos": [0.0, 0.0, 3.01]}, stamps=100.1),
    }
    make_loop().run(4)
    assert robot.states[:4] == ["run", "run", "hold", "run"]
    assert robot.sent[2][1].interventions[0].startswith("'cube_pos/z' is measured at 3.01, outside -1 to 1")


def test_fault_stops_where_that_was_chosen(make_loop, robot):
    robot.faults = {2: unreadable}
    report = make_loop(on_fault="stop").run(100)
    assert robot.states == ["run", "run", "stop"]
    assert (report.n_cycles, report.n_faults) == (3, 1)


def test_low_pass_starts_anew_after_a_hold(make_loop, robot):
    robot.faults = {3: unreadable, 4: reading(sensors={**SENSORS, "cube_pos": [0, 0, 0]}, stamps=100.2)}
    make_loop(low_pass_hz=1.0).run(5)
    np.testing.assert_allclose(robot.sent[4][1].arm, HOME, atol=1e-6)


def test_exception_of_a_driver_leaves_the_robot_at_rest(make_loop, robot):
    robot.faults = {2: lambda: 1 / 0}
    with pytest.raises(ZeroDivisionError):
        make_loop().run()
    assert robot.states == ["run", "run", "hold"]
