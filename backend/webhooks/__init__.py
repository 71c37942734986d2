"""Webhooks 回调通知: what happened to a partner's own acts, told to an address of its own, in order and until it is heard."""
