"""Agilent (Varian) XGS-600 gauge controller."""

from labframe_drivers.xgs600.simulator import Xgs600Simulator

__all__ = ["Xgs600Simulator"]
