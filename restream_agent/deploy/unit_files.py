"""Which files each of our services must reach, and as which user: read from the rendered units. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from restream_agent.base import paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.file_tree import File, Tree
from restream_agent.config.channels import channel_configs
from restream_agent.config.model import Config
from restream_agent.systemd import escaping, unit_names
from restream_agent.systemd.directives import directives

AGENT_COMMAND = "restream-agent"
"""Units call us by this name, which systemd looks for in its own search path."""

_HOMES = ("/home/", "/root/", "/run/user/")
_TEMPORARY = ("/tmp/", "/var/tmp/")  # noqa: S108 - what PrivateTmp= hides
_MAIN_INSTANCE = {unit_names.LIVE_TEMPLATE: "main", unit_names.CONVERT_TEMPLATE: "configured"}


@dataclass(frozen=True)
class FileNeed:
    """A file that a unit must read, or run if it `executes`, before it works.

    `user` is the unit's user, "" for root, which reads credentials and environment files for every unit. A
    dynamic user owns nothing, and has the `groups` alone. `hidden` are the directories that the unit does not
    see. An `is_optional` file need not be there.
    """

    unit: str
    path: str
    user: str = ""
    groups: tuple[str, ...] = ()
    is_dynamic: bool = False
    executes: bool = False
    hidden: tuple[str, ...] = ()
    is_optional: bool = False


@dataclass(frozen=True)
class OwnProgram:
    """Where we are: our Python, and the file `__init__.py` of our package."""

    python: str
    package: str


def file_needs(tree: Tree, config: Config, program: OwnProgram) -> tuple[FileNeed, ...]:
    """Return what each service of a rendered tree needs, in the order of the units; no need comes twice."""
    read = _read_by_processes(config)
    found = list[FileNeed]()
    for unit, text in sorted(_services(tree, config).items()):
        found += _needs_of(unit, directives(text), program, read)
    return tuple(dict.fromkeys(found))


def _services(tree: Tree, config: Config) -> Mapping[str, str]:
    """Return the text of each service with its drop-ins, templates once for each channel."""
    texts = {path.removeprefix(f"{paths.UNITS}/"): entry.content for path, entry in tree.items()
             if path.startswith(f"{paths.UNITS}/") and isinstance(entry, File)}  # fmt: skip
    plain = {name: text for name, text in texts.items() if name.endswith(".service")}
    template = plain.pop(unit_names.RELAY_TEMPLATE, "")
    services = dict[str, str]()
    for name, text in plain.items():
        instances = _instances(name, config) if "@." in name else (None,)
        for instance in instances:
            own = name if instance is None else name.replace("@.", f"@{instance}.")
            services[own] = text if instance is None else text.replace("%i", instance)
    for name, text in texts.items():
        unit, is_drop_in, _ = name.partition(".d/")
        if is_drop_in and unit.endswith(".service"):
            services[unit] = services.get(unit, template) + text
    return services


def _instances(template: str, config: Config) -> tuple[str, ...]:
    return (_MAIN_INSTANCE[template],) if template in _MAIN_INSTANCE else tuple(config.channels)


def _needs_of(
    unit: str, lines: Iterable[str], program: OwnProgram, read: Mapping[str, tuple[FileNeed, ...]]
) -> Iterator[FileNeed]:
    """Yield what one service needs; `lines` are its directives."""
    values = dict[str, str]()  # the last value counts
    for line in lines:
        name, _, value = line.partition("=")
        values[name] = value
        if name in ("LoadCredential", "LoadCredentialEncrypted"):
            yield FileNeed(unit, escaping.plain(value.partition(":")[2]))
        elif name == "EnvironmentFile":
            yield FileNeed(unit, value)
    own = FileNeed(
        unit,
        "",
        user=values.get("User", unit.partition(".")[0] if values.get("DynamicUser") == "yes" else ""),
        groups=tuple(values.get("SupplementaryGroups", "").split()),
        is_dynamic=values.get("DynamicUser") == "yes",
        hidden=(
            *(_HOMES if values.get("ProtectHome") == "yes" else ()),
            *(_TEMPORARY if values.get("PrivateTmp") == "yes" else ()),
        ),
    )
    command, *arguments = escaping.words(values.get("ExecStart", "").lstrip("-:"))
    yield replace(own, path=command, executes=True)
    if command in (AGENT_COMMAND, program.python):
        yield replace(own, path=program.python, executes=True)
        yield replace(own, path=program.package)
    # What a command writes or removes is below /run, and need not be there.
    yield from (
        replace(own, path=word, executes=arguments[number - 1 : number] == [_module(arguments)])
        for number, word in enumerate(arguments)
        if word.startswith("/") and not word.startswith("/run/")
    )
    for need in read.get(unit, ()):
        yield replace(own, path=need.path, is_optional=need.is_optional)


def _module(arguments: list[str]) -> str:
    """Return the module of a launcher, whose first argument is the program that it becomes; "" for others."""
    modules = (word for word in arguments if word.startswith("restream_agent.launchers."))
    return next(modules, "")


def _read_by_processes(config: Config) -> Mapping[str, tuple[FileNeed, ...]]:
    """Return what a process reads that its command line does not name, by its unit."""
    found: dict[str, list[FileNeed]] = {}

    def add(unit: str, *files: str, is_optional: bool = False) -> None:
        needs = (FileNeed(unit, path, is_optional=is_optional) for path in files)
        found.setdefault(unit, []).extend(needs)

    add(unit_names.NOTIFY_UNIT, paths.NOTIFY_SETTINGS)
    if config.notify.command:
        add(unit_names.NOTIFY_UNIT, config.notify.command[0])
    for channel, each in channel_configs(config).items():
        places = paths_of(channel.name)
        add(unit_names.AGENT_UNIT, places.agent_settings)
        videos = tuple(map(str, each.fallback.video))
        for unit in (channel.unit(unit_names.PREPARE_UNIT), unit_names.convert_unit(None)):
            add(unit, places.fallback_settings, *videos)
        # Before the first conversion neither is there.
        add(
            channel.unit(unit_names.PROGRAM_UNIT),
            places.fallback_current,
            places.fallback_slate,
            is_optional=True,
        )
    return {unit: tuple(needs) for unit, needs in found.items()}
