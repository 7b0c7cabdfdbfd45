"""What others see of a policy."""

import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecNormalize

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.learning.callback import HACPOCallback
from hacpo_robot.learning.model_view import ModelView
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.specs.training import SharingSettings
from tests.sharing.toy import TWO, ToyVecEnv


def test_the_mean_alone_is_that_of_the_whole_view_and_what_sb3_predicts():
    env = VecNormalize(ToyVecEnv(TWO))
    model = PPO("MlpPolicy", env, n_steps=16, batch_size=64, device="cpu", seed=0).learn(256)
    raw = np.random.default_rng(0).normal(size=(32, 7)).astype(np.float32)
    view = ModelView(model)
    np.testing.assert_array_equal(view.mean(raw), view(raw)[0])
    predicted, _ = model.predict(env.normalize_obs(raw), deterministic=True)
    np.testing.assert_array_equal(view.mean(raw).astype(np.float32).clip(-1, 1), predicted)


class Squeezed(BaseFeaturesExtractor):
    """Features that are not the observation."""

    def __init__(self, space):
        super().__init__(space, features_dim=2)

    def forward(self, observation):
        return observation[:, :2]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"policy_kwargs": {"features_extractor_class": Squeezed}},
            "takes flat .* the policy has a Squ",
        ),
        ({"use_sde": True}, "takes diagonal Gaussian policies, but the policy has a StateDependentNoise"),
    ],
)
def test_a_policy_that_sharing_cannot_read_is_refused_before_training(options, sentence):
    model = PPO("MlpPolicy", ToyVecEnv(TWO), n_steps=16, batch_size=64, device="cpu", **options)
    exchange = Exchange("hacpo", SharingSettings())
    with pytest.raises(InvalidSpecError, match=sentence):
        model.learn(64, callback=HACPOCallback(exchange, "two"))
    assert not exchange.members, "its place must be free for a model that fits"
