"""`make demo`: a whole broadcast with everything going wrong, watched from the platforms' side.

Installs the wheel in a container as a user would, streams into it, breaks things, and measures and shows what
two stand-in platforms received. See `python -m tests.demo --help`.
"""
