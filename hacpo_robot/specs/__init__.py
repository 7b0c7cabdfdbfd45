"""Frozen descriptions of robots, tasks and settings; numpy is the only third-party import."""
