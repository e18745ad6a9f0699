"""The kinds of publishers of the night: each a script of a chosen length."""

from collections.abc import Callable, Mapping

from tests.lab.material import PictureRecipe, picture, sound
from tests.lab.rtmp import AUDIO, DATA, VIDEO
from tests.lab.script import Manners
from tests.publishers import scripts
from tests.publishers.cases_arrival import PHONE
from tests.publishers.cases_codecs import DELIMITED, LONG_MP3, TALL
from tests.publishers.cases_tracks import ordinary
from tests.publishers.scripts import Steps
from tests.publishers.stage import KEYED

Kind = Callable[[float], Steps]
CLOCKS = {"timestamps at 2^32": 2**32, "timestamps at 2^31": 2**31}


def _without_from(kind: int) -> Kind:
    """Return the kind of which a track pauses from a third of its time to two thirds."""
    return lambda seconds: scripts.without(ordinary(seconds), kind, seconds / 3, 2 * seconds / 3)


def _late_track(kind: int) -> Kind:
    def build(seconds: float) -> Steps:
        takes = {VIDEO: picture(), AUDIO: sound()}
        tracks = (
            scripts.track(take, seconds, start=seconds / 3 if one == kind else 0.0)
            for one, take in takes.items()
        )
        return scripts.merged(*tracks)

    return build


def _passing(clock: int) -> Kind:
    return lambda seconds: scripts.stamped(ordinary(seconds), lambda step: step.timestamp + clock - 4000)


def _rotated(seconds: float) -> Steps:
    half = seconds / 2
    pictures = (scripts.track(picture(), half), scripts.track(picture(TALL), seconds, start=half))
    return scripts.merged(*pictures, scripts.track(sound(), seconds))


KINDS: Mapping[str, Kind] = {
    "ordinary": ordinary,
    "60 fps": lambda seconds: ordinary(seconds, 60),
    "no sound": lambda seconds: scripts.track(picture(), seconds),
    "only sound": lambda seconds: scripts.track(sound(), seconds),
    "sound begins late": _late_track(AUDIO),
    "picture begins late": _late_track(VIDEO),
    "sound pauses": _without_from(AUDIO),
    "picture pauses": _without_from(VIDEO),
    "sound 900 ms late": lambda seconds: scripts.until(scripts.later(ordinary(seconds), AUDIO, 0.9), seconds),
    "picture 900 ms late": lambda seconds: scripts.until(
        scripts.later(ordinary(seconds), VIDEO, 0.9), seconds
    ),
    "sound in clumps": lambda seconds: scripts.clumped(ordinary(seconds), AUDIO, 16),
    "second track": lambda seconds: scripts.second_track(ordinary(seconds)),
    "MP3": lambda seconds: scripts.both(picture(), sound(LONG_MP3), seconds),
    "bursts of 500 ms": lambda seconds: scripts.burst(ordinary(seconds), 0.5),
    "bursts of 1.5 s": lambda seconds: scripts.burst(ordinary(seconds), 1.5),
    "freezes": lambda seconds: scripts.held(ordinary(seconds), seconds / 3, seconds / 3 + 3),
    "half rate": lambda seconds: scripts.slowed(ordinary(seconds), seconds / 3, seconds / 2, 0.5),
    "delimiters": lambda seconds: scripts.both(picture(DELIMITED), sound(), seconds),
    "B-frames": lambda seconds: scripts.both(picture(PictureRecipe(b_frames=3)), sound(), seconds),
    "rotated": _rotated,
    "two pictures a second": lambda seconds: scripts.track(
        scripts.slow(picture(PictureRecipe(group=15)), 2), seconds
    ),
    "wandering rate": lambda seconds: scripts.wander(ordinary(seconds), PHONE[2]),
    "leap to 0": lambda seconds: scripts.stamped(ordinary(seconds), lambda step: step.timestamp % 5000),
    **{name: _passing(clock) for name, clock in CLOCKS.items()},
}

MANNERS = (
    Manners(name=KEYED),
    Manners(name=KEYED, leaves="close"),
    Manners(name=KEYED, chunk_size=65536),
    Manners(name=KEYED, lanes={AUDIO: 4, VIDEO: 6, DATA: 5}),
    Manners(name=KEYED, lanes={AUDIO: 33, VIDEO: 33, DATA: 33}),
)
