"""`restream-agent.service`: hooks and reports come in, requests to systemd and the ingest server go out."""
