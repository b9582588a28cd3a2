"""Descriptions of what each device sends over a migration, read from QEMU's source."""
