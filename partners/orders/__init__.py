"""Orders 订单: state machines and money as pure functions."""
