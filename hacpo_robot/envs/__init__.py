"""Reinforcement-learning environments: any robot on any task."""
