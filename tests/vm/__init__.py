"""A machine with a kernel of its own, where limits, walls, power and clock are real (`make vm`)."""
