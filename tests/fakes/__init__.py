"""Imitations of networks on loopback, with paging and refusals as their documentation describes."""
