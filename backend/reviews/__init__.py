"""Public review 公众评议: who was served says how it went, every partner has a promise card, and what is surely bad is put right by a date."""
