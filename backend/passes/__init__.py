"""Offline passes 离线凭证: attestations that phones fetch beforehand, their status list, and settling what was given offline."""
