"""Full tours of OMS and SMS by the vendor's own, unmodified clients.

Start: `python official_python.py PATH/TO/hwmigrate`. It starts
`hwmigrate emulator` on buckets and servers of its own, speaks to it with
signed requests as huaweicloudsdkoms and huaweicloudsdksms send them, and calls
each of their 35 and 49 operations at least once. The last lines name what was
called; the exit code is 0 only if every answer was what the documents promise.
"""

import os
import pathlib
import signal
import sys
import tempfile

import oms_tour
import sms_tour
from peer import start_emulator


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        emulator, url = start_emulator(binary, root)
        # The clients read these by themselves; nothing in them is changed.
        os.environ["HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4"] = url
        os.environ["HUAWEICLOUD_SDK_REGION_SMS_CN_NORTH_4"] = url
        os.environ["HUAWEICLOUD_SDK_IAM_ENDPOINT"] = url
        try:
            tours = {"OMS": oms_tour.tour(root), "SMS": sms_tour.tour()}
            emulator.send_signal(signal.SIGTERM)
            assert emulator.wait(timeout=60) == 0, "the emulator did not stop cleanly"
        finally:
            if emulator.poll() is None:
                emulator.kill()
                emulator.wait()
    for service, tour in tours.items():
        assert not tour.never_called(), f"{service}, never called: {sorted(tour.never_called())}"
        called = sorted(tour.called)
        print(f"official client of {service}: {len(called)} operations completed: {' '.join(called)}")


if __name__ == "__main__":
    main()
