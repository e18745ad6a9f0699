"""Everything that shows what the program does."""
