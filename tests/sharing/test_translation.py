"""Hub experience in another body's words: what must survive, and what must not depend on company."""

import numpy as np
import pytest

from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.sharing.translation import own_words, translate
from tests.sharing.toy import THREE, TWO, ToyVecEnv, fitted, live, live_together

FIELDS = ("observation", "action", "support", "effect_error", "returns", "episode")


def column(env, name):
    return env.observation_signature.where(name)


def test_translation_between_identical_bodies_is_the_identity_within_noise():
    env = ToyVecEnv(TWO)
    steps = live_together(env, 40)
    translated = translate(steps, fitted(TWO)[0], env)
    missed = np.sqrt(((translated.observation - steps.observation) ** 2).mean(axis=0))
    assert (missed < 0.15 * steps.observation.std(axis=0)).all(), missed
    assert np.abs(translated.action - steps.action).mean() < 0.05
    assert np.median(translated.effect_error) < 0.1
    assert np.median(translated.support) < 1


@pytest.mark.parametrize(("source", "learner"), [(TWO, THREE), (THREE, TWO)], ids=("2-to-3", "3-to-2"))
def test_fields_that_mean_the_same_pass_through_exactly(source, learner):
    env = ToyVecEnv(learner)
    steps = live_together(ToyVecEnv(source), 10)
    translated = translate(steps, fitted(learner)[0], env)
    width = translated.observation[:, column(env, "width")]
    np.testing.assert_array_equal(width, steps.body[:, 4:].astype(np.float32))
    np.testing.assert_array_equal(translated.action[:, -1:], steps.effect[:, 2:].astype(np.float32))
    goal = env.sense_world(steps.body, steps.world).astype(np.float32)
    np.testing.assert_array_equal(translated.observation[:, column(env, "seen_goal")], goal)
    np.testing.assert_array_equal(translated.returns, steps.returns)
    np.testing.assert_array_equal(translated.episode, steps.episode)


def test_translation_senses_what_the_learner_would_have_sensed():
    env = ToyVecEnv(THREE, n_envs=1)
    steps = live_together(ToyVecEnv(TWO), 20)
    translated = translate(steps, fitted(THREE)[0], env)
    env.reset()
    for row in range(0, len(steps), 7):
        state = {"z": steps.body[row, None], "goal": steps.world[row, None], "elapsed": np.zeros(1, int)}
        expected = env.set_state(state)[0]
        np.testing.assert_allclose(translated.observation[row], expected, atol=0.6)  # places reach 8


def test_translated_action_repeats_the_effect_in_the_learners_own_body():
    env = ToyVecEnv(THREE, n_envs=1)
    steps = live_together(ToyVecEnv(TWO), 20)
    translated = translate(steps, fitted(THREE)[0], env)
    env.reset()
    missed = []
    for row in np.flatnonzero(translated.effect_error < 0.1):
        env.set_state(
            {"z": steps.body[row, None], "goal": steps.world[row, None], "elapsed": np.zeros(1, int)}
        )
        env.step(translated.action[row, None])
        missed.append(env.effect()[0] - steps.effect[row])
    assert len(missed) > 50
    assert np.sqrt(np.mean(np.square(missed), axis=0)).max() < 0.02  # translations spread 0.1


def test_episodes_of_unequal_length_keep_row_order():
    env, schema = ToyVecEnv(THREE), fitted(THREE)[0]
    episodes = live(ToyVecEnv(TWO), 12)
    assert len({len(episode) for episode in episodes}) > 3
    together = translate(concatenate(episodes), schema, env)
    alone = [translate(episode, schema, env) for episode in episodes]
    for name in FIELDS:
        expected = np.concatenate([getattr(part, name) for part in alone])
        np.testing.assert_allclose(getattr(together, name), expected, atol=1e-3, err_msg=name)  # float32 sums


def test_own_words_are_the_steps_themselves():
    steps = live_together(ToyVecEnv(TWO), 3)
    words = own_words(steps)
    np.testing.assert_array_equal(words.observation, steps.observation)
    np.testing.assert_array_equal(words.action, steps.action.astype(np.float32))
    assert not words.support.any()
    assert not words.effect_error.any()


def test_take_selects_the_same_rows_of_every_column():
    words = own_words(live_together(ToyVecEnv(TWO), 3))
    rows = np.array([5, 0, 2])
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(words.take(rows), name), getattr(words, name)[rows])
