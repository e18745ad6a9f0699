"""`fallback.service`: the event loop around the pure core in stream/. Standard library only."""
