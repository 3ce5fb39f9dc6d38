"""What HTTP asks of every service: problem documents, conditional requests, validated fields."""
