"""One function per kind of row: from a row to a value."""
