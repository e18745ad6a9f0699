"""`python -m restream_agent`."""

from restream_agent.cli.main import main

main()
