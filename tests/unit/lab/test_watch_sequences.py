"""A share of the random sequences of edits; `python -m tests.lab.watch_sequences` plays 1,000."""

import asyncio

from tests.lab import watch_sequences
from tests.lab.watch_sequences import Contents, Course

ONE: Contents = {"restream.toml": "1"}
TWO: Contents = {"restream.toml": "2"}
THREE: Contents = {"restream.toml": "3"}


def test_what_is_on_the_disk_is_applied_once() -> None:
    """By the real watcher, whatever editors, git and links do."""
    courses = asyncio.run(watch_sequences.play_all(range(1, 25)))
    assert [course.complaint() for course in courses if course.complaint()] == []
    assert any(course.applied for course in courses)


def test_the_judge_sees_what_is_wrong() -> None:
    """An edit that is lost, applied twice, or applied before it is complete."""
    assert Course(1, [ONE, TWO, TWO, THREE], [TWO, THREE], []).complaint() == ""
    wrong: list[list[Contents]] = [[TWO], [TWO, TWO, THREE], [ONE, TWO, THREE], [THREE, TWO]]
    for applied in wrong:
        assert Course(1, [ONE, TWO, THREE], applied, []).complaint() != ""


def test_on_a_slow_machine_a_content_in_between_may_be_applied() -> None:
    """It has rested for longer than the quiet time. What is last must be right."""
    assert Course(1, [ONE, THREE], [TWO, THREE], [], is_slow=True).complaint() == ""
    assert Course(1, [ONE, THREE], [THREE, TWO], [], is_slow=True).complaint() != ""
    assert Course(1, [ONE, THREE], [TWO, THREE], [], is_slow=True, torn={"2"}).complaint() != ""
