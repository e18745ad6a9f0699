"""Faults, one after another, while a broadcast runs to four platforms: `python -m tests.chaos`.

What a fault is stands in `faults_*.py`, how it is played in `drive.py`, what counts as right in `judge.py`.
"""
