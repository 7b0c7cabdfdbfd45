"""Episodes as datasets that imitation learning and offline learning read."""
