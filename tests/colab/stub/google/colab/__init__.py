"""Stands in for Colab's own package: a notebook asks only whether it has been imported."""
