"""What makers state of their devices: the data of their test before delivery.

The maker's statement, kept apart from what the centre measured.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import DeviceList, ListFault
from dianheng.common.fields import CodeField, NameField, NumericField


class MakerTestHead(models.Model):
    """What a head means in the test data of a maker; asked once, remembered."""

    manufacturer = models.ForeignKey("assets.Manufacturer", models.PROTECT, related_name="+")
    head = NameField(_("Head"))  # as `common.files.plain_head` has it
    field = CodeField(_("Field"))  # key of `columns.MAKER_TEST_FIELDS`, or "-": left out

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["manufacturer", "head"], name="makertesthead_head"),
        ]


class MakerTestFile(DeviceList):
    """出厂检验数据: a maker's test data of a lot. The same bytes for the same lot are one file.

    Its results count while it is taken; refused afterwards, they stay and count no more.
    """

    number = CodeField(_("Maker's test data"), unique=True)
    lot = models.ForeignKey(
        "assets.Lot", models.PROTECT, verbose_name=_("Lot"), related_name="maker_tests"
    )

    class Meta(DeviceList.Meta):
        constraints = [
            models.UniqueConstraint(fields=["lot", "digest"], name="makertestfile_digest"),
        ]


class MakerTestFault(ListFault):
    """One fault of the last check of a maker's test data."""

    tests = models.ForeignKey(MakerTestFile, models.CASCADE, related_name="faults", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["tests", "row_no", "id"], name="makertestfault_row"),
            models.Index(fields=["tests", "code", "row_no"], name="makertestfault_code"),
        ]


class MakerTestResult(models.Model):
    """One figure that a maker states of a device at a point; named as `TestResult` names points."""

    # No check of the keys: a file brings hundreds of thousands, found by its own check.
    tests = models.ForeignKey(
        MakerTestFile,
        models.DO_NOTHING,
        related_name="results",
        db_index=False,
        db_constraint=False,
    )
    device = models.ForeignKey(
        "assets.Device",
        models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    item = CodeField()  # basic_error, ratio_error (%), phase_displacement (minutes)
    direction = CodeField(default="")  # of a transformer: its part
    phases = CodeField(default="")
    load_point = CodeField()  # of a transformer: percent of rated
    factor = CodeField(default="")  # of a transformer: its burden
    ratio = CodeField(default="")
    value = NumericField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["device", "id"], name="makertestresult_device")]
