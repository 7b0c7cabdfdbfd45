"""Training: unmodified Stable-Baselines3 PPO, and the callback through which learners teach each other."""
