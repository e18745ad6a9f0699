"""`restream-notify.service`: the agent's news in, webhook and command out."""
