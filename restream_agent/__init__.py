"""One OBS upload to every platform, kept on air by systemd when OBS drops."""
