"""The reasons for which a test may be skipped in CI; each other skip is a failure there."""

NO_SRS = "SRS binary not found"
"""SRS is in no package registry, so a machine may be without it."""

OLD_FFMPEG = "needs ffmpeg 6.1 or newer (Debian 13)"
"""What ffmpeg 5.1 of Debian 12 cannot carry. A test names it for those codecs only."""

ACCEPTED = (NO_SRS, OLD_FFMPEG)
