"""Cases of tracks: missing, late, pausing, out of step, more than one."""

from tests.lab.material import PictureRecipe, picture, sound
from tests.lab.rtmp import AUDIO, VIDEO
from tests.publishers import scripts
from tests.publishers.case import RADIO_MS, STALL_GAP_MS, Expectation, PublisherCase, plays
from tests.publishers.scripts import Steps
from tests.publishers.stage import PublisherStage

PAUSE = (3.0, 14.0)  # seconds: longer than the 10 s after which ffmpeg moves one track's clock
JOINED_MS = 1500.0
LOOK, JOIN = PublisherStage.look, PublisherStage.join
LIVE_AGAIN = ("live", "fallback", "live")


def ordinary(seconds: float, fps: int = 30) -> Steps:
    """Return H.264 and AAC as OBS sends them."""
    recipe = PictureRecipe() if fps == 30 else PictureRecipe(fps=fps, group=2 * fps, pictures=8 * fps)
    return scripts.both(picture(recipe), sound(), seconds)


def _late_sound(late: float, fps: int) -> Steps:
    return scripts.until(scripts.later(ordinary(13, fps), AUDIO, late), 13)


CASES = (
    PublisherCase(
        "ordinary",
        "both tracks from the first moment, as OBS sends them; a relay joins",
        7,
        plays(lambda: ordinary(10), (4, JOIN), (8, LOOK)),
        Expectation(joined_ms=JOINED_MS, delay_s=(0.0, 1.5)),
    ),
    PublisherCase(
        "picture-pauses-11s",
        "the picture pauses for 11 s, the sound goes on",
        0,
        plays(lambda: scripts.without(ordinary(18), VIDEO, *PAUSE), (8, LOOK)),
        Expectation(sources=LIVE_AGAIN, gap_ms=STALL_GAP_MS, says=("picture",), logs=("picture",)),
    ),
    PublisherCase(
        "sound-pauses-11s",
        "the sound pauses for 11 s, the picture goes on",
        0,
        plays(lambda: scripts.without(ordinary(18), AUDIO, *PAUSE), (8, LOOK)),
        Expectation(says=("no sound",)),
    ),
    PublisherCase(
        "picture-stops",
        "the picture stops, the sound goes on",
        1,
        plays(lambda: scripts.without(ordinary(11), VIDEO, 5, 99), (9, LOOK)),
        Expectation(
            sources=("live", "fallback"), gap_ms=STALL_GAP_MS, says=("picture",), logs=("stall.*picture",)
        ),
    ),
    PublisherCase(
        "sound-stops",
        "the sound stops, the picture goes on",
        1,
        plays(lambda: scripts.without(ordinary(11), AUDIO, 4, 99), (9, LOOK)),
        Expectation(says=("no sound",)),
    ),
    PublisherCase(
        "no-sound",
        "a camera without sound; a relay joins",
        2,
        plays(lambda: scripts.track(picture(), 10), (4, JOIN), (8, LOOK)),
        Expectation(sync_ms=None, live_tracks=("picture",), joined_ms=JOINED_MS, says=("no sound",)),
    ),
    PublisherCase(
        "sound-10s-late",
        "the sound track begins 10 s after the picture",
        2,
        plays(lambda: scripts.merged(scripts.track(picture(), 15), scripts.track(sound(), 15, start=10))),
        Expectation(sound_ms=11_000),
    ),
    PublisherCase(
        "only-sound",
        "a radio show: sound and no picture",
        3,
        plays(lambda: scripts.track(sound(), 11), (9, LOOK)),
        Expectation(
            sources=("fallback",),
            sync_ms=None,
            first_ms=None,
            sound_ms=RADIO_MS,
            live_tracks=("sound",),
            says=("sound",),
        ),
    ),
    PublisherCase(
        "picture-7s-late",
        "the picture begins 7 s after the sound",
        3,
        plays(lambda: scripts.merged(scripts.track(sound(), 13), scripts.track(picture(), 13, start=7))),
        Expectation(sources=("fallback", "live"), first_ms=8500),
    ),
    PublisherCase(
        "sound-300ms-late-60fps",
        "60 pictures a second, the sound arrives 300 ms after its picture",
        4,
        plays(lambda: _late_sound(0.3, 60)),
    ),
    PublisherCase(
        "sound-900ms-late",
        "the sound arrives 900 ms after its picture",
        4,
        plays(lambda: _late_sound(0.9, 30)),
        Expectation(sound_ms=2500),
    ),
    PublisherCase(
        "sound-1500ms-late",
        "the sound arrives 1500 ms after its picture",
        4,
        plays(lambda: _late_sound(1.5, 30)),
        # A relay begins with its first sound, for which the program leaves 2 s, as the sound was announced.
        Expectation(first_ms=1500 + 300, sound_ms=3100),
    ),
    PublisherCase(
        "picture-900ms-late",
        "the picture arrives 900 ms after its sound, as from a slow encoder",
        4,
        plays(lambda: scripts.until(scripts.later(ordinary(13), VIDEO, 0.9), 13)),
        Expectation(first_ms=2500),
    ),
    PublisherCase(
        "sound-in-clumps",
        "the sound arrives 16 frames at once, as from an SRT bridge",
        4,
        plays(lambda: scripts.clumped(ordinary(13), AUDIO, 16)),
    ),
    PublisherCase(
        "clumps-fast-clock",
        "the same from a clock that runs 6 % fast: it is moved back, and no sound is lost",
        4,
        plays(lambda: scripts.fast(scripts.clumped(ordinary(18), AUDIO, 16), 1.06)),
        Expectation(pace_ms=None),
    ),
    PublisherCase(
        "second-track",
        "a second sound track, as today's OBS orders it; a relay joins",
        5,
        plays(lambda: scripts.second_track(ordinary(10)), (4, JOIN), (8, LOOK)),
        Expectation(says=("track",), logs=("track",), joined_ms=JOINED_MS),
    ),
)
