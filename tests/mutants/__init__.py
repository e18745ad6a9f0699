"""Whether the unit tests notice a wrong sign."""
