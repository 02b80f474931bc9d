"""Which of the parameters the data pin down."""

from identifiability.result import Diagnosis, FisherInformation, Profile, SideStatus, Verdict

__all__ = ["Diagnosis", "FisherInformation", "Profile", "SideStatus", "Verdict"]
