"""The catalogue of recorded items 记录目录: what may be recorded, by whom, on which ground and for how long."""
