"""What may be published of groups of people without saying anything of a few."""
