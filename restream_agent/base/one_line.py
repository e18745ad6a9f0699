"""Text from outside, made fit for one line of a message, a unit file or a picture. Pure."""


def printable(text: str, *, instead: str = " ") -> str:
    """Return the text with `instead` in place of each character that is not printable.

    Line breaks of any script are not printable (str.isprintable), nor are control characters.
    """
    return "".join(letter if letter.isprintable() else instead for letter in text)
