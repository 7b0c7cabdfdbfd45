"""One file per task; each ends in ``TASK = TaskSpec(...)``."""
