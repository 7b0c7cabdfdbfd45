"""How learners teach each other. Knows vectors and signatures; no robot, no simulator."""
