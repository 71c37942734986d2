"""Public review 公众评议 as pure decisions: confidence bounds, figures of a promise card, and what is surely bad."""
