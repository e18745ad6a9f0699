"""What an apply would do: the configuration compared with what is on the machine. Writes nothing."""

import json
from dataclasses import dataclass, replace

from restream_agent.base import files, paths
from restream_agent.base.errors import ConfigError, RestreamError
from restream_agent.base.file_tree import File, Tree
from restream_agent.base.target import TargetMachine
from restream_agent.config.leaves import leaves
from restream_agent.config.model import Config
from restream_agent.config.relays import all_relays
from restream_agent.config.secret_uses import secret_uses
from restream_agent.deploy import secret_checks, unfinished
from restream_agent.deploy.changed_units import channels_in
from restream_agent.deploy.changes import Change, compare
from restream_agent.deploy.edits import Edit, edits
from restream_agent.deploy.plan import Actions, plan_actions
from restream_agent.render import assets
from restream_agent.render.facts import Facts
from restream_agent.render.tree import render

SIGNATURES = ("Made by restream-agent", "Installed by restream-agent")
"""Every file of ours begins with one of these texts, in a comment."""


@dataclass(frozen=True)
class Plan:
    """What an apply does: the changes and actions that lead to the tree `desired`.

    `edits` are the same in the words of the TOML's author; None if it is not known what was applied before.
    `is_first` says that nothing was, `is_recorded` that the manifest is as it should be.
    """

    desired: Tree
    changes: tuple[Change, ...]
    actions: Actions
    manifest: str
    edits: tuple[Edit, ...] | None = None
    is_first: bool = False
    is_recorded: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether the machine already is as the configuration says."""
        return not self.changes and self.actions.is_empty


def make_plan(config: Config, facts: Facts, target: TargetMachine) -> Plan:
    """Compare what the configuration asks for with what is on the target. Writes nothing.

    Raises RestreamError if a file that is not ours is in the way, ConfigError if a secret is missing.
    """
    missing = secret_checks.problems(config, target.root, facts.source)
    if missing:
        raise ConfigError(missing)
    desired = _with_usable_groups(render(config, facts, assets.load()), target)
    manifest = files.read_manifest(target.root)
    interrupted = unfinished.read(target.root)
    owned = _owned_paths(manifest) | set(interrupted.owned)
    current = files.read_tree(target.root, {*desired, *owned}, secret=_secret_paths(desired, owned))
    current = _with_usable_groups(current, target)
    _refuse_foreign(current, desired, owned)
    changes = compare(current, desired)
    salt = str(manifest.get("salt") or secret_checks.new_salt())
    fingerprints = secret_checks.fingerprints(config, target.root, salt)
    changed_secrets = _changed_secrets(manifest, fingerprints)
    actions = plan_actions(
        changes,
        changed_secrets=changed_secrets,
        relays=frozenset(relay.full_name for relay in all_relays(config)),
        channels=channels_in(desired),
    )
    actions = unfinished.joined(actions, interrupted.actions, desired)
    settings = {key: secret_checks.keyed_hash(leaf.value, salt) for key, leaf in leaves(config).items()}
    record = {"owned": sorted(desired), "salt": salt, "secrets": fingerprints, "settings": settings}
    return Plan(
        desired,
        changes,
        actions,
        manifest=json.dumps(record, indent=2) + "\n",
        edits=_edits(manifest, settings, config, changed_secrets),
        is_first=not manifest.get("owned"),
        is_recorded=record == manifest,
    )


def _edits(
    manifest: dict[str, object], settings: dict[str, str], config: Config, changed_secrets: frozenset[str]
) -> tuple[Edit, ...] | None:
    """Return what differs from what was applied before; None if the manifest does not tell that."""
    known = manifest.get("settings")
    if not isinstance(known, dict):
        return None
    before = {str(key): str(mark) for key, mark in known.items()}
    secrets = {use.option for use in secret_uses(config) if use.user in changed_secrets}
    return edits(before, settings, leaves(config), secrets=secrets)


def _owned_paths(manifest: dict[str, object]) -> set[str]:
    """Return the paths that earlier applies have written."""
    owned = manifest.get("owned")
    return {str(path) for path in owned} if isinstance(owned, list) else set()


def _secret_paths(desired: Tree, owned: set[str]) -> frozenset[str]:
    """Return the paths whose content is never shown, whether it comes, stays or goes."""
    secret = {path for path, entry in desired.items() if isinstance(entry, File) and entry.is_secret}
    secret |= {path for path in owned if path.startswith(paths.INLINE_KEYS)}
    return frozenset(secret | set(paths.INGEST_CONFIG.values()))


def _changed_secrets(manifest: dict[str, object], fingerprints: dict[str, str]) -> frozenset[str]:
    """Return the users whose secret has changed since the last apply. New users are not among them."""
    known = manifest.get("secrets")
    before = known if isinstance(known, dict) else {}
    return frozenset(user for user, mark in fingerprints.items() if user in before and before[user] != mark)


def _with_usable_groups(tree: Tree, target: TargetMachine) -> Tree:
    """Return the tree as it can be written: below a --root no file has a group of this machine."""
    if target.is_this_machine:
        return tree
    return {
        path: replace(entry, group="root") if isinstance(entry, File) else entry
        for path, entry in tree.items()
    }


def _refuse_foreign(current: Tree, desired: Tree, owned: set[str]) -> None:
    """Raise RestreamError if a file that is not ours is where one of our files has to go."""
    for path, entry in current.items():
        is_known = path in owned or entry == desired.get(path) or path.startswith(paths.OWN_DIRECTORY)
        if not is_known and not (
            isinstance(entry, File) and any(mark in entry.content[:200] for mark in SIGNATURES)
        ):
            raise RestreamError(
                f"{path} exists and was not made by restream-agent", hint="move it away; nothing was changed"
            )
