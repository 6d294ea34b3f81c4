"""Pages of orders, deliveries, arrivals, inspections and returns."""
