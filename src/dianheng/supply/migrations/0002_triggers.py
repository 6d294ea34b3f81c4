from importlib import resources

from django.db import migrations

from dianheng.identity.audit import Audited, Evidence


class Migration(migrations.Migration):
    dependencies = [
        ("supply", "0001_initial"),
        ("assets", "0002_triggers"),
        ("identity", "0002_audit"),
    ]
    operations = [
        migrations.RunSQL(
            resources.files("dianheng.supply").joinpath("sql/supply.sql").read_text("utf-8")
        ),
        Audited(
            "supply_purchaseorder",
            "supply_orderline",
            "supply_numbersegment",
            "supply_headermapping",
            "supply_deliveryfile",
            "supply_arrival",
            "supply_arrivalscan",
            "supply_inspectionlot",
            "supply_inspectionpart",
            "supply_sentsample",
            "supply_switchingstate",
            "supply_returnorder",
            "supply_returndevice",
        ),
        # The seed is secret until the lot is closed; then it stands in `seed`.
        Audited("supply_sampledraw", hidden=("secret_seed",)),
        Evidence(
            "supply_arrivalbox",
            "supply_inspectionmember",
            "supply_sampledevice",
            "supply_sampleresult",
            "supply_nonconformity",
            "supply_acceptanceopinion",
        ),
    ]
