"""The program's core: FLV tags and a clock in, tags out. Pure, standard library only."""
