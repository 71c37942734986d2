"""Display codes 展示码: signed links to a public page of an enterprise, its standing in a sector, or one of its products."""
