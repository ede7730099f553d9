"""The rota of a council."""
