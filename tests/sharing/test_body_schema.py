"""What a learned body schema promises, on a point in the plane."""

import numpy as np
import pytest
import torch

from hacpo_robot.sharing.body_schema import BodySchema, BodyState, Mlp, Standardizer
from hacpo_robot.sharing.calibration import babble, note_starts
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.specs.training import SchemaSettings
from tests.sharing.toy import HORIZON, THREE, TWO, ToyVecEnv, fitted, live_together


def test_anatomy_finds_the_fields_that_need_no_map():
    env = ToyVecEnv(THREE)
    anatomy = Anatomy.of(env)
    own, theirs = anatomy.state_pass
    body = env.observation_signature.select(env.body_names).element_names
    assert [body[i] for i in own] == [env.body_signature.element_names[i] for i in theirs] == ["width/w"]
    own, theirs = anatomy.action_pass
    actions, effects = env.action_signature.element_names, env.effect_signature.element_names
    assert [actions[i] for i in own] == [effects[i] for i in theirs] == ["grip/g"]


def test_anatomy_splits_an_observation_into_body_and_world():
    env = ToyVecEnv(TWO)
    anatomy = Anatomy.of(env)
    assert sorted([*anatomy.body, *anatomy.world]) == list(range(env.observation_signature.size))
    np.testing.assert_array_equal(
        env.reset()[:, anatomy.world], np.float32(env.sense_world(*env.hub_state()))
    )


def test_babble_has_one_row_per_step_in_time_order(rng):
    env = ToyVecEnv(THREE, n_envs=8)
    data = babble(env, 240, rng)
    sizes = [getattr(data, name).shape for name in ("body", "action", "hub", "effect", "following")]
    assert sizes == [(240, 7), (240, 4), (240, 5), (240, 3), (240, 7)]
    assert (np.abs(data.action) <= 1).all()
    continued = (data.following[:-8] == data.body[8:]).all(axis=1)  # worlds are interleaved
    assert 0.7 < continued.mean() < 1, "steps should follow each other except where an episode ended"


def test_babble_follows_an_ended_episode_to_its_own_last_state(rng):
    env = ToyVecEnv(TWO, n_envs=4)
    data = babble(env, 4 * 6 * HORIZON, rng)
    moved = data.effect[:, :2]
    reached = fitted(TWO)[0].encode(torch.as_tensor(data.following, dtype=torch.float32)).numpy()[:, :2]
    missed = np.linalg.norm(reached - (data.hub[:, :2] + moved), axis=1)
    broken = ~(data.following[:-4] == data.body[4:]).all(axis=1)
    assert broken.sum() > 10, "no episode ended"
    assert np.median(missed[:-4][broken]) < 0.1  # the next episode starts 0.5 away on average


def test_note_starts_looks_at_every_world_in_every_round():
    env = ToyVecEnv(TWO, n_envs=6)
    starts = note_starts(env, rounds=3)
    assert starts.body.shape == (18, 5)
    assert starts.hub.shape == (18, 5)
    assert len(np.unique(starts.hub, axis=0)) == 18


@pytest.mark.parametrize("body", [TWO, THREE], ids=lambda body: body.name)
def test_fitted_schema_explains_held_out_babble(body):
    _, quality = fitted(body)
    assert quality.effect_r2 > 0.9
    assert quality.sense_r2 > 0.9
    assert quality.action_r2 > 0.9
    assert quality.ready(SchemaSettings())


def test_unfitted_schema_is_not_ready():
    _, quality = fitted(TWO, babble_steps=640, fit_steps=1)
    assert not quality.ready(SchemaSettings())


def test_chosen_action_has_the_wanted_effect_though_thrusters_are_redundant():
    schema, _ = fitted(THREE)
    env = ToyVecEnv(THREE, n_envs=32)
    observation = env.reset()
    hub = torch.as_tensor(env.hub_state()[0], dtype=torch.float32)
    body = torch.as_tensor(observation[:, Anatomy.of(env).body])
    wanted = torch.tensor([[0.05, -0.03, 1.0]]).repeat(32, 1)
    env.step(schema.choose_action(BodyState(body, hub), wanted).numpy())
    np.testing.assert_allclose(env.effect(), wanted, atol=0.02)  # actions reach 0.15


def test_state_dict_restores_the_same_schema():
    schema, _ = fitted(TWO)
    again = BodySchema.from_state(ToyVecEnv(TWO), schema.state_dict())
    hub = torch.as_tensor(live_together(ToyVecEnv(TWO), 3).body, dtype=torch.float32)
    assert torch.equal(again.start(hub), schema.start(hub))
    assert torch.equal(again.support_distance(hub), schema.support_distance(hub))


def test_support_is_lost_far_from_where_the_body_has_been():
    schema, _ = fitted(TWO)
    known = torch.as_tensor(live_together(ToyVecEnv(TWO), 10).body, dtype=torch.float32)
    assert schema.support_distance(known).median() < 1
    assert schema.support_distance(known + 5).min() > 3


def test_written_out_jacobian_equals_autograd():
    torch.manual_seed(0)
    net = Mlp(5, 3).double()
    values = torch.randn(7, 5, dtype=torch.float64)
    value, slope = net.value_and_jacobian(values)
    expected = torch.stack([torch.autograd.functional.jacobian(net, row) for row in values])
    torch.testing.assert_close(value, net(values))
    torch.testing.assert_close(slope, expected)


def test_standardizer_inverts_itself_and_leaves_constant_columns_in_scale():
    units = Standardizer(2)
    values = torch.tensor([[1.0, 5.0], [3.0, 5.0], [8.0, 5.0]])
    units.measure(values)
    assert units.std[1] == 1
    torch.testing.assert_close(units(values).mean(dim=0), torch.zeros(2))
    torch.testing.assert_close(units.inverse(units(values)), values)
