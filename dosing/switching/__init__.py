"""Which drug when: switching treatments by convex optimisation (Devia and Giordano)."""
