"""Usage points: where the utility measures, for whom, and the class of the metering device there."""
