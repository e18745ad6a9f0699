"""What real publishers send: a catalogue of cases, each played on an ingest server and judged at a platform.

`python -m tests.publishers` plays them (`make publishers`), `python -m tests.publishers.night` plays them at
random for half an hour.
"""
