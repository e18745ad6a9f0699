"""What the TOML says key by key, defaults included, to be compared with what it said before. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from restream_agent.config.keys import model_in
from restream_agent.config.model import Config
from restream_agent.config.table import SecretRef

Path = tuple[str, ...]


@dataclass(frozen=True)
class Leaf:
    """A key's value as text, not in the repr since it may be a secret, and whether the file has the key."""

    value: str = field(repr=False)
    is_written: bool


def leaves(config: Config) -> dict[str, Leaf]:
    """Return every key by its dotted path, in the order of the models and of the file.

    None is a value, as for `hold = "forever"`; a table or secret that is not there has no keys. A secret is
    one key, whatever it is made of. No name in a path has a dot itself.
    """
    return {".".join(path): leaf for path, leaf in _walk((), config, is_written=True)}


def _walk(path: Path, value: object, *, is_written: bool) -> Iterator[tuple[Path, Leaf]]:
    if isinstance(value, SecretRef):
        plain = "" if value.plain is None else value.plain.get_secret_value()
        yield path, Leaf(f"{value.credential} {value.file} {plain}", is_written)
    elif isinstance(value, BaseModel):
        for name, declared in type(value).model_fields.items():
            written, inner = is_written and name in value.model_fields_set, getattr(value, name)
            if inner is not None or model_in(declared.annotation) is None:
                yield from _walk((*path, name), inner, is_written=written)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _walk((*path, str(name)), inner, is_written=is_written)
    else:
        yield path, Leaf(repr(value), is_written)
