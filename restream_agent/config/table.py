"""What every table of the TOML is made of: the base model, a key's declaration, a secret's reference."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SecretStr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from restream_agent.config import values

REQUIRED: Any = ...
TEXT = WithJsonSchema({"type": "string"})
Width = Annotated[int, BeforeValidator(values.number(128, 7680, unit="pixels", even=True))]
Height = Annotated[int, BeforeValidator(values.number(128, 4320, unit="pixels", even=True))]
FrameRate = Annotated[float, BeforeValidator(values.number(1, 120, unit="frames a second"))]
SPAN = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number", "minimum": 0}]})


def option(default: object, description: str, *, example: object, kind: str, secret: bool = False) -> Any:
    """Declare a key: its default as in the TOML, and what the reference says of it.

    `kind` is the type in a reader's words; the value of a `secret` one is left out of every repr.
    """
    return Field(
        default,
        description=description,
        examples=[example],
        json_schema_extra={"kind": kind},
        repr=not secret,
    )


class OrText:
    """Tells the JSON schema that a text may stand where the model holds something else."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Put the text beside what there is."""
        return {"anyOf": [{"type": "string"}, handler(core_schema)]}


class Table(BaseModel):
    """A table of the TOML: frozen, without unknown keys, its defaults read like what is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)


class SecretRef(Table):
    """Where a secret is: a systemd credential, a file, or (warned about) the TOML itself."""

    credential: Annotated[str, BeforeValidator(values.read_credential_name), TEXT] | None = option(
        None,
        "Name of a credential, as stored by `restream-agent secret`.",
        example="twitch",
        kind="text",
    )
    file: Annotated[Path, BeforeValidator(values.read_secret_path), TEXT] | None = option(
        None,
        "Absolute path of a file that holds the secret.",
        example="/run/secrets/twitch",
        kind="path",
    )
    plain: SecretStr | None = Field(None, description="The secret itself: what a plain text stands for.")

    @model_validator(mode="before")
    @classmethod
    def read(cls, value: object) -> object:
        """Take a plain text for the secret itself; refuse what is neither that nor one reference."""
        if isinstance(value, str):
            values.check_plain_key(value)
            return {"plain": SecretStr(value)}
        if not isinstance(value, dict):
            raise values.complaint("must name a secret", 'write { credential = "NAME" }')
        if len(value) > 1 and value.keys() <= {"credential", "file"}:
            raise values.complaint("names two secrets", "give either credential or file")
        if not value:
            raise values.complaint("names no secret", 'write { credential = "NAME" }')
        if "plain" in value:
            raise values.complaint("must name a secret", 'write { credential = "NAME" }')
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe what the TOML may hold: a text, or a table with one key."""
        table = handler.resolve_ref_schema(handler(core_schema))
        table["properties"].pop("plain")
        return {"anyOf": [{"type": "string"}, dict(table, minProperties=1, maxProperties=1)]}
