"""One broadcast on every tool at once: who sends, what the tools are, what happens, what arrived."""
