"""The TOML file: its models, its checks, and what it asks for. Pure but for reading the file."""
