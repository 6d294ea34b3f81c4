"""The demo story: a city company's metering centre, two counties, four stations; same seed, same data."""
