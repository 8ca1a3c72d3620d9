"""What this service is made of, whether it works, and what it has said and done."""
