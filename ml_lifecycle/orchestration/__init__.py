"""The floor that knows Dagster: it turns a project into assets, checks, jobs, schedules and sensors, and runs them.

No lifecycle logic lives here: an asset body takes its inputs, calls one function of a room and wraps what comes back.
"""
