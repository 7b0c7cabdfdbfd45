"""MuJoCo: one compiled model per robot and task, and many copies of its state."""
