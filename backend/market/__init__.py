"""The market of benefits 信易+权益: what is offered, who is eligible, verification at the till, redemption and reversal."""
