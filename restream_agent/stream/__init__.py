"""The program's core: FLV tags and times in, tags out. Pure, standard library only."""
