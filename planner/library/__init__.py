"""The public functions: what the commands call, and what notebooks import.

Importing any of them teaches solutions, plans and what-ifs to show themselves in a notebook.
"""

from planner.present import notebook

__all__ = ["notebook"]
