"""Cumulet side by side with its peers, on this machine, as ratios: `make bench`."""
