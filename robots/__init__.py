"""One file of data per robot arm; each ends in ``ROBOT = RobotSpec(...)``."""
