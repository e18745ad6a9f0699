"""What differs between two trees, and the difference in words."""

import pytest

from restream_agent.base.file_tree import File, Link
from restream_agent.deploy.changes import Change, compare, describe

OLD, NEW = File("old-key", is_secret=True), File("new-key", is_secret=True)


def test_a_change_undone_is_no_change() -> None:
    """`inverse` swaps before and after, and turns create into delete."""
    change = Change("/x", None, File("a"))
    assert (change.kind, change.inverse().kind, change.inverse().inverse()) == ("create", "delete", change)


def test_a_description_is_a_unified_diff() -> None:
    """With the whole path, and /dev/null for a file that does not exist."""
    changes = compare({"/b": File("old\n")}, {"/a": Link("../x"), "/b": File("new\n")})
    assert describe(changes) == (
        "--- /dev/null\n+++ /a\n@@ -0,0 +1 @@\n+link to ../x\n--- /b\n+++ /b\n@@ -1 +1 @@\n-old\n+new\n"
    )


def test_a_mode_is_described_too() -> None:
    """The same text with another mode or group is a change."""
    changes = compare({"/a": File("x")}, {"/a": File("x", mode=0o600, group="adm")})
    assert "@@ mode 0644 to 0600, group root to adm @@" in describe(changes)


@pytest.mark.parametrize("change", [Change("/k", OLD, NEW), Change("/k", None, NEW), Change("/k", OLD, None)])
def test_a_secret_is_never_described(change: Change) -> None:
    """Neither the old secret nor the new secret is shown, whether it is added, removed or changed."""
    text = describe((change,))
    assert "/k" in text
    assert "-key" not in text


def test_a_file_that_becomes_secret_is_not_described_either() -> None:
    """It is enough that one of the two is a secret."""
    assert "key" not in describe((Change("/a", File("key"), File("key", is_secret=True)),)).replace("/a", "")
