"""What others see of a policy."""

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecNormalize

from hacpo_robot.learning.model_view import ModelView
from tests.sharing.toy import TWO, ToyVecEnv


def test_the_mean_alone_is_that_of_the_whole_view_and_what_sb3_predicts():
    env = VecNormalize(ToyVecEnv(TWO))
    model = PPO("MlpPolicy", env, n_steps=16, batch_size=64, device="cpu", seed=0).learn(256)
    raw = np.random.default_rng(0).normal(size=(32, 7)).astype(np.float32)
    view = ModelView(model)
    np.testing.assert_array_equal(view.mean(raw), view(raw)[0])
    predicted, _ = model.predict(env.normalize_obs(raw), deterministic=True)
    np.testing.assert_array_equal(view.mean(raw).astype(np.float32).clip(-1, 1), predicted)
