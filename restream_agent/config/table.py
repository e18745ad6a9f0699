"""What every table of the TOML is made of: the base model, a key's declaration, a secret's reference."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from restream_agent.config import values
from restream_agent.config.complaints import complaint
from restream_agent.config.value_types import ValueType, even_number, number

REQUIRED: Any = ...
Width = Annotated[int, even_number(128, 7680, unit="pixels")]
Height = Annotated[int, even_number(128, 4320, unit="pixels")]
FrameRate = Annotated[float, number(1, 120, unit="frames a second")]

_REFERENCE_HINT = 'write { credential = "NAME" }'


def option(default: object, description: str, *, example: object, secret: bool = False) -> Any:
    """Declare a key: its default as in the TOML, and what the reference says of it.

    The value of a `secret` key is left out of every repr.
    """
    return Field(default, description=description, examples=[example], repr=not secret)


def type_words(field: FieldInfo) -> str:
    """Return a key's type in a reader's words, made from the types of its annotation."""
    return _words(field.rebuild_annotation())


def _words(annotation: object) -> str:
    if annotation is bool:
        return "true or false"
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation.words
    if get_origin(annotation) is dict:
        return "table of tables"
    inner = get_args(annotation)  # of `Annotated`, or of `… | None`
    types = [each.words for each in inner if isinstance(each, ValueType)]
    return types[0] if types else _words(inner[0]) if inner else "text"


class OrText:
    """Tells the JSON schema that a text may stand where the model holds something else."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Allow a text beside what the model holds."""
        return {"anyOf": [{"type": "string"}, handler(core_schema)]}


class Table(BaseModel):
    """A table of the TOML: frozen, without unknown keys; its defaults are read like written values."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    words: ClassVar[str] = "table"
    """What `type_words` calls a key that holds such a table."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Add each key's type in words, for people who read the schema in an editor."""
        schema = handler(core_schema)
        for key, properties in handler.resolve_ref_schema(schema)["properties"].items():
            properties["kind"] = type_words(cls.model_fields[key])
        return schema


class SecretRef(Table):
    """Where a secret is: in a systemd credential, in a file, or (with a warning) in the TOML itself."""

    words: ClassVar[str] = "secret"

    credential: Annotated[str, values.CREDENTIAL] | None = option(
        None,
        "Name of the credential that `restream-agent secret set NAME` stored.",
        example="twitch",
    )
    file: Annotated[Path, values.SECRET_PATH] | None = option(
        None,
        "Absolute path of a file that holds the secret.",
        example="/run/secrets/twitch",
    )
    plain: SecretStr | None = Field(None, description="The secret itself: what a plain text stands for.")

    @model_validator(mode="before")
    @classmethod
    def read(cls, value: object) -> object:
        """Read a plain text as the secret itself; refuse everything else but exactly one reference."""
        if isinstance(value, str):
            values.check_plain_key(value)
            return {"plain": SecretStr(value)}
        if not isinstance(value, dict):
            raise complaint("must name a secret", _REFERENCE_HINT)
        if len(value) > 1 and value.keys() <= {"credential", "file"}:
            raise complaint("names two secrets", "write either credential or file")
        if not value:
            raise complaint("names no secret", _REFERENCE_HINT)
        if "plain" in value:
            raise complaint("must name a secret", _REFERENCE_HINT)
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe what the TOML may hold: a text, or a table with one key."""
        table = handler.resolve_ref_schema(super().__get_pydantic_json_schema__(core_schema, handler))
        table["properties"].pop("plain")
        return {"anyOf": [{"type": "string"}, dict(table, minProperties=1, maxProperties=1)]}
