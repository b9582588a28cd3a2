"""Values of the field and their laws; standard library only, no input or output."""
