"""The TOML file: its models, its checks, and the relays that it asks for. Pure but for reading it."""
