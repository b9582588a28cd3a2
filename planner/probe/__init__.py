"""This host, asked: what its kernel, devices and QEMU builds answer; judges nothing."""
