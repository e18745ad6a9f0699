"""Tables in Markdown of what the checks have found, with one line for what many units have in common."""

from collections.abc import Iterable, Mapping, Sequence

from tests.system.wall_table import PLACES
from tests.vm.catalogue import CHECKS
from tests.vm.check import CheckRow
from tests.vm.sandbox import BETWEEN

STOPPING = ("walls", "weights", "limits")
"""The checks of what a unit may not do; the others play events."""

UNITS = {place.unit: name.strip("`") for name, place in PLACES.items()}
"""What the pages call a unit."""

ALL_BUT = 3
"""Up to so many units are named as exceptions from all of them."""


def of_walls(rows: Iterable[CheckRow]) -> str:
    """Return the table of what stops a unit, without the walls between the units; "" without a row."""
    told = [(f"`{what}`", *rest) for what, *rest in merged(row for row in rows if row.what != BETWEEN)]
    return _table(("line of the unit", "where", "tried", "what stopped it"), told)


def of_events(rows: Iterable[CheckRow]) -> str:
    """Return the table of events and what came of them; "" without a row."""
    return _table(("event", "where", "tried", "what came of it"), merged(rows))


def between_units(rows: Iterable[CheckRow]) -> str:
    """Return the table of the walls between the units; "" without a row."""
    told = [line[1:] for line in merged(row for row in rows if row.what == BETWEEN)]
    return _table(("where", "tried", "what stopped it"), told)


def of_checks(ends: Mapping[str, str]) -> str:
    """Return the table of what a container cannot show, and how each check of it ended, if it did."""
    rows = [(each.name, each.text, each.container, ends.get(each.name) or "not played") for each in CHECKS]
    return _table(("check", "what it does", "in a container", "here"), rows)


def merged(rows: Iterable[CheckRow]) -> list[tuple[str, str, str, str]]:
    """Return what, where, tried and outcome: a line for all units in which the same was tried.

    The outcome of most comes first; what came of it elsewhere follows with its units. A failure has a line of
    its own. Attempts with the same units and outcomes share a line.
    """
    attempts: dict[tuple[str, str, bool], dict[str, list[str]]] = {}
    for row in rows:
        outcome = row.outcome.partition("\n")[0]
        places = attempts.setdefault((row.what, row.tried, row.holds), {}).setdefault(outcome, [])
        if (place := name(row.where)) not in places:
            places.append(place)
    lines: dict[tuple[str, str, str], list[str]] = {}
    for (what, tried, holds), outcomes in attempts.items():
        everywhere = {place for places in outcomes.values() for place in places}
        words = ("" if holds else "FAIL: ") + _outcomes(outcomes)
        lines.setdefault((what, told(everywhere), words), []).append(tried)
    return [(what, where, ", ".join(tried), words) for (what, where, words), tried in lines.items()]


def told(places: Iterable[str]) -> str:
    """Return the names of units in the order of the pages: "all", or "all but" a few."""
    named = list(dict.fromkeys(places))
    ordered = [name for name in UNITS.values() if name in named]
    if left := [name for name in named if name not in ordered]:
        return ", ".join([*ordered, *sorted(left)])
    missing = [name for name in UNITS.values() if name not in named]
    if not missing:
        return "all"
    return f"all but {', '.join(missing)}" if len(missing) <= ALL_BUT else ", ".join(ordered)


def _outcomes(outcomes: Mapping[str, Sequence[str]]) -> str:
    first, *others = sorted(outcomes.items(), key=lambda each: -len(each[1]))
    if not others:
        return first[0]
    # Where no outcome is the usual one, each is told with its unit.
    is_usual = len(first[1]) > len(others)
    words = [first[0]] if is_usual else [f"{told(first[1])}: {first[0]}"]
    return "; ".join([*words, *(f"{told(places)}: {outcome}" for outcome, places in others)])


def name(where: str) -> str:
    """Return what the pages call a unit."""
    return UNITS.get(where, where.removesuffix(".service").replace("`", ""))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
