"""Faults, one after another, during a broadcast to four platforms: `python -m tests.chaos`.

`faults_*.py` define the faults, `drive.py` plays them, `judge.py` decides whether the result is right.
"""
