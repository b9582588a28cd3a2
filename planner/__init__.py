"""Fleet-wide machine-type planner for QEMU and KVM."""

__version__ = "0.1.0"
