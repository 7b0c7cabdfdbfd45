"""Factors are drawn from their ranges and multiply the right numbers of a model."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, possible_pairs
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.instruments import GRIPPER
from hacpo_robot.sim.randomization import ModelFamily
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.randomization import CAMERA, FACTORS, LATENCY, NAMES, Randomization, draw

WIDE = Randomization(
    object_mass=(0.5, 2.0),
    friction=(0.7, 1.3),
    joint_damping=(0.3, 3.0),
    servo_gain=(0.8, 1.2),
    gripper_speed=(0.5, 1.5),
    sensor_noise=(0.0001, 4.0),
    latency=(1, 3),
    camera_pos=0.02,
    camera_target=0.05,
)
FOLLOWING = {"body_subtreemass", "dof_M0", "dof_invweight0", "body_invweight0"}
FOR_PICTURES = {"cam_poscom0", "light_poscom0"}
CHANGED = {
    "object_mass": {"body_mass", "body_inertia"} | FOLLOWING | FOR_PICTURES,
    "friction": {"geom_friction"},
    "joint_damping": {"dof_damping"},
    "servo_gain": {"actuator_gainprm", "actuator_biasprm"},
    "gripper_speed": set(),
    "sensor_noise": set(),
}
"""Arrays of a model that each factor may touch."""


PAIRS = [(robot, task) for robot, task in possible_pairs() if robot == "panda" or task == "lift"]
"""Every robot and every task."""


@pytest.fixture(params=PAIRS, ids="-".join)
def scene(request):
    robot, task = request.param
    return make_scene(load_robot(robot), load_task(task))


@pytest.fixture(scope="module")
def lift():
    return make_scene(load_robot("panda"), load_task("lift"))


def factors(**changed):
    return np.array([changed.get(name, 1.0) for name in NAMES])


def scaled(scene, **changed):
    family = ModelFamily(scene, 1)
    family.scale(0, factors(**changed))
    return family.models[0]


def arrays_of(model):
    """Every array of a model, by name."""
    names = (name for name in dir(model) if not name.startswith("_"))
    return {name: value for name in names if isinstance(value := getattr(model, name), np.ndarray)}


def changes(model, nominal):
    theirs = arrays_of(nominal)
    return {name for name, value in arrays_of(model).items() if not np.array_equal(value, theirs[name])}


# -- what is drawn ---------------------------------------------------------------------------------


def test_draws_fill_their_ranges(rng):
    numbers = np.array([draw(WIDE, rng) for _ in range(4000)])
    assert numbers.shape == (4000, len(NAMES))
    for column, name in enumerate(FACTORS):
        low, high = getattr(WIDE, name)
        assert ((numbers[:, column] >= low) & (numbers[:, column] <= high)).all()
        assert np.ptp(numbers[:, column]) > 0.98 * (high - low)
    steps, counts = np.unique(numbers[:, LATENCY], return_counts=True)
    assert steps.tolist() == [1.0, 2.0, 3.0]
    assert counts.min() > 1200
    reach = np.abs(numbers[:, CAMERA]).max(axis=0)
    np.testing.assert_allclose(reach, [0.02] * 3 + [0.05] * 3, rtol=0.02)
    correlation = np.corrcoef(numbers.T) - np.eye(len(NAMES))
    assert np.abs(correlation).max() < 0.08


def test_by_default_nothing_differs(rng):
    expected = [1.0] * len(FACTORS) + [0.0] * 7
    np.testing.assert_array_equal(draw(Randomization(), rng), expected)


@pytest.mark.parametrize("name", NAMES[: LATENCY + 1])
def test_switching_one_range_on_leaves_the_others_alone(name):
    one = Randomization(**{name: (2, 3)})
    numbers = draw(one, np.random.default_rng(0))
    column = NAMES.index(name)
    neutral = np.delete(draw(Randomization(), np.random.default_rng(0)), column)
    np.testing.assert_array_equal(np.delete(numbers, column), neutral)
    others = replace(WIDE, **{name: getattr(one, name)})
    wide, again = draw(WIDE, np.random.default_rng(1)), draw(others, np.random.default_rng(1))
    np.testing.assert_array_equal(np.delete(again, column), np.delete(wide, column))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"friction": (1.2, 0.8)}, "friction: 1.2 is above 0.8"),
        ({"object_mass": (0.0, 1.0)}, "object_mass: factors must be positive, not 0.0"),
        ({"latency": (-1, 2)}, "latency: whole control steps from 0 up"),
        ({"latency": (0, 1.5)}, "latency: whole control steps from 0 up"),
        ({"camera_pos": -0.1}, "no negative shifts"),
    ],
)
def test_impossible_ranges_are_refused(wrong, message):
    with pytest.raises(InvalidSpecError, match=message):
        Randomization(**wrong)


# -- what it does to a model -----------------------------------------------------------------------


def test_factors_of_one_change_nothing(scene):
    model = scaled(scene)
    assert model is not scene.model
    assert changes(model, scene.model) == set()
    assert model.stat.meaninertia == scene.model.stat.meaninertia


@pytest.mark.parametrize("name", FACTORS)
def test_a_factor_touches_its_own_numbers_only(scene, name):
    found = changes(scaled(scene, **{name: 1.7}), scene.model)
    assert found <= CHANGED[name]
    something = {"object_mass": scene.task.props, "joint_damping": scene.model.dof_damping.any()}
    assert bool(found) == bool(something.get(name, CHANGED[name]))


def test_masses_of_objects_alone_are_multiplied(scene):
    model, nominal = scaled(scene, object_mass=1.7), scene.model
    roots = [nominal.body(prop.name).id for prop in scene.task.props]
    factor = np.where(np.isin(nominal.body_rootid, roots), 1.7, 1.0)
    np.testing.assert_allclose(model.body_mass, nominal.body_mass * factor, rtol=1e-12)
    np.testing.assert_allclose(model.body_inertia, nominal.body_inertia * factor[:, None], rtol=1e-12)


def test_a_scaled_mass_is_that_of_a_denser_box():
    panda, task = load_robot("panda"), load_task("lift")
    dense = replace(task, props=tuple(replace(p, density=1.7 * p.density) for p in task.props))
    model, expected = scaled(make_scene(panda, task), object_mass=1.7), make_scene(panda, dense).model
    theirs = arrays_of(expected)
    for name, value in arrays_of(model).items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-9, atol=1e-12, err_msg=name)
    assert model.stat.meaninertia == pytest.approx(expected.stat.meaninertia)


def test_friction_of_objects_and_gripper_alone_is_multiplied(scene):
    model, nominal = scaled(scene, friction=0.6), scene.model
    lower = (model.geom_friction < nominal.geom_friction).any(axis=-1)
    owners = [nominal.body(body).name for body in nominal.geom_bodyid]
    roots = [nominal.body(nominal.body_rootid[body]).name for body in nominal.geom_bodyid]
    props = {prop.name for prop in scene.task.props}
    meant = [root in props or GRIPPER in owner for root, owner in zip(roots, owners, strict=True)]
    rough = nominal.geom_friction.any(axis=-1)
    np.testing.assert_array_equal(lower, np.array(meant) & rough)
    np.testing.assert_allclose(model.geom_friction[lower], 0.6 * nominal.geom_friction[lower])
    pads = (*scene.robot.gripper.left_pads, *scene.robot.gripper.right_pads)
    assert all(lower[nominal.geom(GRIPPER + pad).id] for pad in pads)


def test_damping_of_every_joint_is_multiplied(scene):
    model = scaled(scene, joint_damping=2.5)
    np.testing.assert_allclose(model.dof_damping, 2.5 * scene.model.dof_damping)


def test_servos_of_the_arm_alone_are_multiplied(scene):
    model, nominal = scaled(scene, servo_gain=0.8), scene.model
    factor = np.ones((nominal.nu, 1))
    factor[Handles.of(scene).arm_ctrl] = 0.8
    np.testing.assert_allclose(model.actuator_gainprm, factor * nominal.actuator_gainprm)
    np.testing.assert_allclose(model.actuator_biasprm, factor * nominal.actuator_biasprm)
    np.testing.assert_array_equal(model.actuator_forcerange, nominal.actuator_forcerange)


def test_factors_do_not_pile_up(lift):
    family = ModelFamily(lift, 2)
    wild = factors(object_mass=3.0, friction=0.5, joint_damping=2.0, servo_gain=0.7)
    family.scale(0, wild)
    once = {name: value.copy() for name, value in arrays_of(family.models[0]).items()}
    family.scale(0, wild)
    for name, value in arrays_of(family.models[0]).items():
        np.testing.assert_array_equal(value, once[name], err_msg=name)
    family.scale(0, factors())
    for model in family.models:
        assert changes(model, lift.model) == set()


def test_constants_follow_from_the_masses(lift):
    model = scaled(lift, object_mass=3.0)
    cube = model.body("cube").id
    dofs = model.joint("cube").dofadr[0] + np.arange(3)
    np.testing.assert_allclose(model.dof_invweight0[dofs], 1 / model.body_mass[cube])
    np.testing.assert_allclose(model.body_subtreemass[cube], model.body_mass[cube])
    assert model.body_subtreemass[0] == pytest.approx(mujoco.mj_getTotalmass(model))
