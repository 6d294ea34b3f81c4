"""What the benches' doors ask of the program at start."""

from dianheng.common.ticks import register_tick

from . import inbox, mds

register_tick("benches.inbox", 3, inbox.collect)
register_tick("benches.mds", 3, mds.collect)
