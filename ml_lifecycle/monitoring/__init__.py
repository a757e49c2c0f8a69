"""What happens to a model in production: drift, performance, alerts, and the decision to retrain."""
