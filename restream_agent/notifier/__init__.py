"""restream-notify.service: turns the agent's news into messages to the webhook and the command."""
