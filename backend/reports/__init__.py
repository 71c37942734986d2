"""What benefits are worth 使用情况报告: to a resident what they saved, to everybody what the city gives and what it costs."""
