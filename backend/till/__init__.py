"""The till 收银台: a clerk of a live partner verifies codes and redeems benefits, and sees yes or no and the offer only."""
