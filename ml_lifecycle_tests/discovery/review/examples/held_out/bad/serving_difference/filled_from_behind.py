sensor = sensor.set_index("time").sort_index()
sensor["level"] = sensor["level"].bfill()
