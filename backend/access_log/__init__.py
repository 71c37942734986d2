"""The access log 访问日志: every read of a person's data, as that person sees it. It is written in the data layer."""
