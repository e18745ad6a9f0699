"""Cases of codecs and of the shape of what is sent: parameters, sizes, chunks."""

import time
from collections.abc import Callable

from tests.lab.material import PictureRecipe, SoundRecipe, Take, picture, sound
from tests.lab.rtmp import AUDIO, DATA, VIDEO
from tests.lab.script import Manners
from tests.publishers import scripts
from tests.publishers.case import FIRST_MS, RADIO_MS, Expectation, Play, PublisherCase, plays
from tests.publishers.cases_arrival import BREAK, RESUME, _back_within
from tests.publishers.cases_tracks import LIVE_AGAIN, LOOK, ordinary
from tests.publishers.scripts import Steps
from tests.publishers.stage import KEYED, PUBLISH_SECONDS, PublisherStage

FFMPEG_7 = 7  # Debian 13's: the first in Debian that reads and writes HEVC and AV1 in FLV
NEVER = 99  # Opus: ffmpeg before 8 does not read it in FLV, and no fallback is made in it
TALL = PictureRecipe(width=360, height=640)
DELIMITED = PictureRecipe(options="aud=1")
LONGEST = 60.0  # seconds: room for a preparation; a frame of sound without a number must not come twice
LONG_MP3 = SoundRecipe("mp3", rate=44100, frames=2300)
LONG_OPUS = SoundRecipe("opus", frames=3000)
ASKED = 9.0  # seconds into a publish: the preparation has begun, and `status` knows the codecs
PREPARED_SECONDS = 12.0
AWAY, BACK_FOR = 2.0, 5.0  # seconds of a break, and of the way back and what follows


def _lane(lane: int) -> Manners:
    return Manners(name=KEYED, lanes={AUDIO: lane, VIDEO: lane, DATA: lane})


def _codec_play(picture_take: Callable[[], Take], sound_take: Callable[[], Take]) -> Play:
    """Return what publishes two tracks, and breaks off once the fallback has been prepared for them."""

    def play(stage: PublisherStage) -> None:
        publisher = stage.publish(scripts.both(picture_take(), sound_take(), LONGEST))
        stage.wait(publisher.published, PUBLISH_SECONDS, "a publish")
        stage.sleep_until((publisher.published() or 0.0) + ASKED)
        stage.look()
        stage.wait(lambda: not stage.is_preparing(), PREPARED_SECONDS, "a fallback in the same codecs")
        stage.break_off()
        stage.sleep_until(time.monotonic() + AWAY)
        stage.resume()
        stage.sleep_until(time.monotonic() + BACK_FOR)

    return play


def _named(name: str, *, is_sound: bool) -> Expectation:
    """Return what counts where a codec cannot be carried: its name, and the other track.

    Sound without a picture is heard over the fallback, but for the time in which the operator asks for that.
    """
    return Expectation(
        sources=LIVE_AGAIN if is_sound else ("fallback",),
        sync_ms=None,
        first_ms=FIRST_MS if is_sound else None,
        sound_ms=None if is_sound else RADIO_MS,
        missing=0 if is_sound else None,
        live_tracks=("picture",) if is_sound else ("sound",),
        # The fallback is in the codecs of the broadcast before.
        codecs=("aac", "h264") if is_sound else None,
        says=(name,),
        logs=(name,),
    )


def _codec(
    name: str,
    text: str,
    play: Play,
    *,
    not_on: tuple[str, ...] = (),
    since: int = FFMPEG_7,
) -> PublisherCase:
    """Return the case of a codec: carried, also over a drop and a return, or named."""
    is_sound = name in ("mp3", "opus")
    return PublisherCase(
        name,
        text,
        6,
        play,
        Expectation(
            sources=LIVE_AGAIN,
            codecs=tuple(sorted((name, "h264" if is_sound else "aac"))),
            back_ms=_back_within(0),
        ),
        encoders=(name,),
        carried_from=since,
        not_on=not_on,
        named=_named(name, is_sound=is_sound),
    )


def _other_sound(stage: PublisherStage) -> None:
    """Publish AAC, then MP3: relays have been live in AAC."""
    stage.run(ordinary(6))
    stage.run(scripts.both(picture(), sound(LONG_MP3), 9), (6, LOOK))


def _rotated() -> Steps:
    pictures = (scripts.track(picture(), 5), scripts.track(picture(TALL), 12, start=5))
    return scripts.merged(*pictures, scripts.track(sound(), 12))


def _heavy(keyframe: int, other: int, seconds: float) -> Callable[[], Steps]:
    return lambda: scripts.both(scripts.heavier(picture(), keyframe, other), sound(), seconds)


CASES = (
    _codec("hevc", "HEVC and AAC", _codec_play(lambda: picture(PictureRecipe("hevc")), sound)),
    _codec(
        "av1", "AV1 and AAC", _codec_play(lambda: picture(PictureRecipe("av1")), sound),
        not_on=("srs",),
    ),
    _codec(
        "opus", "H.264 and Opus", _codec_play(picture, lambda: sound(LONG_OPUS)), not_on=("srs",),
        since=NEVER,
    ),
    # Last: the fallback stays in MP3, and a relay that begins with it would begin anew for other sound alone.
    _codec("mp3", "H.264 and MP3", _codec_play(picture, lambda: sound(LONG_MP3)), since=0),
    PublisherCase(
        "mp3-after-aac",
        "a publisher with MP3 follows one with AAC: silence instead of a lost connection",
        6,
        _other_sound,
        Expectation(
            sources=LIVE_AGAIN, missing=None, says=("OBS sends MP3",), logs=("mp3 is left out",)
        ),
    ),
    PublisherCase(
        "rotated",
        "a phone is rotated: another size on the same connection",
        8,
        plays(_rotated, (9, LOOK)),
        Expectation(says=("360x640",)),
    ),
    PublisherCase(
        "delimiters",
        "access unit delimiters; fallback and live again by hand",
        11,
        plays(lambda: scripts.both(picture(DELIMITED), sound(), 12), (4, BREAK), (6, RESUME)),
        Expectation(sources=LIVE_AGAIN, back_ms=_back_within(0)),
    ),
    PublisherCase(
        "b-frames",
        "three B-frames; fallback and live again by hand",
        11,
        plays(lambda: scripts.both(picture(PictureRecipe(b_frames=3)), sound(), 12), (4, BREAK), (6, RESUME)),
        Expectation(sources=LIVE_AGAIN, back_ms=_back_within(0)),
    ),
    PublisherCase("keyframes-of-1200kB", "keyframes of 1.2 MB", 12, plays(_heavy(1_200_000, 10_000, 9))),
    PublisherCase(
        "keyframes-of-2500kB", "50 Mb/s and keyframes of 2.5 MB, as 4K has", 12,
        plays(_heavy(2_500_000, 165_000, 8)),
    ),
    PublisherCase("lane-33", "chunk stream 33, as DJI's", 12, plays(lambda: ordinary(8), manners=_lane(33))),
    PublisherCase("lane-64", "chunk stream 64", 12, plays(lambda: ordinary(8), manners=_lane(64))),
    PublisherCase(
        "lane-400",
        "chunk stream 400",
        12,
        plays(lambda: ordinary(8), manners=_lane(400)),
        not_on=("nginx-rtmp",),
        named=Expectation(
            sources=(), connections=None, sync_ms=None, first_ms=None, live_tracks=(), codecs=None,
            logs=("chunk stream|max_streams",), is_cut_off=True,
        ),
    ),
    PublisherCase(
        "small-chunks",
        "chunks of 128 bytes with full headers",
        12,
        plays(lambda: ordinary(8), manners=Manners(name=KEYED, chunk_size=128, is_compact=False)),
    ),
)  # fmt: skip
