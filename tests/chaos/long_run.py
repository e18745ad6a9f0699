"""The command line of a run that is as long as asked and random by a seed: the soak and the fuzz."""

import argparse
import os
import random
from pathlib import Path

from tests.demo.screen import Screen


def read_arguments(prog: str, description: str, *, out: str, screen: Screen) -> argparse.Namespace:
    """Return `minutes`, `server`, `seed` and `out`, and print the first three; exits with 2 without root."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--minutes", type=float, default=30.0, help="the length of the broadcast")
    parser.add_argument("--server", choices=("srs", "nginx-rtmp"), default="srs", help="the ingest server")
    parser.add_argument("--seed", type=int, help="the seed of the run; a random seed is printed")
    parser.add_argument("--out", type=Path, default=Path(out), help="where to write the report")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root: it boots a systemd in a container")
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(10**6)
    screen.plain(f"{arguments.minutes:g} minutes on {arguments.server}, seed {arguments.seed}")
    return arguments
