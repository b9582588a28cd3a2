"""Rows read out of a running QEMU or out of a migration stream; judges nothing."""
