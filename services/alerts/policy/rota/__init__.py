"""The rota of a council: who is on duty when, from a calendar and as a calendar."""
