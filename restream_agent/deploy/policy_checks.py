"""Holds the TOML against the policy of the machine, whose file only root may be able to change."""

from collections.abc import Iterable
from pathlib import Path

from restream_agent.base import paths, rights
from restream_agent.base.errors import ConfigError, Problem
from restream_agent.base.files import locate
from restream_agent.config.file import read_text
from restream_agent.config.model import Config
from restream_agent.config.policy import Policy, load_policy
from restream_agent.config.policy_rules import OPEN_THERE, policy_line, policy_problems, refusals
from restream_agent.fallback.preparation import videos_by_key

_HEAD = "# What the author of restream.toml may do beyond the usual: docs/security.md."


def problems(config: Config, root: Path, source: str, given: Path | None = None) -> tuple[Problem, ...]:
    """Return what the TOML says and the policy does not open, or else what is wrong with the policy itself.

    `given` stands for the policy at its usual place; whoever names it answers for it. `source` is the TOML's
    name.
    """
    try:
        policy = read(root) if given is None else load_policy(read_text(given), source=str(given))
    except ConfigError as error:
        return error.problems
    found = refusals(config, policy, videos_by_key(config))
    return policy_problems(policy, found, source, place=str(given or paths.POLICY))


def to_open(config: Config, source: str) -> tuple[Problem, ...]:
    """Return what a policy has to open that is not here, each with the line for it."""
    found = refusals(config, Policy(), videos_by_key(config))
    return policy_problems(Policy(), found, source, verdict=OPEN_THERE)


def opening(config: Config, root: Path) -> str:
    """Return the text of a policy that opens what the TOML says, "" if nothing has to be opened.

    For the administrator's own first TOML. "" as well if the machine has a policy: nobody else edits it.
    """
    found = refusals(config, Policy(), videos_by_key(config))
    if not found or locate(root, paths.POLICY).exists():
        return ""
    keys = dict.fromkeys(refusal.policy_key for refusal in found)
    lines = (policy_line(Policy(), found, key) for key in keys)
    return "\n".join((_HEAD, *lines, ""))


def read(root: Path) -> Policy:
    """Return the machine's policy, one that opens nothing if there is none.

    Raises ConfigError if it cannot be used, or if others than root could have written it.
    """
    place = locate(root, paths.POLICY)
    if not place.exists() and not place.is_symlink():
        return Policy()
    text = read_text(place)
    changeable = rights.changeable(place, itself=True)
    if changeable is not None:
        message = f"could have been written by others than root, who may change {changeable}"
        hint = f"chown root:root {changeable}; chmod go-w {changeable}"
        raise ConfigError((Problem(str(place), 0, "", message, hint),))
    return load_policy(text, source=str(place))


def without_refused(found: Iterable[Problem], refused: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems but those of keys that the policy refuses: its author learns nothing of such a file."""
    keys = {problem.path for problem in refused} | {problem.path.removesuffix("[0]") for problem in refused}
    return tuple(problem for problem in found if problem.path not in keys)
