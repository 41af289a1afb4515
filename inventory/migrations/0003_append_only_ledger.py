"""The database itself refuses to change or delete what the ledger says."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write a correcting row instead', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON inventory_move
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
ALLOW = "DROP TRIGGER ledger_is_append_only ON inventory_move; DROP FUNCTION refuse_change();"


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_places_outside")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
