"""Treatment: damage moved out of a log, byte for byte, and whole records in fused lines saved."""

from .report import RejectedPiece, RepairReport, repair_log

__all__ = ["RejectedPiece", "RepairReport", "repair_log"]
