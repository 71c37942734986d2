"""A day of the synthetic city 模拟一日: its merchants' visits, run against the real rooms and reproducible from a seed."""
