"""One OBS upload to every platform, kept on air by systemd when OBS drops."""

__version__ = "0.1.0"
