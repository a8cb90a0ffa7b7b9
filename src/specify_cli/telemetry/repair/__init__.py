"""Treatment: a damaged log is repaired without losing a byte of it."""

from .report import RepairReport, repair_log
from .tally import RejectedPiece

__all__ = ["RejectedPiece", "RepairReport", "repair_log"]
