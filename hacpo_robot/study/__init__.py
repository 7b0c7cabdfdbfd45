"""Whole runs: a fleet trained, judged, filmed and sent out into the world."""
