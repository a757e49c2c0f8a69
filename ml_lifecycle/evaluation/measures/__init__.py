"""How metrics are computed: from sums, an order, queries, costs. The metrics by name are `evaluation/metrics`."""
