"""`python -m restream_agent`."""

from restream_agent.cli import main

main()
