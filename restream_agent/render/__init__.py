"""From the configuration to every file on the machine. Pure."""
