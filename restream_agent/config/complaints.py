"""What a reader of a value raises: a message and a hint for the user, carried through pydantic.

No message shows a value that may be a secret.
"""

import difflib

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

COMPLAINT = "complaint"
"""The error type of our own messages, which tells them from pydantic's."""


def complaint(message: str, hint: str = "") -> PydanticCustomError:
    """Return an error to raise in a reader; the hint travels as the message's second line."""
    return PydanticCustomError(COMPLAINT, f"{message}\n{hint}")


def complaints(title: str, problems: list[tuple[str, str, str]]) -> ValidationError:
    """Return one error for several (key, message, hint), each reported at its own key of a table."""
    return ValidationError.from_exception_data(
        title,
        [
            InitErrorDetails(type=complaint(message, hint), loc=(key,), input=None)
            for key, message, hint in problems
        ],
    )


def closest(word: str, known: tuple[str, ...]) -> str:
    """Return the known word that is spelled most like `word`, "" if none is similar."""
    return next(iter(difflib.get_close_matches(word.casefold(), known, n=1)), "")
