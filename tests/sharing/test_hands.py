"""Hands that open by other widths mean the same by the same width."""

import numpy as np
import pytest
import torch

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.control.gripper import Gripper
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.sharing.body_schema import BodySchema, BodyState
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.sharing.teacher import GRIP_GAIN, Body, Teacher, Understudy

N = 7
SHARES = np.linspace(-1.0, 1.0, N)[:, None]


def make_body(name):
    """A body that knows nothing but its hand: what passes through is not learned."""
    env = make_vec_env(load_robot(name), load_task("reach"), N, n_threads=1)
    torch.manual_seed(0)
    schema = BodySchema(Anatomy.of(env), n_starts=2, bank_size=2).requires_grad_(False)
    env.reset()
    return Body(schema, env)


def width_of(name, share):
    hand = Gripper(load_robot(name).gripper)
    return hand.width(hand.targets(share))


def state_of(body):
    hub, _ = body.embodiment.hub_state()
    senses = body.senses(body.embodiment.episodes.observe())
    return BodyState(senses, torch.as_tensor(hub, dtype=torch.float32))


@pytest.mark.parametrize("name", robot_names())
def test_a_hand_foresees_the_width_that_its_fingers_go_to(name):
    body = make_body(name)
    action = torch.zeros(N, body.embodiment.action_signature.size)
    action[:, -1:] = torch.as_tensor(SHARES)
    foreseen = body.schema.foresee(state_of(body), action)
    np.testing.assert_allclose(foreseen[:, -1:], width_of(name, SHARES), atol=1e-6)


@pytest.mark.parametrize("name", robot_names())
def test_a_hand_goes_to_the_width_asked_for_as_far_as_it_can(name):
    body = make_body(name)
    wanted = torch.zeros(N, body.embodiment.effect_signature.size)
    wanted[:, -1] = torch.linspace(-0.02, 0.15, N)
    chosen = body.schema.choose_action(state_of(body), wanted).numpy()
    low, high = width_of(name, np.array([[-1.0], [1.0]]))
    expected = np.clip(wanted[:, -1:].numpy(), low, high)
    np.testing.assert_allclose(width_of(name, chosen[:, -1:]), expected, atol=1e-6)


@pytest.mark.parametrize(("source", "learner"), [("ur5e", "sawyer"), ("panda", "ur5e"), ("scara", "jaco")])
def test_an_understudys_hand_goes_further_from_half_open_than_the_teachers(source, learner):
    teacher, pupil = make_body(source), make_body(learner)
    answer = np.zeros((N, teacher.embodiment.action_signature.size))
    answer[:, -1:] = SHARES
    understudy = Understudy(Teacher(teacher, lambda _: answer), pupil)
    observation = pupil.embodiment.episodes.observe()
    nothing_done = np.zeros((N, pupil.embodiment.effect_signature.size))
    played = understudy.act(observation, *pupil.embodiment.hub_state(), nothing_done)
    shares = np.linspace(-1.0, 1.0, 2001)[:, None]
    as_wide = np.interp(width_of(source, SHARES), width_of(learner, shares)[:, 0], shares[:, 0])
    expected = np.clip(GRIP_GAIN * as_wide, -1.0, 1.0)
    np.testing.assert_allclose(played[:, -1:], expected, atol=1e-4)
