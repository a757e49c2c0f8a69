import logging
import time
from datetime import datetime


def build_features(frame):
    start = time.time()
    logging.info("begun at %s", datetime.now())
    made = frame.assign(total=frame["a"] + frame["b"])
    logging.info("took %.1f s", time.time() - start)
    return made
