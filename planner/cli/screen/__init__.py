"""Where commands write: terminal, pipe or file."""
