"""The program: one endless stream, cut together from the live source and the fallback.

Pure: tags and times go in, tags come out. All times are whole milliseconds since the start of the broadcast,
on the monotonic clock. program/loop.py owns the sockets.

Rules (docs/design.md, "The program"): The program cuts to live only at a fresh keyframe, sequence headers
first. It cuts to the fallback at once, from the start of the file. A broadcast opens with live, or with the
fallback once `opening` has passed.
"""

from collections.abc import Callable, Iterable

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.hand_off import HandOff, Settings, Source
from restream_agent.stream.held import HELD_LIMIT
from restream_agent.stream.output import Output, Sound
from restream_agent.stream.radio import ALONE_AFTER, Radio
from restream_agent.stream.silence import STEREO
from restream_agent.stream.sources import FRESH, FRESH_AT_OPENING, FallbackLoop, LiveSource
from restream_agent.stream.timeline import LIVE_LEAD_LIMIT, Timeline
from restream_agent.stream.tracks import Missing

_NEVER = 1 << 62


class Splice:
    """Decides, tag by tag, what is sent. Most methods return the tags to send."""

    source: Source
    is_held: bool
    last_hand_off: HandOff | None
    output: Output
    _timeline: Timeline
    _live: LiveSource | None
    _released_at: int
    _opens_at: int
    _opens_as: str

    def __init__(
        self,
        settings: Settings,
        fallback: Callable[[], Iterable[Tag]],
        timeline: Timeline,
        *,
        now: int,
        resumed: bool,
    ) -> None:
        """`fallback` opens the newest prepared file; `resumed` is whether a broadcast is under way."""
        self.settings = settings
        self.source = Source.NONE
        self.is_held = False
        self.last_hand_off = None
        self._timeline = timeline
        self.output = Output(timeline)
        self._radio = Radio(self.output, timeline.last)
        self._fallback = FallbackLoop(fallback)
        self._live = None
        self._released_at = now
        self._opens_at = now if resumed or settings.standby else now + settings.opening
        self._opens_as = "restart" if resumed else "opening"

    def go_on(self, before: "Splice", now: int) -> list[Tag]:
        """Go on as another process was that is over, with its publisher: live at its next tag.

        A fallback begins anew.
        """
        if before.source is Source.FALLBACK:
            sent = self._to_fallback("restart", now)
        else:
            sent, self.source, self.last_hand_off = [], before.source, before.last_hand_off
            vars(self._timeline).update(vars(before._timeline))
            vars(self.output).update(vars(before.output))
        self._live, self.is_held, self._released_at = before._live, before.is_held, before._released_at
        self._opens_at, self._opens_as = before._opens_at, before._opens_as
        return sent

    @property
    def has_live(self) -> bool:
        """Whether a publisher's stream is connected, whether or not it is shown."""
        return self._live is not None

    def waits_for(self, now: int) -> tuple[str, int]:
        """Return what live waits for before it is shown, and for how long; ("", 0) if it does not wait.

        "settle", or one of the reasons of waiting.py. The operator's break is none.
        """
        live, last = self._live, self.last_hand_off
        if live is None or self.source is Source.LIVE or self.is_held:
            return "", 0
        settled_at = live.since + self.settings.settle
        if now < settled_at:
            return "settle", now - live.since
        since = max(settled_at, self._released_at, last.at if last else 0)
        return live.waiting.reason(since, now), now - since

    @property
    def sound(self) -> Sound:
        """Where the program's sound comes from."""
        return self.output.sound

    @property
    def is_muted(self) -> bool:
        """Whether silence is sent for the fallback's sound, which is in another codec than that of live."""
        return self.source is Source.FALLBACK and self.output.is_muted

    @property
    def is_radio(self) -> bool:
        """Whether a publisher's sound is heard over the fallback's pictures."""
        return self._radio.is_on

    def missing(self, now: int) -> Missing:
        """Return which tracks of the connected publisher do not come."""
        return self._live.tracks.missing(now, self.settings.stall) if self._live else Missing.NOTHING

    def open_now(self, now: int) -> None:
        """Open with the fallback now instead of waiting for live."""
        self._opens_at = min(self._opens_at, now)

    def live_started(self, now: int) -> list[Tag]:
        """Begin a publisher's stream, in place of an earlier one."""
        sent = self.live_ended(now)
        self._live = LiveSource(since=now)
        return sent

    def live_ended(self, now: int) -> list[Tag]:
        """End the publisher's stream."""
        self._end_radio()
        self._live = None
        return self._to_fallback("drop", now) if self.source is Source.LIVE else []

    def renew_fallback(self, now: int) -> list[Tag]:
        """Begin the fallback anew, with the newest file, if it is shown."""
        return self._begin_fallback(now) if self.source is Source.FALLBACK else []

    def hold_fallback(self, now: int, *, held: bool) -> list[Tag]:
        """Begin or end the operator's break: the fallback is shown although live is connected."""
        if self.is_held and not held:
            self._released_at = now
        self.is_held = held
        if held and self._live:
            self._end_radio()
            self._live.leave()
        if held and self.source is not Source.FALLBACK:
            return self._to_fallback("break", now)
        return []

    def live_tag(self, tag: Tag, now: int) -> list[Tag]:
        """Take one tag of the publisher's stream."""
        live = self._live
        if live is None or not (tag.is_sequence_header or tag.is_media):
            return []
        if tag.is_sequence_header:
            return self._live_header(live, tag, now)
        live.note(tag, now)
        if self.source is Source.LIVE:
            live.held.add(tag)
            return self._pass_on(live, now)
        heard = list[Tag]()
        if not self.is_held and now >= live.since + self.settings.settle:
            live.consider(tag, now)
            is_alone = not live.tracks.has_picture and now >= live.since + ALONE_AFTER
            if self.source is Source.FALLBACK and tag.kind == AUDIO and (self.is_radio or is_alone):
                heard = self._radio.hear(tag, live.headers.get(AUDIO), now)
        return [*heard, *self.tick(now)]

    def tick(self, now: int) -> list[Tag]:
        """Do what is due: detect a stall, end the opening, play the fallback, cut to live."""
        live = self._live
        if live and live.candidate and self._may_cut(live, now):
            return self._to_live(live, now)
        if live and live.held and (sent := self._pass_on(live, now)):
            return sent
        if live and self.source is Source.LIVE and now >= live.tracks.stalls_at(self.settings.stall):
            return self._to_fallback("stall", now, live.tracks.stalled(now))
        if self.source is Source.NONE and now >= self._opens_at:
            return self._to_fallback(self._opens_as, now)
        return self._play_fallback(now) if self.source is Source.FALLBACK else []

    def next_wake(self, now: int) -> int:
        """Return when `tick` has something to do next, a time far in the future if never."""
        times = [_NEVER]
        live = self._live
        if live and live.candidate:
            times.append(live.check_at(now))
        if live:
            times += [self._timeline.send_at(head) for head in live.held.heads()]
        if (due := self._radio.next_at()) is not None:
            times.append(due)
        if live and self.source is Source.LIVE:
            times.append(live.tracks.stalls_at(self.settings.stall))
        elif self.source is Source.NONE:
            times.append(self._opens_at)
        elif (due := self._fallback.next_at()) is not None:
            times.append(due)
        return min(times)

    def _pass_on(self, live: LiveSource, now: int) -> list[Tag]:
        """Send the held tags, each not before its time: a burst is sent in real time.

        A source that is more than HELD_LIMIT ahead is left for the fallback, until its next fresh keyframe.
        Sound that is so far ahead of its picture is left out.
        """
        live.held.drop_sound(lambda tag: self._timeline.send_at(tag) - now > HELD_LIMIT)
        sent = list[Tag]()
        while (head := live.held.take_due(lambda tag: not self._timeline.is_ahead(tag, now))) is not None:
            if head.is_sequence_header:
                sent += self.output.change(head)
            elif put := self.output.put(head, now):
                sent += put
                live.tracks.sent_at[head.kind] = now
        pictures = live.held.pictures
        if live.held.is_too_large or (pictures and self._timeline.ahead_by(pictures.end, now) > HELD_LIMIT):
            sent += self._to_fallback("overrun", now)
        return sent

    def _live_header(self, live: LiveSource, tag: Tag, now: int) -> list[Tag]:
        """Take a sequence header: it counts from its place between the tags on."""
        before, live.headers[tag.kind] = live.headers.get(tag.kind), tag
        if tag.kind == VIDEO and before and before.body != tag.body:
            live.candidate = []  # its keyframe belongs to the parameters before
        if self.source is Source.LIVE:
            live.held.add(tag)
            return self._pass_on(live, now)
        return self.output.change(tag) if self.is_radio and tag.kind == AUDIO else []

    def _may_cut(self, live: LiveSource, now: int) -> bool:
        """Whether the candidate is calm and fresh, or due in a stream that comes in bursts, and in time."""
        is_first = self._timeline.end < 0
        room = LIVE_LEAD_LIMIT - max(self._cut_at(live, now), self._timeline.end + 1) + now
        if live.comes_in_bursts(now) and not is_first:
            return live.is_due(now) and room >= 0
        if not live.is_calm(now) or not (is_first or live.goes_on(now)):
            return False
        is_fresh = live.is_fresh(now, FRESH_AT_OPENING) if is_first else live.is_fresh(now, FRESH)
        if is_fresh and (live.span <= room or not live.goes_on(now)) and (is_first or live.is_alone()):
            return True
        live.refuse(now)
        return False

    def _cut_at(self, live: LiveSource, now: int) -> int:
        """Return the time of the candidate: now, or when its keyframe was made if nothing was sent yet.

        The first burst of a stream in bursts has to last until the next.
        """
        return max(0, now - live.span) if self._timeline.end < 0 and live.goes_on(now) else now

    def _to_live(self, live: LiveSource, now: int) -> list[Tag]:
        at = self._cut_at(live, now)
        tags, live.candidate = live.candidate, []
        self._end_radio()
        self._timeline.begin(tags[0].timestamp, at, now)
        live.tracks.sent_at[VIDEO] = now
        for tag in tags:
            live.held.add(tag)
        self._change(Source.LIVE, self._opens_as if self.source is Source.NONE else "return", now)
        usual = None if live.tracks.has_sound else self._fallback.sound_header(now) or STEREO
        headers = self.output.cut_to(Sound.LIVE, live.headers, usual)
        return [*headers, *self._pass_on(live, now)]

    def _to_fallback(self, kind: str, now: int, stalled: Missing = Missing.NOTHING) -> list[Tag]:
        if self._live:
            self._live.leave()
        self._change(Source.FALLBACK, kind, now, stalled)
        return self._begin_fallback(now)

    def _begin_fallback(self, now: int) -> list[Tag]:
        self._end_radio()
        at = self._timeline.hole_before(now)
        first = self._fallback.rewind(now, played=now - at)
        if first is None:
            return []
        self._timeline.begin(first.timestamp, at, now)
        headers = self.output.cut_to(Sound.FALLBACK, self._fallback.headers)
        return [*headers, *self._play_fallback(now)]

    def _play_fallback(self, now: int) -> list[Tag]:
        """Play what is due of the fallback: its pictures alone while a publisher's sound is heard."""
        sent = list[Tag]()
        if self._radio.is_over(now, self.settings.stall):
            self._end_radio()
        self._timeline.shift(self._fallback.move(now, self._timeline.end_of_pictures - now))
        for tag in self._fallback.due():
            if tag.kind == VIDEO or not self.is_radio:
                sent += self.output.put(tag, now)
        return [*sent, *self._radio.tick(now)]

    def _end_radio(self) -> None:
        self._radio.end(self._fallback.headers.get(AUDIO))

    def _change(self, source: Source, kind: str, now: int, stalled: Missing = Missing.NOTHING) -> None:
        self.source = source
        self.last_hand_off = HandOff(kind, source, now, stalled)
