"""The Dagster UI in headless Chromium."""
