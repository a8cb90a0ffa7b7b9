"""Diagnosis: what a log holds, and what is wrong with it."""

from .problems import DAMAGE, Problem, ProblemKind
from .report import LogReport, check_log

__all__ = ["DAMAGE", "LogReport", "Problem", "ProblemKind", "check_log"]
