"""The gate: an answer as a small policy per pool, and the scripts that hold incoming guests to it."""
