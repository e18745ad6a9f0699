"""From a checked configuration to a changed machine: check, diff, apply, credentials."""
