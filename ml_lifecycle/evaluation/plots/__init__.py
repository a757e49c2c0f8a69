"""Pictures: what is drawn of evaluations and of searches, and how a picture is made."""
