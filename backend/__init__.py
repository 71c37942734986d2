"""The thin shell around `scoring` and `partners`: HTTP, storage, jobs, pages and the command line."""
