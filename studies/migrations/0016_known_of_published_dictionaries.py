"""Dictionaries from before variables said when they are known say it as it was decided until then.

Until now a variable of another form than baseline, of the section Course or with a name of the
course was taken to be known too late, and every other one before treatment (docs/decisions/0036):
what was admitted stays admitted, what was refused stays refused. It is the one change of frozen
dictionaries there is, of a column that they could not fill; the history keeps it.
"""

from django.db import migrations

SAID = """
ALTER TABLE studies_variable DISABLE TRIGGER pgtrigger_frozen_variable_cc1a1;
UPDATE studies_variable SET known_when = CASE
    WHEN name IN ('surgery_on', 'resection_margin') THEN 'during_treatment'
    WHEN name IN ('response_assessed_on', 'response', 'progressed_on', 'died_on',
                  'last_assessed_on', 'last_known_alive_on') THEN 'at_outcome'
    WHEN form <> 'baseline' THEN 'during_treatment'
    WHEN section = 'Course' THEN 'at_outcome'
    ELSE 'before_treatment'
END
WHERE known_when = '';
ALTER TABLE studies_variable ENABLE TRIGGER pgtrigger_frozen_variable_cc1a1;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0015_when_values_are_known"),
    ]

    operations = [
        migrations.RunSQL(SAID, migrations.RunSQL.noop),
    ]
