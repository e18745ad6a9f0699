"""What is said to somebody whose OBS is refused, by the agent or in the log of the ingest server. Pure."""

TO_TYPE = "type the server rtmp://HOST/live and the stream key main?key=KEY"
"""What OBS needs. Both servers also take the whole URL as the server, and the key on the server's URL."""

NO_NAME = "the stream key is empty"
