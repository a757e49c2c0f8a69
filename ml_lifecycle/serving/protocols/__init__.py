"""How rows and answers are written: our own way, MLflow's, and that of the Open Inference Protocol."""
