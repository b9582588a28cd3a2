"""Why an answer is not newer, and what would make it so."""
