"""What a dictionary asks for is seen where its dictionary is: of studies one is a member of."""

from django.db import migrations

from studies.db import policy

RULE = "dictionary_id IN (SELECT id FROM studies_dictionaryversion)"  # under a policy itself


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0016_known_of_published_dictionaries"),
    ]

    operations = [
        policy("studies_variable", RULE),
        policy("studies_derivedvariable", RULE),
    ]
