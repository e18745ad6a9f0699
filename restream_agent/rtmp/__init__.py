"""RTMP for a client that plays: bytes in, FLV tags out. Pure, standard library only."""
