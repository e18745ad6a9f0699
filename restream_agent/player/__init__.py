"""`live@NAME.service`: plays OBS's stream from the ingest server into the program. Standard library only."""
