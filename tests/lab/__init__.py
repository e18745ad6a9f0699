"""The test laboratory: a real systemd, stand-ins for OBS and for platforms, and what they measured.

Standard library only, and nothing of ``restream_agent``: the laboratory judges the product from outside.
"""
