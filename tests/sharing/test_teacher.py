"""A policy in another body: asked about its states, or acting there."""

import copy

import numpy as np
import pytest

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sharing.rehearsal import rehearse
from hacpo_robot.sharing.teacher import Body, Teacher, Understudy, ask_teacher
from hacpo_robot.specs.training import SharingSettings
from tests.sharing.toy import HORIZON, THREE, TWO, ToyVecEnv, fitted, live_together


def test_teacher_of_the_same_body_answers_with_its_own_action():
    env = ToyVecEnv(TWO)
    steps = live_together(env, 20)

    def mean(observation):
        return 0.5 * np.tanh(observation[:, :3])

    body = Body(fitted(TWO)[0], env)
    answers = ask_teacher(steps, Teacher(body, mean), body)
    np.testing.assert_array_equal(answers.observation, steps.observation)
    np.testing.assert_allclose(answers.action, mean(steps.observation), atol=0.4)  # at rare states
    assert np.abs(answers.action - mean(steps.observation)).mean() < 0.03


def test_teacher_of_another_body_pushes_the_learner_where_it_would_go_itself():
    two, three = ToyVecEnv(TWO), ToyVecEnv(THREE, n_envs=1)
    steps = live_together(ToyVecEnv(THREE), 10)
    push = np.array([0.5, -0.5, 1.0])  # of the teacher, wherever it is
    teacher = Teacher(Body(fitted(TWO)[0], two), lambda o: np.tile(push, (len(o), 1)))
    answers = ask_teacher(steps, teacher, Body(fitted(THREE)[0], three))
    three.reset()
    expected = push[:2] @ two._thrust
    for row in range(0, len(steps), 9):
        still = {"z": steps.body[row, None], "goal": steps.world[row, None], "elapsed": np.zeros(1, int)}
        three.set_state(still)
        three.step(answers.action[row, None])
        moved = three.effect()[0, :2] - 0.5 * steps.body[row, 2:4]
        np.testing.assert_allclose(moved, expected, atol=0.04)


def steer(observation):
    """Thrust of ``TWO`` towards the goal that it sees from itself."""
    offset = observation[:, 2:4]
    push = 4 * offset @ np.linalg.inv(ToyVecEnv(TWO)._thrust)
    return np.concatenate([push, np.ones((len(push), 1))], axis=1)


def rehearsed(pupil, noise=0.0, n_envs=32):
    env = ToyVecEnv(pupil, n_envs, radius=0.15)
    teacher = Teacher(Body(fitted(TWO)[0], ToyVecEnv(TWO)), steer)
    spread = np.full(env.action_signature.size, noise)
    body = Body(fitted(pupil)[0], env)
    return rehearse(env, Understudy(teacher, body).act, gamma=0.9, noise=spread, rng=np.random.default_rng(0))


def test_a_skill_survives_in_another_body():
    own, other = rehearsed(TWO), rehearsed(THREE)
    assert own.success.mean() > 0.9
    assert other.success.mean() > 0.9


def test_a_teacher_with_mirrored_maps_fails():
    schema = fitted(TWO)[0]
    env = ToyVecEnv(THREE, 32, radius=0.15)

    class Mirrored(Teacher):
        def effect(self, senses, answer, hub):
            effect = super().effect(senses, answer, hub)
            effect[:, 0] *= -1
            return effect

    teacher = Mirrored(Body(schema, ToyVecEnv(TWO)), steer)
    body = Body(fitted(THREE)[0], env)
    outcome = rehearse(
        env, Understudy(teacher, body).act, gamma=0.9, noise=np.zeros(4), rng=np.random.default_rng(0)
    )
    assert outcome.success.mean() < 0.3


def test_a_rehearsal_is_one_episode_of_every_world_in_the_pupils_own_words():
    outcome = rehearsed(THREE, noise=0.3)
    assert len(outcome.episodes) == len(outcome.success) == len(outcome.returns) == 32
    assert outcome.steps == 32 * max(len(episode) for episode in outcome.episodes) <= 32 * HORIZON
    env = ToyVecEnv(THREE, n_envs=1)
    env.reset()
    for episode in outcome.episodes[:4]:
        state = {"z": episode.body[:1], "goal": episode.world[:1], "elapsed": np.zeros(1, int)}
        np.testing.assert_allclose(episode.observation[0], env.set_state(state)[0], atol=1e-5)
        env.step(episode.action[:1])
        np.testing.assert_allclose(episode.effect[0], env.effect()[0], atol=1e-6)


def test_the_better_half_lies_above_the_median():
    outcome = rehearsed(THREE, noise=0.5)
    assert 0 < len(outcome.better_half) <= 16
    first = [episode.returns[0] for episode in outcome.episodes]
    assert np.mean([episode.returns[0] for episode in outcome.better_half]) > np.mean(first)


def test_what_was_intended_is_what_was_done_less_the_noise():
    for outcome, missed in ((rehearsed(THREE), 0.0), (rehearsed(THREE, noise=0.3), 0.24)):  # 0.3 sqrt(2 / pi)
        done = np.concatenate([episode.action for episode in outcome.episodes])
        intended = np.concatenate(outcome.intended)
        inside = np.abs(intended) < 0.3  # far from where actions are clipped
        assert np.abs(done - intended)[inside].mean() == pytest.approx(missed, rel=0.1)


def test_the_better_half_is_remembered_as_it_was_meant():
    outcome = rehearsed(THREE, noise=0.3)
    meant = {tuple(e.observation[0]): a for e, a in zip(outcome.episodes, outcome.intended, strict=True)}
    for episode in outcome.better_half:
        np.testing.assert_array_equal(episode.action, meant[tuple(episode.observation[0])])


def test_an_understudy_of_the_same_body_acts_as_the_teacher_does():
    env, body = ToyVecEnv(TWO, 16), Body(fitted(TWO)[0], ToyVecEnv(TWO))
    understudy, observation, missed = Understudy(Teacher(body, steer), body), env.reset(), []
    effect = np.zeros((16, 3))
    for _ in range(HORIZON - 1):
        action = understudy.act(observation, *env.hub_state(), effect)
        missed.append(np.abs(action - np.clip(steer(observation), -1, 1)))
        observation, _, _, _ = env.step(action)
        effect = env.effect()
    assert np.mean(missed) < 0.1


def drift(still):
    """How far a body whose B always errs one way is from where a teacher that stands still would be."""
    env, wrong = ToyVecEnv(TWO, 16), copy.deepcopy(fitted(TWO)[0])
    wrong.B.last.bias.data[0] += 0.2
    teacher = Teacher(Body(fitted(TWO)[0], ToyVecEnv(TWO)), lambda o: np.zeros((len(o), 3)))
    understudy, observation, effect = Understudy(teacher, Body(wrong, env)), env.reset(), np.zeros((16, 3))
    began = env.hub_state()[0][:, :2]
    for _ in range(HORIZON - 1):
        known = effect if not still else understudy._owed[0].numpy() if understudy._owed else effect
        observation, _, _, _ = env.step(understudy.act(observation, *env.hub_state(), known))
        effect = env.effect()
    return np.linalg.norm(env.hub_state()[0][:, :2] - began, axis=1).mean()


def test_what_a_body_left_undone_is_made_up_for():
    assert drift(still=False) < 0.5 * drift(still=True)


def test_noise_below_zero_is_refused():
    with pytest.raises(InvalidSpecError, match="rehearsal_std must not be negative"):
        SharingSettings(rehearsal_std=-0.1)


def test_a_half_life_of_nothing_is_refused():
    with pytest.raises(InvalidSpecError, match="half_life must be positive, not 0"):
        SharingSettings(half_life=0.0)
