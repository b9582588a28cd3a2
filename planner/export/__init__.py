"""Answers and plans in the words of what applies or shows them: one module per kind of export."""
