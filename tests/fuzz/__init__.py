"""Damaged and made-up input for every reader; `make fuzz` looks for more and keeps what it finds."""
