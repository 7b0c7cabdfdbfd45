"""Actions in [-1, 1] to actuator targets, for all worlds at once."""
