"""Third-party engines, started on demand and supervised."""
