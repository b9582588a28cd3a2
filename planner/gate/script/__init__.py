"""What runs on hosts: put together to one file of the standard library (`planner/gate/scripts.py`)."""
