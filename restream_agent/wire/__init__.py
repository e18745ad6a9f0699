"""What one process writes and another reads. Dataclasses only, standard library only, pure."""
