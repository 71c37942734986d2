"""A dry run 模拟 of a changed rule set over everybody who consents to a score: counts only, nothing stored, nobody named."""
