"""Deposit orders 免押订单: a deposit that need not be paid, from agreement through use to done. It never becomes a record."""
