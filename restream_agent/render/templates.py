"""What rendering works with: the package's texts, and filled templates. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import DictLoader, Environment, StrictUndefined

from restream_agent.base import channel_paths, endpoints, paths
from restream_agent.render.channel_words import ChannelWords
from restream_agent.render.facts import Facts
from restream_agent.systemd import escaping, unit_names
from restream_agent.systemd.channels import Channel


@dataclass(frozen=True)
class Assets:
    """The texts of the package, by file name: templates to fill, and units to install unchanged."""

    templates: Mapping[str, str]
    units: Mapping[str, str]


class Templates:
    """Fills templates. All of them share a header, the addresses, the paths and the units' names."""

    def __init__(self, facts: Facts, assets: Assets) -> None:
        self.facts = facts
        self._environment = Environment(
            loader=DictLoader(dict(assets.templates)),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 - unit files and server configurations; escaping.py escapes values
        )
        self._shared: dict[str, object] = {
            "header": f"Made by restream-agent from {escaping.value(facts.source)}; "
            "edit that and run `restream-agent apply`.",
            "endpoints": endpoints,
            "paths": paths,
            "code": ("/usr", *(f"-{escaping.command((directory,))}" for directory in facts.code)),
            "channel_paths": channel_paths,
            "names": unit_names,
        }

    def __call__(self, template: str, channel: Channel = Channel(), **values: object) -> str:  # noqa: B008
        """Return the text of a template, filled with these values, the shared ones and a channel's words.

        Raises jinja2.UndefinedError if the template uses another name.
        """
        own = ChannelWords(channel)
        return self._environment.get_template(template).render(**self._shared, own=own, **values)
