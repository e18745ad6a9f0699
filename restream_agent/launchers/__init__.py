"""What starts ffmpeg and the ingest server: backoff, keys, filtered logs. Standard library only."""
