"""From a candidate to a version in production: package, registry, ledger, documents."""
