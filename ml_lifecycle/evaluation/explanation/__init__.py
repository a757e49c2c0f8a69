"""What a model leans on: importance, SHAP values, partial dependence."""
