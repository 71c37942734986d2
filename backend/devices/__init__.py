"""Devices 设备: the phones of a resident, each known by a key that never leaves it, and what such a key signed."""
