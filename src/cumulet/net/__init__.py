"""Data planes that listen: load balancers, DNS, virtual networks, edge cache."""
