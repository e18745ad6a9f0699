"""The wheel in dist/, which the containers install: `make wheel` builds it."""

import pytest

from tests.unit.house.test_package import PROJECT, expected, wheel_names

pytestmark = pytest.mark.system


def test_the_wheel_of_make_wheel_has_everything() -> None:
    """Modules, templates, units, SRS's template, the presets and the typing marker; no tests."""
    wheels = sorted((PROJECT / "dist").glob("restream_agent-*.whl"))
    if not wheels:
        pytest.skip("no wheel in dist: `make wheel` builds it")
    names = wheel_names(wheels[-1])
    assert expected() - names == set()
    assert not any(name.startswith("tests") for name in names)
