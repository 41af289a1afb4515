"""Work in the background: jobs with progress and results, and operations on many documents."""
