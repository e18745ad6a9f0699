"""`restream-agent.service`: hooks and reports in, decisions out, systemd and the ingest server asked."""
