"""Sketches: fixed-size registers that merge exactly."""
