"""What one process writes and another reads: one dataclass each, standard library only, pure.

records.py turns every one of them into JSON and back. The settings that `apply` writes are in settings.py and
relay_environment.py; the reports are in program_report.py (program to agent), attempts.py (relay to agent),
news.py (agent to notifier) and status_report.py (agent to command line).
"""
