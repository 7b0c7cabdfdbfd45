"""What a learned body schema promises, on a point in the plane."""

import numpy as np
import pytest
import torch

from hacpo_robot.sharing.body_memory import RECENT, BodyData, BodyMemory
from hacpo_robot.sharing.body_schema import BodySchema, BodyState, Mlp, Standardizer
from hacpo_robot.sharing.calibration import babble, note_starts
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.sharing.fitting import fit_schema, measure_schema, refine_schema
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
    sizes = [getattr(data, name).shape for name in ("senses", "action", "hub", "effect", "following")]
    assert sizes == [(240, 7), (240, 4), (240, 5), (240, 3), (240, 7)]
    assert (np.abs(data.action) <= 1).all()
    continued = (data.following[:-8] == data.senses[8:]).all(axis=1)  # worlds are interleaved
    assert 0.7 < continued.mean() < 1, "steps should follow each other except where an episode ended"


def test_babble_follows_an_ended_episode_to_its_own_last_state(rng):
    env = ToyVecEnv(TWO, n_envs=4)
    data = babble(env, 4 * 6 * HORIZON, rng)
    moved = data.effect[:, :2]
    reached = fitted(TWO)[0].encode(torch.as_tensor(data.following, dtype=torch.float32)).numpy()[:, :2]
    missed = np.linalg.norm(reached - (data.hub[:, :2] + moved), axis=1)
    broken = ~(data.following[:-4] == data.senses[4:]).all(axis=1)
    assert broken.sum() > 10, "no episode ended"
    assert np.median(missed[:-4][broken]) < 0.1  # the next episode starts 0.5 away on average


def test_note_starts_looks_at_every_world_in_every_round():
    env = ToyVecEnv(TWO, n_envs=6)
    starts = note_starts(env, rounds=3)
    assert starts.senses.shape == (18, 5)
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


def test_a_motion_too_fast_for_the_body_keeps_its_direction():
    schema, _ = fitted(THREE)
    env = ToyVecEnv(THREE, n_envs=8)
    observation = env.reset()
    state = BodyState(
        torch.as_tensor(observation[:, Anatomy.of(env).body]),
        torch.as_tensor(env.hub_state()[0], dtype=torch.float32),
    )
    wanted = torch.tensor([[0.8, -0.4, 1.0]]).repeat(8, 1)
    env.step(schema.choose_action(state, wanted).numpy())
    moved = env.effect()[:, :2]
    assert np.linalg.norm(moved, axis=1).min() > 0.05
    np.testing.assert_allclose(moved[:, 1] / moved[:, 0], -0.5, atol=0.25)


def test_attainable_effects_are_left_as_they_are():
    schema, _ = fitted(TWO)
    small = torch.tensor([[0.02, -0.03, 0.5], [0.0, 0.01, -0.9]])
    torch.testing.assert_close(schema.attainable(small), small)


def test_states_beyond_where_the_body_has_been_are_seen_on_the_edge():
    schema, _ = fitted(TWO)
    beyond = torch.tensor([[9.0, 0.0, 0.0, 0.0, 0.2]])
    edge = torch.cat([schema.hub_high[:1], beyond[0, 1:]])[None]
    torch.testing.assert_close(schema.start(beyond), schema.start(edge))


def test_senses_that_no_body_can_have_become_what_it_could_sense_there():
    schema, _ = fitted(THREE)
    env = ToyVecEnv(THREE, n_envs=256, seed=9)
    clean = schema.body_units(torch.as_tensor(env.reset()[:, Anatomy.of(env).body]))
    hub = schema.hub_units(torch.as_tensor(env.hub_state()[0], dtype=torch.float32))
    astray = clean + 0.3 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    missed = (schema.reconcile(astray, hub) - clean).pow(2).mean().sqrt()
    assert missed < 0.3 / 4  # three eyes on a plane: the hub leaves nothing open


def test_where_the_hub_says_or_more_a_body_keeps_its_own_reading():
    env = ToyVecEnv(THREE)
    schema, bound = fitted(THREE)[0], env.body_signature.high[-1]
    body, hub = torch.tensor([[0.0] * 6 + [width] for width in (1.4, 1.4, 0.9)]), torch.zeros(3, 5)
    hub[:, -1] = torch.tensor([0.3, bound, bound])
    np.testing.assert_allclose(schema._pass_through(body, hub)[:, -1], [0.3, 1.4, bound])


def test_refinement_learns_what_is_new_and_keeps_what_was_babbled():
    env = ToyVecEnv(THREE, n_envs=32, seed=5)
    old = babble(env, 6400, np.random.default_rng(1))
    settings = SchemaSettings(fit_steps=300, refine_steps=300)
    schema, _ = fit_schema(Anatomy.of(env), old, note_starts(env), settings, 0)
    weak = ToyVecEnv(THREE, n_envs=32, seed=6)
    weak._thrust = 0.5 * weak._thrust  # the body has changed
    new = babble(weak, 6400, np.random.default_rng(2))
    memory = BodyMemory.of(old)
    memory.note(new)
    before = measure_schema(schema, new).effect_r2
    refine_schema(schema, memory, settings, torch.Generator().manual_seed(0))
    assert measure_schema(schema, new).effect_r2 > before + 0.02
    assert measure_schema(schema, old).effect_r2 > 0.7
    assert memory.fresh == 0


def test_memory_keeps_the_babble_and_the_newest():
    env = ToyVecEnv(TWO, n_envs=8)
    memory = BodyMemory.of(babble(env, 240, np.random.default_rng(1)))
    steps = live_together(env, 3000)
    data = BodyData.of(steps, Anatomy.of(env))
    assert len(data) == len(steps) - 3000  # the last step of an episode has no successor
    memory.note(data)
    memory.note(data)
    assert len(memory.babble) == 240
    assert len(memory.recent) == RECENT
    assert memory.fresh == 2 * len(data)
    np.testing.assert_array_equal(memory.recent.senses, np.tile(data.senses, (2, 1))[-RECENT:])
    again = BodyMemory.from_state(memory.get_state())
    np.testing.assert_array_equal(again.recent.effect, memory.recent.effect)
    assert again.fresh == memory.fresh


def test_a_blow_from_outside_does_not_spoil_the_maps():
    env = ToyVecEnv(TWO, n_envs=32, seed=5)
    data = babble(env, 6400, np.random.default_rng(1))
    data.effect[100, :2] = 50.0
    settings = SchemaSettings(fit_steps=300, refine_steps=300)
    schema, quality = fit_schema(Anatomy.of(env), data, note_starts(env), settings, 0)
    assert quality.effect_r2 > 0.9
    memory = BodyMemory.of(data)
    memory.note(babble(env, 640, np.random.default_rng(2)))
    refine_schema(schema, memory, settings, torch.Generator().manual_seed(0))
    assert measure_schema(schema, memory.recent).effect_r2 > quality.effect_r2 - 0.01


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


def test_no_body_is_foreseen_to_do_what_it_never_did():
    schema, _ = fitted(THREE)
    still = schema.effect_reach.clone()
    try:
        schema.effect_reach[1] = 0.0  # as of a body with no say in that direction
        body = torch.randn(64, 7, generator=torch.Generator().manual_seed(0))
        state = BodyState(body, schema.encode(body))
        action = 2 * torch.rand(64, 4, generator=torch.Generator().manual_seed(1)) - 1
        effect = schema.foresee(state, action)
    finally:
        schema.effect_reach.copy_(still)
    np.testing.assert_allclose(effect[:, 1], schema.effect_units.mean[1])
    assert ((effect - schema.effect_units.mean).abs() <= still + 1e-6)[:, :2].all()
    np.testing.assert_array_equal(effect[:, 2], action[:, 3])
