"""systemd's languages: unit names, escaping, time spans, systemctl, sd_notify."""
