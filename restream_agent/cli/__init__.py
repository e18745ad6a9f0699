"""What a person types and reads. The only room that prints and exits."""
